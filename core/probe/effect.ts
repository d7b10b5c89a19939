import type { ValueId } from '../network/graph.js';
import { sizeOf, type Tensor } from '../tensor.js';
import type { ChannelRange } from './chunk-baseline.js';
import { standing, type PreparedEdit } from './selection.js';

/** Largest change that an edit with one value for a channel makes to activations of such extremes. */
export function effectWithin(edit: PreparedEdit, extremes: ReadonlyMap<ValueId, ChannelRange>): number {
  const range = extremes.get(edit.value) as ChannelRange;
  return edit.channels.reduce((largest, channel) => {
    const fill = edit.fill.values(channel, 0)[0] as number;
    const change = Math.max(
      Math.abs((range.low[channel] as number) - fill),
      Math.abs((range.high[channel] as number) - fill),
    );
    return Math.max(largest, change);
  }, 0);
}

/** Largest change that edits make to a value, elementwise; `activation` holds it for images from number `start` on. */
export function measuredEffect(
  edits: readonly PreparedEdit[],
  value: ValueId,
  activation: Tensor<'float32'>,
  start: number,
): number {
  let effect = 0;
  const here = edits.filter((edit) => edit.value === value);
  for (const edit of standing(here, activation, start)) {
    const [images, channels] = activation.shape as [number, number];
    const positions = sizeOf(activation.shape.slice(2));
    for (const channel of edit.channels) {
      for (let i = 0; i < images; i++) {
        const fill = edit.fill.values(channel, start + i);
        const from = (i * channels + channel) * positions;
        for (let p = 0; p < positions; p++) {
          const replaced = fill.length === 1 ? fill[0] : fill[p];
          const change = Math.abs((activation.data[from + p] as number) - (replaced as number));
          // What is no number has no size; the largest change is then none either, but not 0.
          if (change > effect || Number.isNaN(change)) effect = change;
        }
      }
    }
  }
  return effect;
}
