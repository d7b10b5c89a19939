import { existsSync } from 'node:fs';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { parseArgs } from 'node:util';
import { Ledger } from '../core/ledger/ledger.js';
import { emitOnnx } from '../core/network/emit-onnx.js';
import { memoryStore } from '../core/store/memory-store.js';
import type { CostModel } from '../core/plan/cost.js';
import { Catalog } from '../core/study/catalog.js';
import { planOf } from '../core/study/planning/plan-report.js';
import { readStudy } from '../core/study/preparing/prepare-study.js';
import { proposedMode } from '../core/study/preparing/choose-mode.js';
import { writeNpy } from './npy-file.js';
import { float32, tensor } from '../core/tensor.js';
import { measureCost } from '../workers/measure-cost.js';
import { mistake } from './flags.js';
import { processorSeconds } from './process-status.js';
import { randomImages, randomNetwork } from './random-networks.js';
import { machineName, record, recordOptions } from './record.js';
import { printSpread, spreadOf } from './spread.js';
import { inProcess, studySweep } from './study-sweep.js';
import { imageFile, input } from './sweep.js';

/** What `percuss plan` predicts, with a cost model measured a moment before, against what sweeps of many kinds take. */
const { values: flags } = parseArgs({
  options: {
    sweeps: { type: 'string' },
    images: { type: 'string', default: '250' },
    /** Share of the conditions that the sweeps have by default. */
    share: { type: 'string', default: '1' },
    rounds: { type: 'string', default: '5' },
    threads: { type: 'string', default: '2' },
    data: { type: 'string', default: '../shared/data' },
    ...recordOptions,
  },
});

/** Predicted by measured must lie within these. */
const within = 0.3;
const say = (line = ''): void => void process.stdout.write(`${line}\n`);
const share = (count: number): number => Math.max(1, Math.round(count * Number(flags.share)));

/** Parts of a spec; paths are absolute. */
interface Sweep {
  readonly title: string;
  readonly network: 'cifar10_resnet20' | 'cifar10_resnet56' | 'resnet18';
  readonly images: number;
  readonly ask: Readonly<Record<string, object>>;
}

const cifarImages = Number(flags.images);
const grid = [3, 9, 16, 22, 28].flatMap((row) => [3, 9, 16, 22, 28].map((column) => [row, column]));
const kernels = { unit: 'kernel', fill: ['zero'] };
const small = [0.02, 0.05, 0.1, 0.2];
const tenths = [0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9];

const ablation = (more: object): Sweep['ask'] => ({ ablations: { sweep: { ...kernels, ...more } } });
/** Single kernels of some layers, so many in all: one of a layer is what so small a fraction takes. */
const single = (layers: readonly string[], fraction: number, conditions: number): Sweep['ask'] =>
  ablation({ layers, mode: 'random', spread: ['one-layer'], fractions: [fraction], trials: share(conditions) });

const sweeps: Readonly<Record<string, Sweep>> = {
  early: {
    title: 'single kernels of the first stage of ResNet-20',
    network: 'cifar10_resnet20',
    images: cifarImages,
    ask: single(['conv1', 'layer1*'], 1 / 112, 112),
  },
  late: {
    title: 'single kernels of the last stage of ResNet-20',
    network: 'cifar10_resnet20',
    images: cifarImages,
    ask: single(['layer3*'], 1 / 384, 384),
  },
  all: {
    title: 'single kernels of all layers of ResNet-20',
    network: 'cifar10_resnet20',
    images: cifarImages,
    ask: single(['*'], 1 / 688, 342),
  },
  'one-layer': {
    title: 'random within one layer of ResNet-20',
    network: 'cifar10_resnet20',
    images: cifarImages,
    ask: ablation({ layers: ['*'], mode: 'random', spread: ['one-layer'], fractions: small, trials: share(60) }),
  },
  'all-depths': {
    title: 'random over all depths of ResNet-20',
    network: 'cifar10_resnet20',
    images: cifarImages,
    ask: ablation({ layers: ['*'], mode: 'random', spread: ['all-depths'], fractions: small, trials: share(30) }),
  },
  cumulative: {
    title: 'cumulative over all depths of ResNet-20',
    network: 'cifar10_resnet20',
    images: cifarImages,
    ask: ablation({ layers: ['*'], mode: 'cumulative', order: 'random', fractions: tenths, trials: share(14) }),
  },
  pairs: {
    title: 'pairs of kernels of ResNet-20',
    network: 'cifar10_resnet20',
    images: cifarImages,
    ask: ablation({ layers: ['*'], mode: 'pairs', within: ['any'], budget: share(120) }),
  },
  resnet56: {
    title: 'single kernels of all layers of ResNet-56',
    network: 'cifar10_resnet56',
    images: cifarImages,
    ask: single(['*'], 1 / 2032, 110),
  },
  resnet18: {
    title: 'single kernels of all layers of ResNet-18, 224 × 224, random weights',
    network: 'resnet18',
    images: 16,
    ask: single(['*'], 1 / 4800, 72),
  },
  impulses: {
    title: 'impulses on 16 images, ResNet-56, every site recorded',
    network: 'cifar10_resnet56',
    images: 50,
    ask: {
      impulses: {
        sweep: {
          channels: 'each',
          positions: grid.slice(0, share(25)),
          amplitudes: [1, -1],
          base: { images: 16 },
          record: '*',
        },
      },
    },
  },
};

