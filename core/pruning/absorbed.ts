import type { Dataflow } from '../anatomy/dataflow.js';
import type { Facts } from '../anatomy/flow.js';
import type { ValueId } from '../network/graph.js';
import type { Tensor } from '../tensor.js';
import { asAddend, channelOf, evaluated, type Constants } from './constant-channels.js';
import type { KeptChannels } from './kept-channels.js';

/**
 * What the channels that a contraction no longer reads had brought to each of its outputs that are left, as a constant that is added;
 * undefined where that is nothing.
 */
export function absorbedBy(flow: Dataflow, facts: Facts, constants: Constants, kept: KeptChannels): Tensor | undefined {
  const read = facts.activations[0] as ValueId;
  const present = new Set(kept.of(read));
  const gone = new Map(
    [...(constants.get(read) ?? [])].filter(([channel, value]) => !present.has(channel) && value !== 0),
  );
  if (gone.size === 0) return undefined;
  const [with_, without] = [new Map([[read, gone]]), new Map()].map(
    (known) => evaluated(flow, facts, known)[0] as Tensor,
  );
  const difference = subtracted(with_ as Tensor, without as Tensor);
  const channels = (kept.of(facts.output) ?? []).map((channel) => channelOf(difference, channel));
  return asAddend(channels, (flow.graph.shapes.get(facts.output) ?? []).slice(2));
}

function subtracted(a: Tensor, b: Tensor): Tensor {
  const data = Float32Array.from({ length: a.data.length }, (_, i) => Number(a.data[i]) - Number(b.data[i]));
  return { dtype: 'float32', shape: a.shape, data };
}
