import { describe, expect, test } from 'vitest';
import { buildGraph } from '../../core/network/build.js';
import type { Graph, ValueId } from '../../core/network/graph.js';
import { printBase, type Base } from '../../core/plan/impulses.js';
import { uncropped } from '../../core/probe/crop.js';
import { runResponseBatch, type ResponseResult } from '../../core/probe/response-batch.js';
import { float32, sizeOf, type Tensor } from '../../core/tensor.js';
import { SmallNetwork } from '../network/fixtures/small-network.js';
import { groupOf, responseContext, seededImages, tapSmall, wholeRun } from './small-tap.js';

const SIDE = 16;
const reference = seededImages(3, 2, SIDE);

interface Stage {
  readonly name: string;
  readonly kernels: number;
  readonly size: number;
  readonly stride: number;
}
const stages: readonly Stage[] = [
  { name: 'conv1', kernels: 4, size: 3, stride: 1 },
  { name: 'conv2', kernels: 5, size: 3, stride: 2 },
  { name: 'conv3', kernels: 3, size: 5, stride: 1 },
];

/** Convolutions one behind the other, with biases and without activations. */
function linearGraph(): Graph {
  const net = new SmallNetwork(2, SIDE);
  let last = net.input;
  for (const { name, kernels, size, stride } of stages) last = net.conv(name, last, kernels, { size, stride });
  return net.graph(net.head(last));
}

/** Cross-correlation with zeros around, as it is written down in textbooks: no bias. */
function convolved(x: Tensor<'float32'>, w: Tensor<'float32'>, stride: number): Tensor<'float32'> {
  const [channels, height, width] = x.shape as [number, number, number];
  const [kernels, , size] = w.shape as [number, number, number];
  const pad = (size - 1) / 2;
  const rows = Math.floor((height - 1) / stride) + 1;
  const columns = Math.floor((width - 1) / stride) + 1;
  const y = float32([kernels, rows, columns], new Float32Array(kernels * rows * columns));
  for (let k = 0; k < kernels; k++)
    for (let i = 0; i < rows; i++)
      for (let j = 0; j < columns; j++) {
        let sum = 0;
        for (let c = 0; c < channels; c++)
          for (let u = 0; u < size; u++)
            for (let v = 0; v < size; v++) {
              const [row, column] = [i * stride + u - pad, j * stride + v - pad];
              if (row < 0 || column < 0 || row >= height || column >= width) continue;
              sum +=
                (x.data[(c * height + row) * width + column] as number) *
                (w.data[((k * channels + c) * size + u) * size + v] as number);
            }
        y.data[(k * rows + i) * columns + j] = sum;
      }
  return y;
}

/** The whole response of a site to impulse number i. */
function responseOf(result: ResponseResult, site: string, i: number): Tensor<'float32'> {
  const [, height = 1, width = 1] = result.sites.find(({ name }) => name === site)?.shape as [number, number?, number?];
  const [top, left, rows, columns] = cropAt(result, site, i);
  const part = result.tensors.get(`response/${site}/${i}`) as Tensor<'float32'>;
  return uncropped(part, { top, left, height: rows, width: columns }, height, width);
}

const cropAt = (result: ResponseResult, site: string, i: number): [number, number, number, number] =>
  [...(result.tensors.get(`crop/${site}`) as Tensor<'int32'>).data.subarray(4 * i, 4 * i + 4)] as [
    number,
    number,
    number,
    number,
  ];

const floats = (result: ResponseResult, name: string): Float32Array =>
  (result.tensors.get(name) as Tensor<'float32'>).data;

function expectClose(actual: Float32Array, expected: ArrayLike<number>, tolerance: number): void {
  expect(actual.length).toBe(expected.length);
  const largest = actual.reduce((most, x, j) => Math.max(most, Math.abs(x - (expected[j] as number))), 0);
  expect(largest).toBeLessThan(tolerance);
}

