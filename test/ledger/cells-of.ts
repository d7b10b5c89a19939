import { sha256 } from '../../core/digest.js';
import type { Cell, CellScope, Provenance } from '../../core/probe/cell.js';

export const scope: CellScope = {
  model: sha256('a network'),
  mode: { engine: 'reference', precision: 'float32', device: 'cpu' },
  chunk: sha256('a chunk'),
};

export const provenance: Provenance = {
  engine: 'reference',
  version: '1',
  device: 'cpu',
  processor: 'any',
  percuss: '0.1.0',
};

/** Cells [from, to) of a made-up sweep, with up to 8 images: a function of their numbers alone. */
export function cellsOf(from: number, to: number, images = 4): Cell[] {
  return Array.from({ length: to - from }, (_, i): Cell => {
    const key = sha256(`condition ${from + i}`);
    const digits = Uint8Array.from(Buffer.from(key, 'hex'));
    return {
      key,
      state: (from + i) % 5 === 0 ? 'no-op' : 'ok',
      effect: (digits[0] ?? 0) / 7,
      predicted: Uint16Array.from(digits.subarray(0, images), (digit) => digit % 10),
      loss: Float32Array.from(digits.subarray(8, 8 + images), (digit) => digit / 99),
      kl: Float32Array.from(digits.subarray(16, 16 + images), (digit) => digit / 301),
    };
  });
}
