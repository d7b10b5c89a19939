import type { Dataflow } from '../anatomy/dataflow.js';
import type { Facts } from '../anatomy/flow.js';
import { DYNAMIC, type Shape, type ValueId } from '../network/graph.js';
import { operatorOf } from '../network/operators/table.js';
import type { ChannelSources } from '../network/operators/operator.js';
import { float32, zeros, type Tensor } from '../tensor.js';
import { linksOf } from './channel-links.js';

/** What a channel is on every image: one number all over its map, or the map, row-major. */
export type Constant = number | Float32Array;

/** By value: its channels that are the same on every image. */
export type Constants = ReadonlyMap<ValueId, ReadonlyMap<number, Constant>>;

/** Channels that are taken out: by value and channel, the number that stands in their place on every image. */
export type Removals = ReadonlyMap<ValueId, ReadonlyMap<number, number>>;

/**
 * Channels that are the same on every image once others are, found forward through whatever links channels one to one: what is
 * computed from them, computed by the operators' own definitions at their real size, since padding makes borders differ. A product
 * with a channel that is 0 is 0 (as if the other factor were finite).
 */
export function constantChannels(flow: Dataflow, removals: Removals): Constants {
  const found = new Map<ValueId, ReadonlyMap<number, Constant>>();
  for (const facts of flow.nodes) {
    const links = linksOf(flow, facts);
    const constant = links.map((of) => (of === 'mixed' ? [] : constantAmong(facts, of, found)));
    const outputs = constant.some((channels) => channels.length > 0) ? evaluated(flow, facts, found) : [];
    facts.node.outputs.forEach((output, i) => {
      const known = new Map<number, Constant>();
      for (const channel of constant[i] ?? []) known.set(channel, channelOf(outputs[i] as Tensor, channel));
      for (const [channel, value] of removals.get(output) ?? []) known.set(channel, value);
      if (known.size > 0) found.set(output, known);
    });
  }
  return found;
}

function constantAmong(facts: Facts, links: Exclude<ChannelSources, 'mixed'>, found: Constants): readonly number[] {
  const of = (input: number, channel: number): Constant | undefined =>
    found.get(facts.node.inputs[input] as ValueId)?.get(channel);
  return links.flatMap((sources, channel) => {
    const known = sources.map((source) => of(source.input, source.channel));
    const vanishes = facts.arithmetic === 'product' && known.includes(0);
    return sources.length > 0 && (vanishes || !known.includes(undefined)) ? [channel] : [];
  });
}

/** The outputs of a node for one image on which its constant channels are what they are and all others 0. */
export function evaluated(flow: Dataflow, facts: Facts, constants: Constants): readonly Tensor[] {
  const { graph } = flow;
  const inputs = facts.node.inputs.map((value) => {
    const fixed = value === '' ? undefined : graph.constants.get(value);
    return value === '' || fixed ? fixed : withChannels(oneImage(graph.shapes.get(value) ?? []), constants.get(value));
  });
  return operatorOf(facts.node).evaluate(facts.node, inputs);
}

function oneImage(shape: Shape): number[] {
  return shape.map((dim, axis) => (axis === 0 && dim === DYNAMIC ? 1 : dim));
}

function withChannels(shape: readonly number[], known: ReadonlyMap<number, Constant> | undefined): Tensor {
  const result = zeros('float32', shape);
  const inner = shape.slice(2).reduce((product, dim) => product * dim, 1);
  for (const [channel, value] of known ?? []) {
    const plane = result.data.subarray(channel * inner, (channel + 1) * inner);
    if (typeof value === 'number') plane.fill(value);
    else plane.set(value);
  }
  return result;
}

/** A channel of the first image: a number where its map is the same all over. */
export function channelOf(t: Tensor, channel: number): Constant {
  const inner = t.shape.slice(2).reduce((product, dim) => product * dim, 1);
  const plane = Float32Array.from({ length: inner }, (_, i) => Number(t.data[channel * inner + i]));
  return plane.every((value) => value === plane[0]) ? (plane[0] as number) : plane;
}

/** Channels as a constant that is added to maps: [1, C, H, W] or, where none has a map, [1, C, 1, 1]. */
export function asAddend(channels: readonly Constant[], spatial: Shape): Tensor {
  const uniform = channels.every((value) => typeof value === 'number');
  const shape = uniform ? spatial.map(() => 1) : spatial;
  const inner = shape.reduce((product, dim) => product * dim, 1);
  const data = new Float32Array(channels.length * inner);
  channels.forEach((value, c) => {
    if (typeof value === 'number') data.fill(value, c * inner, (c + 1) * inner);
    else data.set(value, c * inner);
  });
  return float32([1, channels.length, ...shape], data);
}
