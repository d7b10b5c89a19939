import { spawnSync } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { parseArgs } from 'node:util';
import { weightBytes } from '../core/network/cost.js';
import { anatomyOf } from '../core/anatomy/anatomy.js';
import type { Layer } from '../core/anatomy/site.js';
import { emitOnnx } from '../core/network/emit-onnx.js';
import { writeNpy } from './npy-file.js';
import { float32, tensor } from '../core/tensor.js';
import { mistake, sampleOf, wholeNumber } from './flags.js';
import { residentBytes, tellsProcesses } from './process-status.js';
import { isArchitecture, randomImages, randomNetwork } from './random-networks.js';
import { machineName, record, recordOptions } from './record.js';
import { printSpread, spreadOf } from './spread.js';
import { inProcess, studySweep } from './study-sweep.js';

/** Kernel leave-one-out of a large network on a sample of its layers: how much memory a compute process takes at most. */
const { values: flags } = parseArgs({
  options: {
    model: { type: 'string', default: 'resnet50' },
    layers: { type: 'string', default: '6' },
    kernels: { type: 'string', default: '8' },
    images: { type: 'string', default: '16' },
    rounds: { type: 'string', default: '5' },
    ...recordOptions,
  },
});

/**
 * What a process may hold besides the model, twice: kept activations of walks and of branching conditions, of a run, what
 * the engine needs while it compiles and runs, and what the allocator doesn't give back at once. Bytes.
 */
const activationBudget = 512 * 2 ** 20;
const [rounds, kernels, images] = [
  wholeNumber(flags, 'rounds'),
  wholeNumber(flags, 'kernels'),
  wholeNumber(flags, 'images'),
];
const say = (line: string): void => void process.stdout.write(`${line}\n`);
const mebibytes = (bytes: number): number => bytes / 2 ** 20;

/** Single kernels of some layers, evenly spread over depth. YAML is a superset of JSON, so this is a spec. */
function specOf(layers: readonly Layer[]): string {
  const data = { format: 'npy', files: ['images.npy'], labels: ['labels.npy'] };
  return JSON.stringify({
    version: 1,
    study: 'memory',
    seed: 7,
    data: { test: data },
    defaults: {
      data: 'test',
      reference: 'test',
      input: { divide: 1, mean: [0], std: [1] },
      output: { kind: 'logits' },
    },
    models: { network: { file: 'model.onnx' } },
    ablations: {
      // One kernel of all that are selected: within one layer, at least one, so exactly that.
      kernels: {
        unit: 'kernel',
        layers: layers.map(({ name }) => name),
        mode: 'random',
        spread: ['one-layer'],
        fractions: [1 / layers.reduce((sum, layer) => sum + layer.kernels, 0)],
        trials: layers.length * kernels,
        fill: ['zero'],
      },
    },
    run: { batchSeconds: 20 },
  });
}

async function main(): Promise<void> {
  const { model } = flags;
  if (!isArchitecture(model)) throw mistake(`--model has no ${model}`);
  say(machineName());
  const folder = await mkdtemp(path.join(tmpdir(), 'percuss-bench-'));
  try {
    const graph = randomNetwork(model);
    const bytes = weightBytes(graph);
    const all = anatomyOf(graph, { after: 'activation' }).layers;
    const layers = sampleOf(all, wholeNumber(flags, 'layers'));
    const pixels = randomImages(images);
    await writeFile(path.join(folder, 'model.onnx'), emitOnnx(graph));
    await writeFile(path.join(folder, 'images.npy'), writeNpy(float32(pixels.shape, pixels.data)));
    const labels = new Uint16Array(images);
    await writeFile(path.join(folder, 'labels.npy'), writeNpy(tensor('uint16', [labels.length], labels)));
    const spec = path.join(folder, 'study.yaml');
    await writeFile(spec, specOf(layers));
    const base = baseOf();
    const allowed = base + 2 * bytes + activationBudget;
    const peaks: number[] = [];
    for (let round = 0; round < rounds; round++) {
      const { seconds, computed, seen } = await studySweep(
        path.join(folder, `store-${round}`),
        spec,
        1,
        inProcess(1),
        (_, __, ___, children) => Promise.resolve(residentBytes(children.pids()[0] as number)),
      );
      peaks.push(mebibytes(seen.most));
      say(
        `${model}: ${computed} cells of ${layers.length} layers on ${images} images in ${seconds.toFixed(0)} s: ` +
          `at most ${mebibytes(seen.most).toFixed(0)} MiB resident, ${mebibytes(seen.now).toFixed(0)} MiB at the end`,
      );
    }
    const peak = spreadOf(peaks);
    say(
      `  allowed: ${mebibytes(allowed).toFixed(0)} MiB = Node and onnxruntime ${mebibytes(base).toFixed(0)} + 2 × weights ${mebibytes(bytes).toFixed(0)} ` +
        `+ activations ${mebibytes(activationBudget).toFixed(0)}; taken: ${printSpread(peak, 0)}`,
    );
    const what = `${model}, kernel leave-one-out of ${layers.length} layers × ${kernels} kernels × ${images} images of 224 × 224: peak resident memory of the compute process`;
    await record('memory', flags, rounds, [
      {
        what,
        value: peak,
        unit: ' MiB',
        mark: mebibytes(allowed),
        better: 'lower',
        note: `the mark is ${mebibytes(base).toFixed(0)} MiB of Node and onnxruntime + 2 × ${mebibytes(bytes).toFixed(0)} MiB of weights + ${mebibytes(activationBudget).toFixed(0)} MiB for activations`,
      },
    ]);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

/** What a process takes that has the code and the library, and no network: this one, before it makes any. */
function baseOf(): number {
  const script = `import { openOnnxruntime } from ${JSON.stringify(new URL('../core/engine/onnxruntime.js', import.meta.url).href)};
    await import(${JSON.stringify(new URL('../workers/compute-batch.js', import.meta.url).href)});
    await openOnnxruntime();
    console.log(process.memoryUsage.rss());`;
  const { stdout } = spawnSync(process.execPath, ['--input-type=module', '-e', script], { encoding: 'utf8' });
  return Number(stdout.trim().split('\n').at(-1));
}

if (tellsProcesses) await main();
else say('SKIPPED: the memory of a process is read from /proc, which is not here');
