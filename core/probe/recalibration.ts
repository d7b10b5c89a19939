import type { Engine, EngineTensor } from '../engine/engine.js';
import { operators } from '../network/operators/table.js';
import { wiringOf, type Graph, type Node, type ValueId } from '../network/graph.js';
import { liveOut, segment } from './segment.js';
import { buildGraph } from '../network/build.js';
import { sizeOf, type Tensor } from '../tensor.js';

interface Moments {
  readonly mean: Float64Array;
  readonly variance: Float64Array;
}

/** What a convolution's output is turned into so that its moments are the wanted ones: y·scale + shift, by channel. */
interface Rescaling {
  readonly scale: Float64Array;
  readonly shift: Float64Array;
}

const roleOf = (graph: Graph, node: Node): string =>
  operators[node.op].role(node, {
    shapes: node.inputs.map((input) => graph.shapes.get(input)),
    constants: node.inputs.map((input) => graph.constants.get(input)),
  });

/** The convolutions of a network, in its order: what a null gets other weights of. */
export const convolutionsOf = (graph: Graph): Node[] =>
  graph.nodes.filter((node) => roleOf(graph, node) === 'convolution');

/**
 * Fits networks of other weights to the reference images, since these alone would push activations out of range. Where
 * BatchNormalization follows a convolution its statistics are renewed; where it was folded, each channel's mean and deviation
 * are brought back to those of the intact network, which runs on the images once for all that are recalibrated.
 */
export class Recalibration {
  readonly #intact: Graph;
  readonly #engine: Engine;
  readonly #reference: readonly Tensor[];
  #wanted: Promise<ReadonlyMap<string, Moments>> | undefined;

  /** @param reference tiles of preprocessed images. */
  constructor(intact: Graph, engine: Engine, reference: readonly Tensor[]) {
    this.#intact = intact;
    this.#engine = engine;
    this.#reference = reference;
  }

  /** A network of the intact one's nodes and other weights, recalibrated. */
  async fit(start: Graph): Promise<Graph> {
    const wanted = await this.#moments();
    return calibrate(start, this.#engine, this.#reference, (current, node, moments) => {
      const normalisation = normalisationBehind(current, node);
      if (normalisation) return { graph: renewStatistics(current, normalisation, moments) };
      const rescaling = rescalingTo(wanted.get(node.id) as Moments, moments);
      return { graph: rescaleWeights(current, node, rescaling), rescaling };
    });
  }

  /** Of the intact network's convolutions; none where all are followed by a normalisation, which needs none. */
  #moments(): Promise<ReadonlyMap<string, Moments>> {
    this.#wanted ??= momentsOfConvolutions(this.#intact, this.#engine, this.#reference);
    return this.#wanted;
  }
}

async function momentsOfConvolutions(
  graph: Graph,
  engine: Engine,
  reference: readonly Tensor[],
): Promise<ReadonlyMap<string, Moments>> {
  const wanted = new Map<string, Moments>();
  if (convolutionsOf(graph).every((node) => normalisationBehind(graph, node))) return wanted;
  await calibrate(graph, engine, reference, (current, node, moments) => {
    wanted.set(node.id, moments);
    return { graph: current };
  });
  return wanted;
}

/** Runs the network convolution by convolution; `revise` may change it behind each one before the next one runs. */
async function calibrate(
  graph: Graph,
  engine: Engine,
  tiles: readonly Tensor[],
  revise: (graph: Graph, node: Node, moments: Moments) => { readonly graph: Graph; readonly rescaling?: Rescaling },
): Promise<Graph> {
  const input = graph.inputs[0] as { id: ValueId };
  let current = graph;
  let states: Map<ValueId, Tensor>[] = tiles.map((tile) => new Map([[input.id, tile]]));
  for (const node of convolutionsOf(graph)) {
    const place = current.nodes.findIndex((candidate) => candidate.id === node.id);
    const live = liveOut(current, place, current.outputs);
    const output = node.outputs[0] as ValueId;
    states = await advance(current, engine, states, [...new Set([...live, output])]);
    const revised = revise(current, node, momentsOf(states.map((state) => state.get(output) as Tensor<'float32'>)));
    if (revised.rescaling) {
      for (const state of states)
        state.set(output, rescaled(state.get(output) as Tensor<'float32'>, revised.rescaling));
    }
    current = revised.graph;
  }
  return current;
}

async function advance(
  graph: Graph,
  engine: Engine,
  states: readonly Map<ValueId, Tensor>[],
  wanted: readonly ValueId[],
): Promise<Map<ValueId, Tensor>[]> {
  const have = [...(states[0] as Map<ValueId, Tensor>).keys()];
  const fresh = wanted.filter((value) => !have.includes(value));
  const read = new Set(segment(graph, 'calibration', have, fresh).nodes.flatMap((node) => node.inputs));
  const program = await engine.compile(
    segment(
      graph,
      'calibration',
      have.filter((value) => read.has(value)),
      fresh,
    ),
  );
  const next: Map<ValueId, Tensor>[] = [];
  for (const state of states) {
    const feeds = new Map<string, EngineTensor>();
    for (const feed of program.feeds) feeds.set(feed.name, engine.upload(state.get(feed.name) as Tensor));
    const fetched = await program.run(feeds);
    const behind = new Map<ValueId, Tensor>();
    for (const value of wanted) {
      const tensor = fetched.get(value);
      behind.set(value, tensor ? await tensor.read() : (state.get(value) as Tensor));
      tensor?.dispose();
    }
    for (const tensor of feeds.values()) tensor.dispose();
    next.push(behind);
  }
  await program.dispose();
  return next;
}