describe('a linear network', () => {
  const graph = linearGraph();
  const bases: readonly Base[] = ['normalised-zero', 'black', 'mean-image', { image: 2 }];
  const record = stages.map(({ name }) => name);

  test.each(bases.map((base) => [printBase(base), base] as const))(
    'responds with the convolution of its kernels, oddly, on %s',
    async (_, base) => {
      const network = await tapSmall(graph);
      const group = groupOf({
        base,
        record,
        channels: [0, 1],
        positions: [
          [8, 8],
          [0, 3],
        ],
      });
      const result = await runResponseBatch(network, group, responseContext(reference));
      expect(result.impulses.length).toBe(8);
      for (const [i, impulse] of result.impulses.entries()) {
        let expected = float32([2, SIDE, SIDE], new Float32Array(2 * SIDE * SIDE));
        expected.data[(impulse.channel * SIDE + impulse.row) * SIDE + impulse.column] = impulse.amplitude;
        for (const { name, stride } of stages) {
          expected = convolved(expected, graph.constants.get(`${name}.weight`) as Tensor<'float32'>, stride);
          expectClose(responseOf(result, name, i).data, expected.data, 2e-5);
          const norms = floats(result, `norm/${name}`);
          const [kernels, ...space] = expected.shape as [number, number, number];
          for (let k = 0; k < kernels; k++) {
            const own = expected.data.subarray(k * sizeOf(space), (k + 1) * sizeOf(space));
            expect(norms[i * kernels + k]).toBeCloseTo(Math.hypot(...own), 4);
          }
        }
      }
      for (const { name } of stages) {
        expect([...floats(result, `oddness/${name}`)].every((oddness) => oddness > 1 - 1e-6)).toBe(true);
        const odd = floats(result, `odd/${name}`);
        const even = floats(result, `even/${name}`);
        odd.forEach((o, j) => expect((even[j] as number) / o).toBeLessThan(1e-5));
        for (const i of [0, 2, 4, 6]) {
          expect(result.impulses[i + 1]).toMatchObject({ ...result.impulses[i], amplitude: -1 });
          const minus = responseOf(result, name, i + 1).data.map((x) => -x);
          expectClose(responseOf(result, name, i).data, minus, 2e-5);
        }
      }
    },
  );

  test('responds in its projective field and nowhere else', async () => {
    const network = await tapSmall(graph);
    for (const [row, column] of [
      [8, 8],
      [0, 15],
      [5, 2],
    ] as const) {
      const group = groupOf({ base: { image: 0 }, record, positions: [[row, column]] });
      const result = await runResponseBatch(network, group, responseContext(reference));
      let fields = [row, column].map((p): readonly [number, number] => [p, p]);
      let length = SIDE;
      for (const { name, size, stride } of stages) {
        const reach = (size - 1) / 2;
        length = Math.ceil(length / stride);
        fields = fields.map(([low, high]) => [
          Math.max(0, Math.ceil((low - reach) / stride)),
          Math.min(length - 1, Math.floor((high + reach) / stride)),
        ]);
        const [[top, bottom], [left, right]] = fields as [readonly [number, number], readonly [number, number]];
        for (const i of [0, 1]) {
          expect(cropAt(result, name, i)).toEqual([top, left, bottom - top + 1, right - left + 1]);
        }
      }
    }
  });

  test('doubles its response with the amplitude; signatures are the odd parts at the smallest one', async () => {
    const network = await tapSmall(graph);
    const amplitudes = { unit: 'input', values: [1, 0.25, -0.25, -1, 2] } as const;
    const result = await runResponseBatch(network, groupOf({ record, amplitudes }), responseContext(reference));
    // Pairs by magnitude; 2 has no partner.
    expect(result.impulses.map(({ pair }) => pair)).toEqual([1, 0, 0, 1, -1]);
    const one = responseOf(result, 'conv3', 0).data;
    expectClose(
      responseOf(result, 'conv3', 4).data,
      one.map((x) => 2 * x),
      5e-5,
    );
    expect(result.grid).toEqual([8, 8]);
    const signature = floats(result, 'signature/conv1');
    const small = responseOf(result, 'conv1', 1).data;
    for (let k = 0; k < 4; k++) {
      for (let p = 0; p < 64; p++) {
        const [y, x] = [2 * Math.floor(p / 8), 2 * (p % 8)];
        expect(signature[k * 64 + p]).toBeCloseTo(small[(k * SIDE + y) * SIDE + x] as number, 5);
      }
    }
  });

  test('keeps signatures alone where responses are not asked for', async () => {
    const network = await tapSmall(graph);
    const group = groupOf({ record, keep: 'signatures' });
    const { tensors } = await runResponseBatch(network, group, responseContext(reference));
    const whole = await runResponseBatch(network, groupOf({ record }), responseContext(reference));
    expect([...tensors.keys()].filter((name) => name.startsWith('response/'))).toEqual([]);
    for (const [name, tensor] of tensors) expect(tensor).toEqual(whole.tensors.get(name));
  });
});

test('a copy of stride 2 has the signature of what it copies', async () => {
  const net = new SmallNetwork(2, SIDE);
  const fine = net.conv('fine', net.input, 4);
  const coarse = net.conv('coarse', net.input, 4, { stride: 2 });
  const pooled = net.node('GlobalAveragePool', 'pool1', [fine]);
  const sum = net.add('sum', pooled, net.node('GlobalAveragePool', 'pool2', [coarse]));
  const graph = net.graph(net.head(sum));
  const constants = new Map(graph.constants).set('coarse.weight', graph.constants.get('fine.weight') as Tensor);
  const network = await tapSmall({ ...graph, constants });
  const group = groupOf({
    base: { image: 1 },
    record: ['fine', 'coarse'],
    positions: [
      [8, 8],
      [7, 8],
      [5, 5],
    ],
    channels: [0, 1],
  });
  const result = await runResponseBatch(network, group, responseContext(reference));
  const [a, b] = [floats(result, 'signature/fine'), floats(result, 'signature/coarse')];
  const features = a.length / 4;
  expect(features).toBe(6 * 64);
  for (let k = 0; k < 4; k++) {
    const [x, y] = [a, b].map((s) => s.subarray(k * features, (k + 1) * features)) as [Float32Array, Float32Array];
    const dot = x.reduce((total, value, j) => total + value * (y[j] as number), 0);
    expect(dot / (Math.hypot(...x) * Math.hypot(...y))).toBeCloseTo(1, 6);
  }
});

