import { dataflowOf, type Dataflow } from '../anatomy/dataflow.js';
import type { Facts } from '../anatomy/flow.js';
import { buildGraph } from '../network/build.js';
import type { Graph, ValueId } from '../network/graph.js';
import { operatorOf } from '../network/operators/table.js';
import { float32, type Tensor } from '../tensor.js';
import { isContraction, linksOf } from './channel-links.js';

/** Channels that are told from others of their value: by value and channel, how much of which others. */
export type Mixtures = ReadonlyMap<ValueId, ReadonlyMap<number, ReadonlyMap<number, number>>>;

/** A product with constant weights that reads a value, maybe further on: along `axis` of its weights, the places of each channel of the value. */
interface Reading {
  readonly facts: Facts;
  readonly axis: number;
  readonly places: readonly (readonly number[])[];
}

/** Whether all that reads a value is a product with constant weights, or leads to such alone by ways on which a sum of channels stays one. */
export function readsSums(flow: Dataflow, value: ValueId): boolean {
  return readingsOf(flow, value) !== undefined;
}

/**
 * The network that computes what `graph` does once channels are put to mixtures of others of their value, and are 0 themselves: whatever reads one
 * reads more of the others, by as much as of them it is made. Of a constant that is added to a mixture it is not told here: that stays in the channel.
 *
 * @param mixtures None of a channel that is a mixture itself; values that `readsSums`.
 */
export function absorbMixtures(graph: Graph, mixtures: Mixtures, output?: ValueId): Graph {
  const flow = dataflowOf(graph, output);
  const weights = new Map<string, Tensor>();
  // From the end on: what is told behind a value is told of it as it is there.
  const values = flow.nodes.flatMap(({ node }) => node.outputs).toReversed();
  for (const value of values) {
    const mixed = mixtures.get(value);
    if (mixed === undefined) continue;
    const readings = readingsOf(flow, value);
    if (readings === undefined) throw new RangeError(`what reads ${value} does not read sums of channels`);
    for (const { facts, axis, places } of readings) {
      const { id, inputs } = facts.node;
      const own = weights.get(id) ?? graph.constants.get(inputs[1] as ValueId);
      weights.set(id, absorbed(own as Tensor, axis, places, mixed));
    }
  }
  const constants = new Map(graph.constants);
  const nodes = graph.nodes.map((node) => {
    const [own, read] = [weights.get(node.id), node.inputs[1] as ValueId];
    if (own === undefined) return node;
    const isShared = graph.nodes.some((other) => other !== node && other.inputs.includes(read));
    const name = isShared ? `${read}@${node.id}` : read;
    constants.set(name, own);
    return { ...node, inputs: node.inputs.with(1, name) };
  });
  return buildGraph({ ...graph, nodes, constants });
}

/** Weights with a mixture's share of each channel in the others. */
function absorbed(
  weights: Tensor,
  axis: number,
  places: Reading['places'],
  mixed: ReadonlyMap<number, ReadonlyMap<number, number>>,
): Tensor {
  const data = Float64Array.from(weights.data as ArrayLike<number>);
  const inner = weights.shape.slice(axis + 1).reduce((product, dim) => product * dim, 1);
  const line = (weights.shape[axis] as number) * inner;
  for (const [channel, mixture] of mixed) {
    for (const [other, share] of mixture) {
      (places[channel] as readonly number[]).forEach((from, i) => {
        const to = places[other]?.[i] as number;
        for (let start = 0; start < data.length; start += line) {
          for (let j = 0; j < inner; j++) {
            const at = start + to * inner + j;
            data[at] = (data[at] as number) + share * Number(weights.data[start + from * inner + j]);
          }
        }
      });
    }
  }
  return float32(weights.shape, Float32Array.from(data));
}

/** All products that read a value; undefined where something reads it otherwise. */
function readingsOf(flow: Dataflow, value: ValueId): readonly Reading[] | undefined {
  const channels = flow.channels(value);
  if (channels === undefined) return undefined;
  const own = Array.from({ length: channels }, (_, channel) => [channel]);
  const found: Reading[] = [];
  return follow(flow, value, own, found) ? found : undefined;
}

/** @param places Where in `value` the elements of each channel stand that is followed. */
function follow(flow: Dataflow, value: ValueId, places: Reading['places'], found: Reading[]): boolean {
  const readers = flow.readers.get(value) ?? [];
  if (flow.uses(value) !== readers.length) return false;
  return readers.every((facts) => {
    const operator = operatorOf(facts.node);
    if (isContraction(flow, facts)) {
      const axis = operator.readAxis?.(facts.node);
      if (axis === undefined) return false;
      found.push({ facts, axis, places });
      return true;
    }
    if (operator.passesSums?.(facts.node) !== true) return false;
    return linksOf(flow, facts).every((links, i) => {
      if (links === 'mixed') return false;
      const behind = placesBehind(facts, links, value, places);
      return behind !== undefined && follow(flow, facts.node.outputs[i] as ValueId, behind, found);
    });
  });
}

/** Where the elements stand behind a node; undefined where not each channel has as many, or one is made of several. */
function placesBehind(
  { node }: Facts,
  links: readonly (readonly { readonly input: number; readonly channel: number }[])[],
  value: ValueId,
  places: Reading['places'],
): Reading['places'] | undefined {
  if (links.some((sources) => sources.length > 1)) return undefined;
  const from = new Map<number, number[]>();
  links.forEach(([source], place) => {
    if (source === undefined || node.inputs[source.input] !== value) return;
    from.set(source.channel, [...(from.get(source.channel) ?? []), place]);
  });
  const behind = places.map((own) => own.flatMap((place) => from.get(place) ?? []));
  const count = behind[0]?.length ?? 0;
  return count > 0 && behind.every(({ length }) => length === count) ? behind : undefined;
}
