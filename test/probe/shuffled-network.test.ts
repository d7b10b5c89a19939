import { gunzipSync } from 'node:zlib';
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, test } from 'vitest';
import type { Engine } from '../../core/engine/engine.js';
import { openOnnxruntime } from '../../core/engine/onnxruntime.js';
import { openReference } from '../../core/engine/reference.js';
import { buildGraph } from '../../core/network/build.js';
import { wiringOf, type Graph, type Node, type ValueId } from '../../core/network/graph.js';
import { nullNetwork } from '../../core/probe/null-network.js';
import { reinitialisedNetwork } from '../../core/probe/reinitialised-network.js';
import { Recalibration } from '../../core/probe/recalibration.js';
import { float32, rows, sizeOf, type Tensor } from '../../core/tensor.js';
import { seededImages } from './small-tap.js';
import { cifarImages, sharedNetwork } from '../builders/real-networks.js';
import { hasSharedData, sharedData } from '../builders/shared-data.js';
import { SmallNetwork } from '../import/fixtures/small-network.js';

const convolutions = (graph: Graph): Node[] => graph.nodes.filter((node) => node.op === 'Conv');
const weightsOf = (graph: Graph, node: Node): Float32Array =>
  graph.constants.get(node.inputs[1] as ValueId)?.data as Float32Array;
const outputsOf = (nodes: readonly Node[]): ValueId[] => nodes.map((node) => node.outputs[0] as ValueId);

/** What the whole network gives at some values. */
async function activations(
  engine: Engine,
  graph: Graph,
  images: Tensor,
  values: readonly ValueId[],
): Promise<Map<ValueId, Tensor<'float32'>>> {
  const program = await engine.compile(buildGraph({ ...graph, outputs: values }));
  const fetched = await program.run(new Map([[program.feeds[0]?.name as string, engine.upload(images)]]));
  const host = new Map<ValueId, Tensor<'float32'>>();
  for (const [value, tensor] of fetched) host.set(value, (await tensor.read()) as Tensor<'float32'>);
  await program.dispose();
  return host;
}

/** Mean and deviation of each channel, two passes. */
function momentsOf({ shape, data }: Tensor<'float32'>): { mean: number; std: number }[] {
  const [, channels, ...space] = shape as [number, number, ...number[]];
  const positions = sizeOf(space);
  return Array.from({ length: channels }, (_, c) => {
    const own: number[] = [];
    for (let start = c * positions; start < data.length; start += channels * positions) {
      for (const x of data.subarray(start, start + positions)) own.push(x);
    }
    const mean = own.reduce((sum, x) => sum + x, 0) / own.length;
    return { mean, std: Math.sqrt(own.reduce((sum, x) => sum + (x - mean) ** 2, 0) / own.length) };
  });
}

function expectMoments(actual: Tensor<'float32'>, expected: readonly { mean: number; std: number }[]): void {
  momentsOf(actual).forEach(({ mean, std }, c) => {
    const wanted = expected[c] as { mean: number; std: number };
    const scale = wanted.std + Math.abs(wanted.mean) + 1e-6;
    expect(Math.abs(mean - wanted.mean) / scale).toBeLessThan(2e-3);
    // A channel that permuted weights leave without any variation cannot be given one.
    if (std > 1e-6) expect(Math.abs(std - wanted.std) / scale).toBeLessThan(2e-3);
  });
}

const shuffled = (
  graph: Graph,
  engine: Engine,
  tiles: readonly Tensor[],
  seed: number,
  index: number,
): Promise<Graph> => nullNetwork(graph, new Recalibration(graph, engine, tiles), seed, { shuffled: index });

const sorted = (data: Float32Array): Float32Array => data.slice().sort();

function mnistImages(count: number): Tensor<'float32'> {
  const bytes = gunzipSync(readFileSync(path.join(sharedData, 'images/mnist/t10k-images-idx3-ubyte.gz')));
  return float32([count, 1, 28, 28], Float32Array.from(bytes.subarray(16, 16 + count * 784)));
}