describe('a residual network with activations', () => {
  const net = new SmallNetwork(2, 8);
  const stem = net.relu('relu1', net.conv('conv1', net.input, 4));
  const inner = net.relu('relu2', net.conv('conv2', stem, 4));
  const branch = net.conv('conv3', inner, 4);
  const joined = net.relu('relu3', net.add('add', branch, stem));
  const last = net.conv('conv4', joined, 3, { stride: 2 });
  const graph = net.graph(net.head(last));
  const images = seededImages(2, 2, 8);

  /** The whole network with a constant added to one value. */
  function nudged(value: ValueId, delta: Tensor): Graph {
    const constants = new Map(graph.constants).set('delta', delta);
    const nodes = graph.nodes.flatMap((node) => {
      const own = { ...node, inputs: node.inputs.map((input) => (input === value ? 'nudged' : input)) };
      if (node.outputs[0] !== value) return [own];
      return [own, { id: 'nudge', op: 'Add' as const, inputs: [value, 'delta'], outputs: ['nudged'] }];
    });
    return buildGraph({ ...graph, nodes, constants });
  }

  test('answers impulses at inner sites as the whole network would with that element changed', async () => {
    const network = await tapSmall(graph);
    for (const at of ['conv1', 'conv2', 'conv3']) {
      const site = network.site(at);
      const record = network.anatomy.sites.filter((other) => other.depth > site.depth).map((other) => other.name);
      expect(record.length).toBeGreaterThan(0);
      const group = groupOf({
        at,
        base: { image: 1 },
        channels: [0, 1, 2],
        positions: [[3, 5]],
        amplitudes: { unit: 'input', values: [0.5, 40, -2] },
        record,
      });
      const result = await runResponseBatch(network, group, responseContext(images));
      const values = record.map((name) => network.site(name).value);
      const image = float32([1, 2, 8, 8], images.data.subarray(128));
      const intact = wholeRun(graph, image, values);
      let answered = 0;
      for (const [i, { channel, amplitude }] of result.impulses.entries()) {
        const delta = float32([1, ...site.shape], new Float32Array(sizeOf(site.shape)));
        delta.data[(channel * 8 + 3) * 8 + 5] = amplitude;
        const changed = wholeRun(nudged(site.value, delta), image, values);
        record.forEach((name, v) => {
          const value = values[v] as ValueId;
          const base = (intact.get(value) as Tensor<'float32'>).data;
          const expected = (changed.get(value) as Tensor<'float32'>).data.map((x, j) => x - (base[j] as number));
          answered += expected.filter((x) => x !== 0).length;
          expectClose(responseOf(result, name, i).data, expected, 1e-4);
        });
      }
      expect(answered).toBeGreaterThan(5);
    }
  });

  test('answers impulses in standard deviations of the input channel over the reference images', async () => {
    const network = await tapSmall(graph);
    const scaled = float32(
      images.shape,
      images.data.map((x, j) => (Math.floor(j / 64) % 2 === 0 ? 3 * x + 1 : x)),
    );
    const group = groupOf({
      channels: [0, 1],
      positions: [[4, 4]],
      amplitudes: { unit: 'std', values: [0.1, -0.1, 1] },
      record: ['conv1'],
    });
    const { impulses } = await runResponseBatch(network, group, responseContext(scaled));
    const deviations = [0, 1].map((c) => {
      const values = [...scaled.data].filter((_, j) => Math.floor(j / 64) % 2 === c);
      const mean = values.reduce((sum, x) => sum + x, 0) / values.length;
      return Math.sqrt(values.reduce((sum, x) => sum + (x - mean) ** 2, 0) / values.length);
    });
    impulses.forEach(({ channel, amplitude }, i) => {
      expect(amplitude).toBeCloseTo(([0.1, -0.1, 1][i % 3] as number) * (deviations[channel] as number), 9);
    });
    expect(impulses.map(({ pair }) => pair)).toEqual([0, 0, -1, 1, 1, -1]);
  });

  test('refuses a reference image that is not there', async () => {
    const network = await tapSmall(graph);
    const asked = runResponseBatch(
      network,
      groupOf({ base: { image: 2 }, record: ['conv1'] }),
      responseContext(images),
    );
    await expect(asked).rejects.toMatchObject({ code: 'SPEC_INVALID' });
  });
});
