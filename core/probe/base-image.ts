import { PercussError } from '../errors.js';
import type { Base } from '../plan/impulses.js';
import type { BaseName } from '../spec/words/bases.js';
import { rows, sizeOf, type Tensor } from '../tensor.js';

/** How the network's input is laid out, for one image: index of an element, and its [channels, height, width]. */
export interface InputLayout {
  readonly shape: readonly [number, number, number];
  index(channel: number, row: number, column: number): number;
}

/** What images that impulses ride on are made of. */
export interface BaseContext {
  readonly layout: InputLayout;
  /** Reference images, preprocessed, [n, …]. */
  readonly reference: Tensor<'float32'>;
  /** Per input channel: what a black pixel becomes. */
  readonly black: readonly number[];
}

/** Elements of a flat image; zeros where nothing is written. */
const flat: { readonly [B in BaseName]: (image: Float32Array, context: BaseContext) => void } = {
  'normalised-zero': () => undefined,
  'mean-image': (image, { reference }) => {
    const sums = new Float64Array(image.length);
    for (let j = 0; j < reference.data.length; j++) {
      sums[j % image.length] = (sums[j % image.length] as number) + (reference.data[j] as number);
    }
    image.set(sums.map((sum) => sum / (reference.shape[0] as number)));
  },
  black: (image, { layout, black }) => {
    const [channels, height, width] = layout.shape;
    for (let c = 0; c < channels; c++) {
      for (let y = 0; y < height; y++)
        for (let x = 0; x < width; x++) image[layout.index(c, y, x)] = black[c] as number;
    }
  },
};

/**
 * What impulses ride on, [1, …] as the network takes it: a flat image, or one of the reference images.
 * @throws PercussError SPEC_INVALID where there are not so many of these.
 */
export function baseImage(base: Base, context: BaseContext): Tensor<'float32'> {
  const { reference } = context;
  if (typeof base !== 'string') {
    if (base.image >= (reference.shape[0] as number)) {
      throw new PercussError(
        'SPEC_INVALID',
        `impulses ask for reference image ${base.image}, but there are ${reference.shape[0]}; use fewer bases or more reference images`,
      );
    }
    return rows(reference, base.image, base.image + 1);
  }
  const shape = [1, ...reference.shape.slice(1)];
  const data = new Float32Array(sizeOf(shape));
  flat[base](data, context);
  return { dtype: 'float32', shape, data };
}
