import { describe, expect, test } from 'vitest';
import type { Graph } from '../../core/network/graph.js';
import { printBase, type Base } from '../../core/plan/impulses.js';
import { runResponseBatch } from '../../core/probe/response-batch.js';
import { float32, sizeOf, type Tensor } from '../../core/tensor.js';
import { cropAt, expectClose, floats, responseOf } from './response-parts.js';
import { groupOf, responseContext, seededImages, tapSmall } from './small-tap.js';
import { SmallNetwork } from '../import/fixtures/small-network.js';

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