describe.skipIf(!hasSharedData)('the null of', () => {
  test('ResNet-20 has every convolution’s weights, permuted, and BatchNormalization that fits them', async () => {
    const graph = sharedNetwork('models/cifar10_resnet20.onnx');
    const before = new Map([...graph.constants].map(([id, { data }]) => [id, data.slice()]));
    const engine = await openOnnxruntime();
    const { images } = cifarImages('cifar10_train_0000-1999.bin', 8);
    // Two tiles, of unlike size.
    const made = await shuffled(graph, engine, [rows(images, 0, 5), rows(images, 5, 8)], 7, 0);
    const pairs = convolutions(graph).map((node, i) => [node, convolutions(made)[i] as Node] as const);
    expect(pairs.length).toBe(19);
    for (const [own, other] of pairs) {
      expect(weightsOf(made, other)).not.toEqual(weightsOf(graph, own));
      expect(sorted(weightsOf(made, other))).toEqual(sorted(weightsOf(graph, own)));
    }
    const { consumers } = wiringOf(made);
    const norms = convolutions(made).map((node) => consumers.get(node.outputs[0] as ValueId)?.[0] as Node);
    expect(new Set(norms.map((node) => node.op))).toEqual(new Set(['BatchNormalization']));
    const found = await activations(engine, made, images, outputsOf(norms));
    for (const norm of norms) {
      const [, gamma, beta] = norm.inputs.map((input) => graph.constants.get(input)?.data as Float32Array);
      const wanted = [...(gamma as Float32Array)].map((g, c) => ({
        mean: (beta as Float32Array)[c] as number,
        std: Math.abs(g),
      }));
      expectMoments(found.get(norm.outputs[0] as ValueId) as Tensor<'float32'>, wanted);
    }
    // The intact network is as it was.
    for (const [id, data] of before) expect(graph.constants.get(id)?.data).toEqual(data);
    await engine.close();
  });

  test('networks with folded BatchNormalization keeps each channel’s mean and deviation', async () => {
    const engine = await openOnnxruntime();
    const cases = [
      ['models/cifar10_resnet20_fused.onnx', cifarImages('cifar10_train_0000-1999.bin', 6).images],
      ['models/mnist_cntk.onnx', mnistImages(6)],
    ] as const;
    for (const [file, images] of cases) {
      const graph = sharedNetwork(file);
      // The batch of mnist_cntk is open after import, like everyone’s.
      const made = await shuffled(graph, engine, [images], 7, 0);
      const values = outputsOf(convolutions(graph));
      expect(outputsOf(convolutions(made))).toEqual(values);
      const intact = await activations(engine, graph, images, values);
      const null_ = await activations(engine, made, images, values);
      for (const value of values) {
        expectMoments(null_.get(value) as Tensor<'float32'>, momentsOf(intact.get(value) as Tensor<'float32'>));
        expect(null_.get(value)?.data).not.toEqual(intact.get(value)?.data);
      }
    }
    await engine.close();
  });
});

