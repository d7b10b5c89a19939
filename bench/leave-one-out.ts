import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { cpus } from 'node:os';
import path from 'node:path';
import { parseArgs } from 'node:util';
import { anatomyOf } from '../core/anatomy/anatomy.js';
import { importOnnx } from '../core/import/onnx/import-onnx.js';
import type { Graph } from '../core/network/graph.js';
import { noWork, secondsFor } from '../core/plan/cost.js';
import { workloadOf } from '../core/study/planning/workload.js';
import { oneIn, sampleOf, wholeNumber } from './flags.js';
import { LesionProcesses } from './lesion-processes.js';
import { isArchitecture, randomNetwork } from './random-networks.js';
import { record, recordOptions, type Figure } from './record.js';
import { inTurns, printAgreement } from './rounds.js';
import { printSpread, spreadOf } from './spread.js';
import { kernelOf, type Kernel, type Subject, type SweepRun } from './sweep.js';
import { TorchLoop, type TorchOptions } from './torch-loop.js';

/** Every kernel of a network removed once: percuss, percuss without shared beginnings, and a loop of hooks in PyTorch. */
const { values: flags } = parseArgs({
  options: {
    models: { type: 'string', default: 'cifar10_resnet20,cifar10_resnet56,resnet18,resnet50,mobilenet_v2' },
    images: { type: 'string', default: '256' },
    /** Of 224 × 224, with random weights. */
    'large-images': { type: 'string', default: '16' },
    /** Kernels of a large network at most, evenly spread over its layers. */
    'large-kernels': { type: 'string', default: '96' },
    'layers-sample': { type: 'string' },
    every: { type: 'string', default: '1' },
    'rivals-every': { type: 'string', default: '1' },
    rounds: { type: 'string', default: '3' },
    threads: { type: 'string', default: '2' },
    data: { type: 'string', default: '../shared/data' },
    python: { type: 'string', default: 'python3' },
    'torch-batch': { type: 'string' },
    ...recordOptions,
  },
});

/**
 * As ratios of time on the trained networks; against whole forwards, no more can be reached than sharing saves. PyTorch as it is installed
 * hangs on the machine's allocator, and is held to none.
 */
const marks: Partial<Record<Rival, number>> = { whole: 3, torchKeeping: 5.5 };
const figures: Figure[] = [];

const say = (line = ''): void => void process.stdout.write(`${line}\n`);

interface Planned {
  readonly kernels: readonly Kernel[];
  readonly layers: number;
  readonly whole: number;
  /** Multiply-accumulates of an image, differences of one channel carried or not. */
  readonly behind: (kernel: Kernel, carried?: boolean) => number;
}

async function graphOf({ data, network }: Subject): Promise<Graph> {
  if (isArchitecture(network)) return randomNetwork(network);
  return importOnnx(network, await readFile(path.join(data, 'models', `${network}.onnx`)));
}

async function planOf(subject: Subject): Promise<Planned> {
  const graph = await graphOf(subject);
  const anatomy = anatomyOf(graph, { after: 'activation' });
  const workload = workloadOf(graph, anatomy);
  const layers = sampleOf(
    anatomy.layers,
    flags['layers-sample'] === undefined ? Infinity : wholeNumber(flags, 'layers-sample'),
  );
  const all = layers.flatMap(({ site, kernels: channels }) =>
    [...Array(channels).keys()].map((channel) => kernelOf(site, channel)),
  );
  const every = isArchitecture(subject.network)
    ? Math.ceil(all.length / wholeNumber(flags, 'large-kernels'))
    : wholeNumber(flags, 'every');
  return {
    kernels: oneIn(all, every),
    layers: layers.length,
    whole: workload.whole.macs,
    behind: ({ site }, carried = true) => workload.behind(site, carried).macs,
  };
}

type Rival = 'torchKeeping' | 'torch' | 'whole';

/**
 * The PyTorch loop over all kernels, in a process of its own: what its allocator came to in one round decides nothing in the
 * next. Its first passes are slow, so it begins with a few kernels that are not timed.
 */
async function torchSweep(
  subject: Subject,
  options: TorchOptions,
  warm: readonly Kernel[],
  kernels: readonly Kernel[],
): Promise<SweepRun> {
  const loop = await TorchLoop.open(subject, options);
  if (typeof loop === 'string') throw new Error(`there is no PyTorch any more: ${loop}`);
  try {
    await loop.run(warm, subject.images);
    return await loop.run(kernels, subject.images);
  } finally {
    await loop.close();
  }
}

/** Version of PyTorch, or why there is none. */
async function torchVersion(subject: Subject, options: TorchOptions): Promise<{ version: string } | string> {
  const loop = await TorchLoop.open(subject, options);
  if (typeof loop !== 'string') await loop.close();
  return loop;
}