/** Mean and population variance of each channel over images and positions, in float64, two passes. */
function momentsOf(tiles: readonly Tensor<'float32'>[]): Moments {
  const channels = (tiles[0] as Tensor).shape[1] as number;
  const count = tiles.reduce((sum, { data }) => sum + data.length / channels, 0);
  const mean = sumsOf(tiles, channels, (data, from, to, sum) => {
    let total = sum;
    for (let j = from; j < to; j++) total += data[j] as number;
    return total;
  }).map((sum) => sum / count);
  const squares = sumsOf(tiles, channels, (data, from, to, sum, c) => {
    const centre = mean[c] as number;
    let total = sum;
    for (let j = from; j < to; j++) {
      const own = (data[j] as number) - centre;
      total += own * own;
    }
    return total;
  });
  return { mean, variance: squares.map((sum) => sum / count) };
}

/** Adds up what each channel has, map by map: `add` goes on from a sum over [from, to). */
function sumsOf(
  tiles: readonly Tensor<'float32'>[],
  channels: number,
  add: (data: Float32Array, from: number, to: number, sum: number, channel: number) => number,
): Float64Array {
  const sums = new Float64Array(channels);
  for (const { data, shape } of tiles) {
    const positions = sizeOf(shape.slice(2));
    for (let map = 0; map * positions < data.length; map++) {
      const c = map % channels;
      sums[c] = add(data, map * positions, (map + 1) * positions, sums[c] as number, c);
    }
  }
  return sums;
}

function normalisationBehind(graph: Graph, node: Node): Node | undefined {
  const { consumers } = wiringOf(graph);
  const readers = consumers.get(node.outputs[0] as ValueId) ?? [];
  const [only] = readers;
  if (!only || readers.length !== 1) return undefined;
  const role = roleOf(graph, only);
  return role === 'normalisation' ? only : undefined;
}

function renewStatistics(graph: Graph, node: Node, moments: Moments): Graph {
  const mean = `${node.id}|mean`;
  const variance = `${node.id}|variance`;
  const constants = new Map(graph.constants);
  const vector = (values: Float64Array): Tensor => ({
    dtype: 'float32',
    shape: [values.length],
    data: Float32Array.from(values),
  });
  constants.set(mean, vector(moments.mean));
  constants.set(variance, vector(moments.variance));
  const nodes = graph.nodes.map((other) =>
    other.id === node.id ? { ...other, inputs: [...other.inputs.slice(0, 3), mean, variance] } : other,
  );
  return buildGraph({ name: graph.name, inputs: graph.inputs, outputs: graph.outputs, nodes, constants });
}

function rescalingTo(wanted: Moments, now: Moments): Rescaling {
  const scale = wanted.variance.map((variance, c) => {
    const own = now.variance[c] as number;
    return own > 0 ? Math.sqrt(variance / own) : 1;
  });
  const shift = wanted.mean.map((mean, c) => mean - (scale[c] as number) * (now.mean[c] as number));
  return { scale, shift };
}

function rescaled(tensor: Tensor<'float32'>, { scale, shift }: Rescaling): Tensor<'float32'> {
  const channels = tensor.shape[1] as number;
  const positions = sizeOf(tensor.shape.slice(2));
  const data = new Float32Array(tensor.data.length);
  for (let map = 0; map * positions < data.length; map++) {
    const [factor, offset] = [scale[map % channels] as number, shift[map % channels] as number];
    for (let j = map * positions; j < (map + 1) * positions; j++)
      data[j] = (tensor.data[j] as number) * factor + offset;
  }
  return { ...tensor, data };
}

function rescaleWeights(graph: Graph, node: Node, { scale, shift }: Rescaling): Graph {
  const [data, weightId, biasId] = node.inputs as [ValueId, ValueId, ValueId?];
  const weights = graph.constants.get(weightId) as Tensor<'float32'>;
  const perKernel = weights.data.length / scale.length;
  const bias = biasId ? (graph.constants.get(biasId) as Tensor<'float32'>) : undefined;
  const newWeights = weights.data.map((w, j) => w * (scale[Math.floor(j / perKernel)] as number));
  const newBias = Float32Array.from(shift, (s, c) => (bias?.data[c] ?? 0) * (scale[c] as number) + s);
  const weight = `${node.id}|weights`;
  const added = `${node.id}|bias`;
  const constants = new Map(graph.constants);
  constants.set(weight, { ...weights, data: newWeights });
  constants.set(added, { dtype: 'float32', shape: [newBias.length], data: newBias });
  const nodes = graph.nodes.map((other) =>
    other.id === node.id ? { ...other, inputs: [data, weight, added] } : other,
  );
  return buildGraph({ name: graph.name, inputs: graph.inputs, outputs: graph.outputs, nodes, constants });
}
