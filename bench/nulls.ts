import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { parseArgs } from 'node:util';
import { openOnnxruntime } from '../core/engine/onnxruntime.js';
import { importNetwork } from '../core/import/import-network.js';
import { importOnnx } from '../core/import/onnx/import-onnx.js';
import { float32 } from '../core/tensor.js';
import type { ExcessRow } from '../core/tables/schema.js';
import { imagesFolder, writeImages } from '../experiments/zoo/images.js';
import { mistake, wholeNumber } from './flags.js';
import { scoreNull, spreadOfP, type Trained } from './null-trials.js';
import { input } from './sweep.js';

/** Whether shuffles that are scored as networks, by studies from spec to tables, have uniform rank p. */
const { values: flags } = parseArgs({
  options: {
    network: { type: 'string', default: 'plain-nobn' },
    trials: { type: 'string', default: '40' },
    nulls: { type: 'string', default: '19' },
    bases: { type: 'string', default: '16' },
    data: { type: 'string', default: '../shared/data' },
  },
});
const say = (line: string): void => void process.stdout.write(`${line}\n`);
const trials = wholeNumber(flags, 'trials');
const size = { nulls: wholeNumber(flags, 'nulls'), bases: wholeNumber(flags, 'bases') };
const images = 100;

/** The demo network that is a chain, on Fashion-MNIST. */
async function demo(): Promise<Trained> {
  writeImages();
  const folder = path.join(imagesFolder, '..', 'plain-nobn');
  const names = ['model.json', 'weights.bin'];
  const files = await Promise.all(
    names.map(async (name) => [name, new Uint8Array(await readFile(path.join(folder, name)))] as const),
  );
  const pixels = await readFile(path.join(imagesFolder, 'train-images-idx3-ubyte'));
  const set = (part: string, count: number): object => ({
    format: 'idx',
    files: [path.join(imagesFolder, `${part}-images-idx3-ubyte`)],
    labels: [path.join(imagesFolder, `${part}-labels-idx1-ubyte`)],
    images: count,
    order: 'file',
  });
  return {
    graph: await importNetwork('demo', 'tfjs', new Map(files), 'model.json'),
    reference: float32(
      [images, 28, 28, 1],
      Float32Array.from(pixels.subarray(16, 16 + images * 784), (value) => value / 255),
    ),
    spec: {
      data: { test: set('test', 50), train: set('train', images) },
      defaults: { data: 'test', reference: 'train', input: { divide: 255, mean: [0], std: [1] } },
    },
  };
}

/** A network of the data folder, on CIFAR-10. */
async function cifar(name: string): Promise<Trained> {
  const file = (part: string): string => path.join(path.resolve(flags.data), part);
  const train = file('images/cifar10/cifar10_train_0000-1999.bin');
  const bytes = await readFile(train);
  const [area, record] = [1024, 3073];
  const pixels = Float32Array.from({ length: images * 3 * area }, (_, i) => {
    const [image, at] = [Math.floor(i / (3 * area)), i % (3 * area)];
    const channel = Math.floor(at / area);
    return (bytes[image * record + 1 + at]! / input.divide - input.mean[channel]!) / input.std[channel]!;
  });
  const set = (files: string, count: number): object => ({ format: 'cifar10', files, images: count, order: 'file' });
  return {
    graph: importOnnx(name, new Uint8Array(await readFile(file(`models/${name}.onnx`)))),
    reference: float32([images, 3, 32, 32], pixels),
    spec: {
      data: { test: set(file('images/cifar10/cifar10_test_0000-0499.bin'), 50), train: set(train, images) },
      defaults: { data: 'test', reference: 'train', input },
    },
  };
}

const measures = ['sr', 'r2_same', 'r2_far'] as const satisfies readonly ExcessRow['measure'][];
const levels = [0.05, 0.1, 0.25, 0.5, 0.75];
const engine = await openOnnxruntime({ device: 'cpu', threads: 1 });
try {
  if (size.nulls < 1) throw mistake('--nulls: at least one');
  const trained = flags.network === 'plain-nobn' ? await demo() : await cifar(flags.network);
  const found = new Map<string, number[]>(measures.map((measure) => [measure, []]));
  for (let trial = 0; trial < trials; trial++) {
    for (const { measure, kind, p } of await scoreNull(trained, engine, trial, size))
      if (kind === 'shuffled') found.get(measure)?.push(p);
    process.stderr.write(`${trial + 1} of ${trials}\r`);
  }
  say(
    `${flags.network}: ${trials} shuffles, each a network with ${size.nulls} shuffles of its own, ${size.bases} base images`,
  );
  say(`| measure | trials | ${levels.map((level) => `p ≤ ${level}`).join(' | ')} | χ² (${size.nulls}) |`);
  say(`| --- | --- | ${levels.map(() => '---').join(' | ')} | --- |`);
  for (const [measure, values] of found) {
    const { shares, chi } = spreadOfP(values, size.nulls, levels);
    say(
      `| ${measure} | ${values.length} | ${shares.map((share) => share.toFixed(3)).join(' | ')} | ${chi.toFixed(1)} |`,
    );
  }
} finally {
  await engine.close();
}