describe('networks with weights drawn anew', () => {
  test('have He-normal weights by fan-in, no biases, and fitted statistics; the network itself stays', async () => {
    const wide = new SmallNetwork(3, 8);
    const one = wide.relu('relu1', wide.norm('bn1', wide.conv('conv1', wide.input, 40)));
    const two = wide.relu('relu2', wide.conv('conv2', one, 30));
    const graph = wide.graph(wide.head(two));
    const bias = float32([30], new Float32Array(30).fill(5));
    const nodes = graph.nodes.map((node) =>
      node.id === 'conv2' ? { ...node, inputs: [...node.inputs.slice(0, 2), 'a bias'] } : node,
    );
    const biased = buildGraph({ ...graph, nodes, constants: new Map([...graph.constants, ['a bias', bias]]) });
    const drawn = reinitialisedNetwork(biased, 7, 0);
    for (const node of convolutions(drawn)) {
      const weights = weightsOf(drawn, node);
      const fanIn = weights.length / (drawn.constants.get(node.inputs[1] as ValueId)?.shape[0] as number);
      const square = weights.reduce((sum, w) => sum + w * w, 0) / weights.length;
      // Relative error of a variance of n draws: √(2/n), four times.
      expect(Math.abs(square / (2 / fanIn) - 1)).toBeLessThan(4 * Math.sqrt(2 / weights.length));
      expect(weights).not.toEqual(weightsOf(biased, node));
    }
    expect(drawn.constants.get('a bias')?.data).toEqual(new Float32Array(30));
    expect(biased.constants.get('a bias')).toBe(bias);
    const again = reinitialisedNetwork(biased, 7, 0);
    expect([...again.constants.values()].map(({ data }) => data)).toEqual(
      [...drawn.constants.values()].map(({ data }) => data),
    );
    expect(reinitialisedNetwork(biased, 7, 1).constants).not.toEqual(drawn.constants);
    const engine = await openReference();
    const images = seededImages(6, 3, 8);
    const fitted = await new Recalibration(biased, engine, [images]).fit(drawn);
    const values = ['bn1', 'conv2'];
    const [own, before] = [
      await activations(engine, fitted, images, values),
      await activations(engine, biased, images, values),
    ];
    const [, gamma, beta] = (nodes.find(({ id }) => id === 'bn1') as Node).inputs.map(
      (id) => biased.constants.get(id)?.data as Float32Array,
    );
    expectMoments(
      own.get('bn1') as Tensor<'float32'>,
      [...(gamma as Float32Array)].map((g, c) => ({ mean: (beta as Float32Array)[c] as number, std: Math.abs(g) })),
    );
    expectMoments(own.get('conv2') as Tensor<'float32'>, momentsOf(before.get('conv2') as Tensor<'float32'>));
  });
});

describe('nulls', () => {
  const images = seededImages(6, 2, 8);
  const net = new SmallNetwork(2, 8);
  const first = net.relu('relu1', net.norm('bn1', net.conv('conv1', net.input, 4)));
  const second = net.relu('relu2', net.conv('conv2', first, 4));
  const graph = net.graph(net.head(second));

  test('are functions of seed and index', async () => {
    const engine = await openReference();
    const make = async (seed: number, index: number): Promise<readonly Float32Array[]> => {
      const made = await shuffled(graph, engine, [images], seed, index);
      return [...made.constants.values()].map(({ data }) => data as Float32Array);
    };
    expect(await make(7, 0)).toEqual(await make(7, 0));
    expect(await make(7, 1)).not.toEqual(await make(7, 0));
    expect(await make(8, 0)).not.toEqual(await make(7, 0));
  });

  test('do not depend on how the reference images are tiled, but for rounding', async () => {
    const engine = await openReference();
    const one = await shuffled(graph, engine, [images], 7, 0);
    const two = await shuffled(graph, engine, [rows(images, 0, 1), rows(images, 1, 6)], 7, 0);
    for (const [id, { data }] of one.constants) {
      const other = two.constants.get(id)?.data as Float32Array;
      (data as Float32Array).forEach((x, j) => expect(other[j]).toBeCloseTo(x, 5));
    }
  });

  test('give each normalisation statistics of its own, also where an exporter stored equal ones once', async () => {
    const shared = new SmallNetwork(2, 8);
    const a = shared.relu('relu1', shared.norm('bn1', shared.conv('conv1', shared.input, 4)));
    const b = shared.relu('relu2', shared.norm('bn2', shared.conv('conv2', a, 4)));
    const whole = shared.graph(shared.head(b));
    const nodes = whole.nodes.map((node) =>
      node.id === 'bn2' ? { ...node, inputs: [...node.inputs.slice(0, 3), 'bn1.mean', 'bn1.var'] } : node,
    );
    const engine = await openReference();
    const made = await shuffled(buildGraph({ ...whole, nodes }), engine, [images], 7, 0);
    const found = await activations(engine, made, images, ['bn1', 'bn2']);
    for (const name of ['bn1', 'bn2']) {
      const at = (part: string): Float32Array => whole.constants.get(`${name}.${part}`)?.data as Float32Array;
      const wanted = [...at('scale')].map((g, c) => ({ mean: at('bias')[c] as number, std: Math.abs(g) }));
      expectMoments(found.get(name) as Tensor<'float32'>, wanted);
    }
  });
});
