import type { Engine, EngineTensor } from '../engine/engine.js';
import { operators } from '../network/operators/table.js';
import { wiringOf, type Graph, type Node, type ValueId } from '../network/graph.js';
import { liveOut, segment } from './segment.js';
import { buildGraph } from '../network/build.js';
import { randomStream } from '../random.js';
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

const convolutionsOf = (graph: Graph): Node[] => graph.nodes.filter((node) => roleOf(graph, node) === 'convolution');

/**
 * The null of every measure of redundancy: the same network with the weights of each convolution permuted among themselves
 * (seeded, by the convolution's place in the network), then recalibrated on the reference images, since permuted weights
 * alone would push activations out of range. Where BatchNormalization follows, its statistics are renewed; where it was
 * folded, each channel's mean and deviation are brought back to those of the intact network.
 */
export async function shuffledNetwork(
  graph: Graph,
  engine: Engine,
  reference: readonly Tensor[],
  seed: number,
  index: number,
): Promise<Graph> {
  const wanted = new Map<string, Moments>();
  await calibrate(graph, engine, reference, (current, node, moments) => {
    wanted.set(node.id, moments);
    return { graph: current };
  });
  const start = shuffleWeights(graph, seed, index);
  return calibrate(start, engine, reference, (current, node, moments) => {
    const normalisation = normalisationBehind(current, node);
    if (normalisation) return { graph: renewStatistics(current, normalisation, moments) };
    const rescaling = rescalingTo(wanted.get(node.id) as Moments, moments);
    return { graph: rescaleWeights(current, node, rescaling), rescaling };
  });
}

function shuffleWeights(graph: Graph, seed: number, index: number): Graph {
  const constants = new Map(graph.constants);
  convolutionsOf(graph).forEach((node, place) => {
    const id = node.inputs[1] as ValueId;
    const weights = constants.get(id) as Tensor<'float32'>;
    const stream = randomStream(seed, 'shuffled-network', index, place);
    constants.set(id, { ...weights, data: Float32Array.from(stream.shuffled([...weights.data])) });
  });
  return { ...graph, constants };
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
  const mean = new Float64Array(channels);
  const variance = new Float64Array(channels);
  const over = (add: (channel: number, value: number) => void): number => {
    let count = 0;
    for (const tile of tiles) {
      const positions = sizeOf(tile.shape.slice(2));
      for (let j = 0; j < tile.data.length; j++) add(Math.floor(j / positions) % channels, tile.data[j] as number);
      count += tile.data.length / channels;
    }
    return count;
  };
  const count = over((c, x) => void (mean[c] = (mean[c] as number) + x));
  for (let c = 0; c < channels; c++) mean[c] = (mean[c] as number) / count;
  over((c, x) => void (variance[c] = (variance[c] as number) + (x - (mean[c] as number)) ** 2));
  for (let c = 0; c < channels; c++) variance[c] = (variance[c] as number) / count;
  return { mean, variance };
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
  const data = tensor.data.map((x, j) => {
    const c = Math.floor(j / positions) % channels;
    return x * (scale[c] as number) + (shift[c] as number);
  });
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
