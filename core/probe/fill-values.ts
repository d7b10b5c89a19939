import type { Tensor } from '../tensor.js';

/** How much of a map a fill prescribes: one number a channel, one map a channel, or one map a channel and image. */
export type FillReach = 'channel' | 'position' | 'image';

/** What replaces removed channels at one site, ready to be written into feeds. */
export interface FillValues {
  readonly reach: FillReach;
  /** Values for a channel of an image of the chunk: 1 element, or one for each position. */
  values(channel: number, image: number): Float32Array;
  /** Bytes an image that are held for them while a tile of images is at hand. */
  readonly held?: number;
  /**
   * Where values follow from what else stands at the cut: those for a value of the cut [n, …], whose first image is number `start` of
   * the chunk. Until then there are none.
   */
  readonly on?: (activation: Tensor, start: number) => FillValues;
}
