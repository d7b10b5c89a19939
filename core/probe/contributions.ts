import type { DeltaConv, DeltaPassage } from './delta-convolution.js';
import { sizeOf, type Tensor } from '../tensor.js';
import type { PreparedEdit } from './selection.js';
import type { HostLive } from './live.js';

/**
 * A removed channel is carried as a difference, intact + (changed − intact): where that channel outweighs all others, as
 * many digits of theirs are lost. Beyond this ratio (2⁷: seven of 24 bits) the convolution is computed anew.
 */
const LARGEST_RATIO = 128;

/** How much each channel of a convolution's input can make at one of its outputs, over the images at hand. */
export class Contributions {
  readonly #gains: Float64Array;
  readonly #largest: Float64Array;

  constructor(conv: DeltaConv, input: Tensor) {
    this.#gains = gainsOf(conv);
    this.#largest = largestOf(input);
  }

  /** Whether a channel, before and after its edit, stays within reach of the largest other one. */
  balances(edit: PreparedEdit, start: number, images: number): boolean {
    const channel = edit.channels[0] as number;
    let others = 0;
    this.#gains.forEach((gain, c) => {
      if (c !== channel) others = Math.max(others, gain * (this.#largest[c] as number));
    });
    let fill = 0;
    for (let image = 0; image < (edit.fill.reach === 'image' ? images : 1); image++) {
      for (const value of edit.fill.values(channel, start + image)) fill = Math.max(fill, Math.abs(value));
    }
    const own = (this.#gains[channel] as number) * ((this.#largest[channel] as number) + fill);
    return Number.isFinite(own) && own <= LARGEST_RATIO * others;
  }
}

/** Of each carried convolution; `live` holds what they read before the edit. */
export function contributionsOf(delta: DeltaPassage, live: HostLive): readonly Contributions[] {
  return delta.convs.map((conv) => new Contributions(conv, live.get(conv.input) as Tensor));
}

/** Most that a change of 1 everywhere in a channel makes at one output, by channel. */
function gainsOf({ weights }: DeltaConv): Float64Array {
  const [kernels, channels] = weights.shape as [number, number];
  const taps = sizeOf(weights.shape.slice(2));
  const gains = new Float64Array(channels);
  for (let k = 0; k < kernels; k++) {
    for (let c = 0; c < channels; c++) {
      let sum = 0;
      const from = (k * channels + c) * taps;
      for (let i = from; i < from + taps; i++) sum += Math.abs(weights.data[i] as number);
      gains[c] = Math.max(gains[c] as number, sum);
    }
  }
  return gains;
}

/** Largest magnitude by channel, over images and positions. */
function largestOf(tensor: Tensor): Float64Array {
  const [images, channels] = tensor.shape as [number, number];
  const positions = sizeOf(tensor.shape.slice(2));
  const data = tensor.data as Float32Array;
  const largest = new Float64Array(channels);
  for (let row = 0, i = 0; row < images * channels; row++) {
    let most = largest[row % channels] as number;
    for (let p = 0; p < positions; p++, i++) most = Math.max(most, Math.abs(data[i] as number));
    largest[row % channels] = most;
  }
  return largest;
}