/** YAML is a superset of JSON, so this is a spec. */
function specOf(sweep: Sweep, data: string, folder: string): string {
  const cifar = (file: string, images: number): object => ({ format: 'cifar10', files: [file], images });
  const large = { format: 'npy', files: [path.join(folder, 'images.npy')], labels: [path.join(folder, 'labels.npy')] };
  const isLarge = sweep.network === 'resnet18';
  return JSON.stringify({
    version: 1,
    study: 'prediction',
    seed: 7,
    data: isLarge
      ? { test: large, train: large }
      : {
          test: cifar(imageFile(data), sweep.images),
          train: cifar(path.join(data, 'images/cifar10/cifar10_train_0000-1999.bin'), 50),
        },
    defaults: {
      data: 'test',
      reference: 'train',
      input: isLarge ? { divide: 1, mean: [0], std: [1] } : input,
      output: { kind: 'logits' },
    },
    models: {
      network: {
        file: isLarge ? path.join(folder, 'resnet18.onnx') : path.join(data, 'models', `${sweep.network}.onnx`),
      },
    },
    ...sweep.ask,
    ...('impulses' in sweep.ask ? { analysis: { nulls: { shuffled: 0 } } } : {}),
    run: { batchSeconds: 5, workers: Number(flags.threads) },
  });
}

async function writeLarge(folder: string, images: number): Promise<void> {
  await writeFile(path.join(folder, 'resnet18.onnx'), emitOnnx(randomNetwork('resnet18')));
  const pixels = randomImages(images);
  await writeFile(path.join(folder, 'images.npy'), writeNpy(float32(pixels.shape, pixels.data)));
  await writeFile(path.join(folder, 'labels.npy'), writeNpy(tensor('uint16', [images], new Uint16Array(images))));
}

/** Seconds from the first batch to the last, by a cost model that processes of their own measure a moment before. */
async function predicted(
  spec: string,
): Promise<{ readonly seconds: number; readonly cells: number; readonly cost: CostModel }> {
  const { spec: study, resolved } = await readStudy(spec);
  const catalog = new Catalog((digest) => Promise.resolve(resolved.blobs.get(digest) as Uint8Array));
  const mode = proposedMode(study.run);
  const cost = await measureCost(mode);
  const ledger = new Ledger(memoryStore());
  const plan = await planOf(ledger, catalog, resolved, mode, study.run, cost);
  return { seconds: plan.wallSeconds, cells: plan.units, cost };
}

const printed = (cost: CostModel): string =>
  `${(cost.macsPerSecond / 1e9).toFixed(0)} GMAC/s, ${(cost.bytesPerSecond / 1e9).toFixed(0)} GB/s, host ${(cost.hostBytesPerSecond / 1e9).toFixed(1)} GB/s, ` +
  `a process ready in ${cost.secondsPerProcess.toFixed(1)} s`;

async function main(data: string): Promise<void> {
  say(machineName());
  const asked = flags.sweeps?.split(',') ?? Object.keys(sweeps);
  const unknown = asked.find((name) => sweeps[name] === undefined);
  if (unknown !== undefined) throw mistake(`--sweeps has no ${unknown}; it takes ${Object.keys(sweeps).join(', ')}`);
  const folder = await mkdtemp(path.join(tmpdir(), 'percuss-bench-'));
  const threads = Number(flags.threads);
  try {
    await writeLarge(folder, sweeps['resnet18']?.images ?? 1);
    const figures = [];
    for (const name of asked) {
      const sweep = sweeps[name] as Sweep;
      const spec = path.join(folder, 'study.yaml');
      await writeFile(spec, specOf(sweep, data, folder));
      const ratios: number[] = [];
      for (let round = 0; round < Number(flags.rounds); round++) {
        const plan = await predicted(spec);
        const { seconds, computed, seen } = await studySweep(
          path.join(folder, `${name}-${round}`),
          spec,
          threads,
          inProcess(threads),
          (_, __, ___, children) => Promise.resolve(processorSeconds(children.pids())),
        );
        if (computed !== plan.cells) throw new Error(`${name}: ${computed} cells were computed, ${plan.cells} planned`);
        ratios.push(plan.seconds / seconds);
        const processor = seen === undefined ? '' : `, ${seen.toFixed(1)} s of processor time`;
        say(
          `${name}, round ${round + 1}: ${plan.seconds.toFixed(1)} s on ${threads} processes predicted for ${plan.cells} cells, ` +
            `${seconds.toFixed(1)} s taken${processor}; ${printed(plan.cost)}`,
        );
      }
      const ratio = spreadOf(ratios);
      const good = ratio.median <= 1 + within && ratio.median >= 1 / (1 + within);
      say(`${sweep.title}: predicted ÷ taken ${printSpread(ratio)}: ${good ? 'within' : 'NOT WITHIN'} 30 %`);
      figures.push({
        what: `${sweep.title}: time predicted ÷ time taken`,
        value: ratio,
        unit: '',
        mark: 1 + within,
        least: 1 / (1 + within),
        better: 'lower' as const,
      });
    }
    await record('prediction', flags, Number(flags.rounds), figures);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

const data = path.resolve(flags.data);
if (existsSync(data)) await main(data);
else say(`SKIPPED: ${flags.data} is not here, so there are no networks to run; name the folder: --data`);
