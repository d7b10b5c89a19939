import type { Cell, CellState } from '../../probe/cell.js';

/** Bytes before the numbers of the images: the state, then the effect. */
const HEAD = 16;
/** Bytes of an image: loss, KL, class. */
const EACH = 10;

/** Bytes of a cell of so many images: rows begin at multiples of 8, where all kinds of numbers may stand. */
export const packedBytes = (images: number): number => 8 * Math.ceil((HEAD + EACH * images) / 8);

/** A cell as one row of bytes. */
export function packCell({ state, effect, predicted, loss, kl }: Cell): Uint8Array {
  const images = predicted.length;
  const buffer = new ArrayBuffer(packedBytes(images));
  new Uint8Array(buffer)[0] = state === 'no-op' ? 1 : 0;
  new Float64Array(buffer, 8, 1)[0] = effect;
  new Float32Array(buffer, HEAD, images).set(loss);
  new Float32Array(buffer, HEAD + 4 * images, images).set(kl);
  new Uint16Array(buffer, HEAD + 8 * images, images).set(predicted);
  return new Uint8Array(buffer);
}

/** A cell of a row that `packCell` made; shares its memory. */
export class PackedCell {
  readonly images: number;
  readonly #row: Uint8Array;

  constructor(row: Uint8Array, images: number) {
    this.#row = row;
    this.images = images;
  }

  get state(): CellState {
    return this.#row[0] === 1 ? 'no-op' : 'ok';
  }

  get effect(): number {
    return new Float64Array(this.#row.buffer, this.#row.byteOffset + 8, 1)[0] as number;
  }

  get loss(): Float32Array {
    return new Float32Array(this.#row.buffer, this.#row.byteOffset + HEAD, this.images);
  }

  get kl(): Float32Array {
    return new Float32Array(this.#row.buffer, this.#row.byteOffset + HEAD + 4 * this.images, this.images);
  }

  get predicted(): Uint16Array {
    return new Uint16Array(this.#row.buffer, this.#row.byteOffset + HEAD + 8 * this.images, this.images);
  }
}