async function compare(subject: Subject, processes: LesionProcesses): Promise<void> {
  const { images } = subject;
  const { kernels, layers, whole, behind } = await planOf(subject);
  const total = (carried: boolean): number => kernels.reduce((sum, kernel) => sum + behind(kernel, carried), 0);
  const work = { percuss: total(true), shared: total(false), whole: kernels.length * whole };
  const seconds = (macs: number): number => secondsFor(images, { ...noWork, macs });
  say(`\n${subject.network}: ${kernels.length} kernels of ${layers} layers × ${images} images, fill zero`);
  say(
    `  sharing beginnings saves at most ${(work.whole / work.shared).toFixed(2)}×, and with differences of one channel carried ` +
      `${(work.whole / work.percuss).toFixed(2)}× (multiply-accumulates)`,
  );

  const threads = wholeNumber(flags, 'threads');
  const torch: TorchOptions = {
    python: flags.python,
    threads,
    batch: flags['torch-batch'] === undefined ? images : wholeNumber(flags, 'torch-batch'),
    script: path.resolve('bench/leave_one_out.py'),
    keepsMemory: false,
  };
  const found = await torchVersion(subject, torch);
  if (typeof found === 'string') {
    say(`  SKIPPED: no PyTorch (${found}), so nothing is compared with a loop of hooks; name an interpreter: --python`);
  } else say(`  PyTorch ${found.version}, ${threads} threads, in eval mode and without gradients`);

  const large = isArchitecture(subject.network);
  const every = large ? 1 : wholeNumber(flags, 'rivals-every');
  const sample = oneIn(kernels, every);
  const warm = oneIn(kernels, Math.ceil(kernels.length / 4));
  const own = {
    percuss: (list: readonly Kernel[]) =>
      processes.run('percuss', list, (kernel) => behind(kernel), seconds(work.percuss), images),
    whole: (list: readonly Kernel[]) => processes.run('whole', list, () => 1, seconds(list.length * whole), images),
  };
  const methods: Partial<Record<'percuss' | Rival, () => Promise<SweepRun>>> = {
    percuss: () => own.percuss(kernels),
    ...(typeof found === 'string'
      ? {}
      : {
          torchKeeping: () => torchSweep(subject, { ...torch, keepsMemory: true }, warm, sample),
          ...(large ? {} : { torch: () => torchSweep(subject, torch, warm, sample) }),
        }),
    whole: async () => {
      // Its compilations would weigh `every` times as much as they do in a sweep of all kernels.
      if (every > 1) await processes.prepareWhole(sample);
      return own.whole(sample);
    },
  };
  const names = Object.keys(methods) as (keyof typeof methods)[];
  const rivals = names.filter((name): name is Rival => name !== 'percuss');
  await processes.open(subject);
  for (const run of Object.values(own)) await run(warm);

  const rounds = await inTurns(names, { rounds: wholeNumber(flags, 'rounds'), images, every }, async (name) => {
    await processes.open(subject);
    return (await methods[name]?.()) as SweepRun;
  });
  for (const rival of rivals) say(`  ${printAgreement(title[rival], rounds.agreements.get(rival))}`);
  const bounds = { whole: work.whole / work.percuss };
  report(rounds.runs, rivals, { ...subject, kernels: kernels.length, sample: sample.length, bounds });
}

const title = {
  percuss: 'percuss',
  torchKeeping: 'the PyTorch loop, freed memory kept',
  torch: 'the PyTorch loop as installed',
  whole: 'percuss from the input on',
};

function report(
  rounds: readonly Record<string, SweepRun>[],
  rivals: readonly Rival[],
  {
    network,
    images,
    kernels,
    sample,
    bounds,
  }: Subject & { kernels: number; sample: number; bounds: Partial<Record<Rival, number>> },
): void {
  const aKernel = (runs: Record<string, SweepRun>, name: 'percuss' | Rival, of: 'seconds' | 'cpu'): number =>
    (runs[name] as SweepRun)[of] / (name === 'percuss' ? kernels : sample);
  const rate = (name: 'percuss' | Rival): string =>
    printSpread(spreadOf(rounds.map((runs) => 1 / aKernel(runs, name, 'seconds'))), 1);
  say(`  ${rounds.length} rounds; median (smallest–largest)`);
  for (const name of ['percuss', ...rivals] as const) say(`  ${title[name].padEnd(36)} ${rate(name)} kernels/s`);
  say(`  kernels that change nothing, which percuss does not run: ${rounds[0]?.['percuss']?.idle}`);
  for (const rival of rivals) {
    const ratio = (of: 'seconds' | 'cpu'): readonly number[] =>
      rounds.map((runs) => aKernel(runs, rival, of) / aKernel(runs, 'percuss', of));
    const time = spreadOf(ratio('seconds'));
    const [mark, bound] = [isArchitecture(network) ? undefined : marks[rival], bounds[rival]];
    const faults = rounds.flatMap((runs) => runs[rival]?.faults ?? []).map((of) => of / sample);
    const notes = [
      ...(sample < kernels ? [`timed on ${sample} of the kernels, by time a kernel`] : []),
      ...(faults.length > 0 ? [`${printSpread(spreadOf(faults), 0)} page faults a kernel`] : []),
    ];
    const note = notes.length > 0 ? notes.join('; ') : undefined;
    figures.push({
      what: `${network}, ${kernels} kernels × ${images} images: faster than ${title[rival]}`,
      value: time,
      unit: '×',
      ...(mark === undefined ? {} : { mark }),
      ...(bound === undefined ? {} : { bound }),
      ...(note === undefined ? {} : { note }),
    });
    say(
      `  faster than ${title[rival]}: ${printSpread(time)}× in time, ${printSpread(spreadOf(ratio('cpu')))}× in processor time; ` +
        `${mark === undefined ? 'held to no mark' : `mark ${mark}×: ${time.median >= mark ? 'reached' : 'MISSED'}`}` +
        `${note === undefined ? '' : `; ${note}`}`,
    );
  }
}

const data = path.resolve(flags.data);
if (!existsSync(data)) {
  say(`SKIPPED: ${flags.data} is not here, so there are no networks to run; name the folder: --data`);
} else {
  say(`${cpus()[0]?.model.trim() ?? 'unknown processor'}, ${cpus().length} cores seen; Node ${process.version}`);
  const processes = new LesionProcesses(wholeNumber(flags, 'threads'));
  try {
    for (const network of flags.models.split(',')) {
      const images = wholeNumber(flags, isArchitecture(network) ? 'large-images' : 'images');
      await compare({ data, network, images }, processes);
    }
    await record('leave-one-out', flags, wholeNumber(flags, 'rounds'), figures);
  } finally {
    processes.close();
  }
}
