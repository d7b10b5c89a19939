import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { spreadOfP } from '../../bench/null-trials.js';
import type { Ref } from '../../core/digest.js';
import { openOnnxruntime } from '../../core/engine/onnxruntime.js';
import { importOnnx } from '../../core/import/onnx/import-onnx.js';
import { Ledger } from '../../core/ledger/ledger.js';
import { emitOnnx } from '../../core/network/emit-onnx.js';
import { nullNetwork } from '../../core/probe/null-network.js';
import { Recalibration } from '../../core/probe/recalibration.js';
import { randomStream } from '../../core/random.js';
import { memoryStore } from '../../core/store/memory-store.js';
import { float32 } from '../../core/tensor.js';
import { floats, onnxFile } from '../builders/onnx-model.js';
import { runFile } from '../builders/studies.js';
import { writeInputs } from './yaml-study.js';

const images = 12;
const [trials, nulls] = [20, 4];
const folder = mkdtempSync(path.join(tmpdir(), 'percuss-null-as-network-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** Three convolutions whose weights have a structure that shuffling takes away: each kernel stands twice, the second time doubled. */
function structured(): Uint8Array {
  const random = randomStream(5, 'structured');
  const twice = (kernels: number, size: number): number[] => {
    const half = Array.from({ length: kernels / 2 }, () => Array.from({ length: size }, () => random.normal()));
    return [...half.flat(), ...half.flat().map((weight) => 2 * weight)];
  };
  const conv = (name: string, input: string, output: string) => ({
    op: 'Conv',
    name,
    inputs: [input, `${name}.weight`, `${name}.bias`],
    outputs: [output],
    attributes: { kernel_shape: [3, 3], pads: [1, 1, 1, 1] },
  });
  const bias = (name: string, kernels: number) => floats(`${name}.bias`, [kernels], Array(kernels).fill(0.1));
  return onnxFile({
    inputs: { x: ['n', 2, 8, 8] },
    outputs: ['y'],
    nodes: [
      conv('conv1', 'x', 'a1'),
      { op: 'Relu', inputs: ['a1'], outputs: ['r1'] },
      conv('conv2', 'r1', 'a2'),
      { op: 'Relu', inputs: ['a2'], outputs: ['r2'] },
      conv('conv3', 'r2', 'a3'),
      { op: 'Relu', inputs: ['a3'], outputs: ['r3'] },
      { op: 'GlobalAveragePool', inputs: ['r3'], outputs: ['e'] },
      { op: 'Flatten', inputs: ['e'], outputs: ['f'] },
      { op: 'MatMul', inputs: ['f', 'fc.weight'], outputs: ['y'] },
    ],
    initialisers: [
      floats('conv1.weight', [6, 2, 3, 3], twice(6, 18)),
      floats('conv2.weight', [8, 6, 3, 3], twice(8, 54)),
      floats('conv3.weight', [8, 8, 3, 3], twice(8, 72)),
      bias('conv1', 6),
      bias('conv2', 8),
      bias('conv3', 8),
      floats('fc.weight', [8, 4], twice(4, 8)),
    ],
  });
}

const random = randomStream(5, 'images');
const pixels = Array.from({ length: images }, () => Float32Array.from({ length: 128 }, () => random.normal()));
const file = path.join(folder, 'study.yaml');

/** The rows of `excess` of a network, by a study from its file to its tables. */
async function scored(network: Uint8Array, seed: number): Promise<ReadonlyMap<string, number>> {
  writeInputs(
    folder,
    network,
    pixels,
    [2, 8, 8],
    pixels.map((_, i) => i % 4),
  );
  writeFileSync(
    file,
    `version: 1
study: null-as-network
seed: ${seed}
data: { test: { format: npy, files: x.npy, labels: y.npy, order: file } }
models: { net: { file: net.onnx, data: test } }
impulses: { images: { base: { images: 8 }, amplitudes: { std: [0.1, -0.1] } } }
analysis: { nulls: { shuffled: ${nulls} }, rarefy: { kernels: 4, sites: 3 } }
`,
  );
  // The analysis is what is asked; the report would cost more than all else.
  const left = {} as Ref<never>;
  const ran = await runFile(new Ledger(memoryStore()), file, {
    wrapSteps: (steps) => ({
      ...steps,
      analyse: () => Promise.resolve(left),
      writeReport: () => Promise.resolve({ report: left, summary: left }),
    }),
  });
  const { excess } = await ran.tables();
  return new Map(excess.map(({ measure, p }) => [measure, p]));
}

test('a null that is scored as if it were a network has uniform p, from its file to the table; the network whose null it is has not', async () => {
  const engine = await openOnnxruntime({ device: 'cpu', threads: 1 });
  try {
    const graph = importOnnx('net', structured());
    const reference = float32([images, 2, 8, 8], Float32Array.from(pixels.flatMap((image) => [...image])));
    const found = new Map<string, number[]>();
    for (let trial = 0; trial < trials; trial++) {
      const recalibration = new Recalibration(graph, engine, [reference]);
      const shuffled = await nullNetwork(graph, recalibration, 1, { shuffled: trial });
      for (const [measure, p] of await scored(emitOnnx(shuffled), 100 + trial))
        found.set(measure, [...(found.get(measure) ?? []), p]);
    }
    expect([...found.keys()]).toEqual(['sr', 'r2_same', 'r2_far']);
    for (const [measure, values] of found) {
      expect(values).toHaveLength(trials);
      // Chi-squared of 4 degrees of freedom: 0.001 lie above 18.5.
      expect([measure, spreadOfP(values, nulls, []).chi < 18.5, values]).toEqual([measure, true, values]);
    }
    // Of kernels that stand twice the others predict each: none of the nulls reaches that.
    expect((await scored(structured(), 7)).get('r2_same')).toBe(1 / (1 + nulls));
  } finally {
    await engine.close();
  }
}, 120_000);
