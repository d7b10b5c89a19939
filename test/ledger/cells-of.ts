import { sha256 } from '../../core/digest.js';
import type { Cell, CellScope, Provenance } from '../../core/probe/cell.js';
import { randomStream } from '../../core/random.js';

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

/** Cells [from, to) of a made-up sweep: a function of their numbers alone. */
export function cellsOf(from: number, to: number, images = 4): Cell[] {
  return Array.from({ length: to - from }, (_, i): Cell => {
    const key = sha256(`condition ${from + i}`);
    const random = randomStream(1, 'test', key);
    return {
      key,
      state: (from + i) % 5 === 0 ? 'no-op' : 'ok',
      effect: random.uniform(),
      predicted: Uint16Array.from({ length: images }, () => Math.floor(random.uniform() * 10)),
      loss: Float32Array.from({ length: images }, () => random.uniform() * 3),
      kl: Float32Array.from({ length: images }, () => random.uniform()),
    };
  });
}
