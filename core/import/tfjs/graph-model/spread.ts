import type { Activation } from '../builder.js';
import type { Pair } from '../windows.js';

/** Top, left, bottom, right. */
export type Margins = readonly [number, number, number, number];

/**
 * TensorFlow writes a dilated convolution as three nodes: SpaceToBatchND deals the places of a padded map out to `block`
 * images, a convolution without padding works on those, and BatchToSpaceND puts them together and crops. Here that is one
 * convolution again: its dilation is the block, its pads are the padding less the crops.
 */
export interface Spread {
  readonly source: Activation;
  readonly block: Pair;
  readonly pads: Margins;
  /** Behind the convolution: what makes it, once its pads are known. */
  readonly convolve?: (pads: Margins) => Activation;
}

const known = new WeakMap<object, Spread>();

/** What stands between the two outer nodes has no value of ours. */
export function spreadOf(operand: object | undefined): Spread | undefined {
  return operand && known.get(operand);
}

/** What stands for a map that was dealt out, until it is put together again. */
export function pending(spread: Spread): Activation {
  const stand: Activation = { shape: spread.source.shape, forms: {} };
  known.set(stand, spread);
  return stand;
}

/** The convolution in the middle. */
export const spreadConvolution = (spread: Spread, convolve: (pads: Margins) => Activation): Activation =>
  pending({ ...spread, convolve });
