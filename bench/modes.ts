import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { cpus } from 'node:os';
import path from 'node:path';
import { parseArgs } from 'node:util';
import { anatomyOf } from '../core/anatomy/anatomy.js';
import { importOnnx } from '../core/import/onnx/import-onnx.js';
import type { Anatomy } from '../core/anatomy/site.js';
import { conditionsOf } from '../core/plan/conditions.js';
import { noWork, secondsFor } from '../core/plan/cost.js';
import type { AblationSpec } from '../core/spec/study-spec.js';
import { workloadOf } from '../core/study/planning/workload.js';
import { mistake, oneIn, wholeNumber } from './flags.js';
import { LesionProcesses } from './lesion-processes.js';
import { record, recordOptions, type Figure } from './record.js';
import { inTurns, printAgreement } from './rounds.js';
import { sharedWork } from './shared-work.js';
import { printSpread, spreadOf } from './spread.js';
import type { Lesion, Subject } from './sweep.js';

/** Ablations of every mode but leave-one-out: percuss, and percuss without shared beginnings. */
const { values: flags } = parseArgs({
  options: {
    model: { type: 'string', default: 'cifar10_resnet20' },
    images: { type: 'string', default: '256' },
    conditions: { type: 'string', default: '360' },
    modes: {
      type: 'string',
      default: 'cumulative,pairs,pairs-within-layers,one-layer,all-depths,cumulative-all-depths',
    },
    rounds: { type: 'string', default: '5' },
    threads: { type: 'string', default: '2' },
    seed: { type: 'string', default: '7' },
    data: { type: 'string', default: '../shared/data' },
    ...recordOptions,
  },
});

const figures: Figure[] = [];

const say = (line = ''): void => void process.stdout.write(`${line}\n`);

interface Mode {
  readonly title: string;
  /** Least ratio of time; none where little can be shared. */
  readonly mark: number | undefined;
  /** What a study would ask for so many conditions, about. */
  readonly asks: (conditions: number, anatomy: Anatomy) => readonly Partial<AblationSpec>[];
}

const trials = (conditions: number, fractions: readonly number[]): number =>
  Math.max(1, Math.round(conditions / fractions.length));
const tenths = [0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9];
const small = [0.02, 0.05, 0.1, 0.2];
const random = (spread: 'one-layer' | 'all-depths') => (n: number) => [
  { mode: 'random' as const, spread: [spread], fractions: small, trials: trials(n, small) },
];

const pairs = (scope: 'any' | 'layer') => (n: number) => [
  { mode: 'pairs' as const, pairs: { within: [scope], budget: Math.max(1, Math.round(n / 2)) } },
];

/** Each layer's kernels one after another, in steps of one kernel, or of several where fewer conditions are asked for. */
function withinLayers(conditions: number, { layers }: Anatomy): readonly Partial<AblationSpec>[] {
  const kernels = layers.reduce((sum, layer) => sum + layer.kernels, 0);
  const share = Math.min(1, conditions / kernels);
  return layers.map((layer) => {
    const steps = Math.max(1, Math.round(share * layer.kernels));
    const fractions = Array.from(
      { length: steps },
      (_, i) => Math.round(((i + 1) * layer.kernels) / steps) / layer.kernels,
    );
    return { mode: 'cumulative', layers: [layer.name], fractions, trials: 1 };
  });
}

const modes: Readonly<Record<string, Mode>> = {
  cumulative: { title: 'cumulative within each layer, kernel by kernel', mark: 2.5, asks: withinLayers },
  pairs: { title: 'pairs of any kernels, and each of them alone', mark: 3, asks: pairs('any') },
  'pairs-within-layers': {
    title: 'pairs of kernels of one layer, and each of them alone',
    mark: 3,
    asks: pairs('layer'),
  },
  'one-layer': { title: 'random within one layer', mark: 2, asks: random('one-layer') },
  'all-depths': { title: 'random over all depths', mark: undefined, asks: random('all-depths') },
  'cumulative-all-depths': {
    title: 'cumulative over all depths',
    mark: undefined,
    asks: (n) => [{ mode: 'cumulative', fractions: tenths, trials: trials(n, tenths) }],
  },
};

/** The conditions that percuss plans for a mode, in its order; those that are drawn twice are computed once, as in a study. */
function lesionsOf(anatomy: Anatomy, mode: Mode): readonly Lesion[] {
  const context = { seed: wholeNumber(flags, 'seed'), anatomy, reference: 'bench', scores: undefined };
  const lesions = mode.asks(wholeNumber(flags, 'conditions'), anatomy).flatMap((asked) => {
    const list = conditionsOf({ ...plain, ...asked }, context);
    return Array.from({ length: list.length }, (_, index) => ({
      cuts: list.at(index).condition.edits.map(({ site, channels }) => ({ site, channels })),
    }));
  });
  return [...new Map(lesions.map((lesion) => [JSON.stringify(lesion), lesion])).values()];
}

const plain: AblationSpec = {
  name: 'bench',
  models: [],
  unit: 'kernel',
  layers: ['*'],
  mode: 'each',
  fill: ['zero'],
  draws: 3,
  fractions: [],
  trials: 1,
  spread: [],
  order: 'random',
};

async function compare(subject: Subject, name: string, mode: Mode, processes: LesionProcesses): Promise<void> {
  const { images } = subject;
  const graph = importOnnx(
    subject.network,
    await readFile(path.join(subject.data, 'models', `${subject.network}.onnx`)),
  );
  const anatomy = anatomyOf(graph, { after: 'activation' });
  const workload = workloadOf(graph, anatomy);
  const lesions = lesionsOf(anatomy, mode);
  const whole = lesions.length * workload.whole.macs;
  const bound = sharedWork(lesions, workload);
  const seconds = (macs: number): number => secondsFor(images, { ...noWork, macs });
  say(`\n${mode.title}: ${lesions.length} conditions × ${images} images of ${subject.network}, fill zero`);
  say(
    `  sharing every beginning saves at most ${(whole / bound.shared).toFixed(2)}×, and with differences of one channel carried ` +
      `${(whole / bound.carried).toFixed(2)}× (multiply-accumulates)`,
  );
  // As the planner divides work: by what a condition costs from its first cut on, sharing aside.
  const behind = ({ cuts }: Lesion): number => workload.behind(cuts[0]?.site ?? '', false).macs;
  const methods = {
    percuss: (list: readonly Lesion[]) => processes.run('percuss', list, behind, seconds(bound.carried), images),
    whole: (list: readonly Lesion[]) => processes.run('whole', list, () => 1, seconds(whole), images),
  };
  const names = ['percuss', 'whole'] as const;
  await processes.open(subject);
  const warm = oneIn(lesions, Math.ceil(lesions.length / 4));
  for (const method of names) await methods[method](warm);
  const { runs, agreements } = await inTurns(
    names,
    { rounds: wholeNumber(flags, 'rounds'), images },
    async (method) => {
      await processes.open(subject);
      return methods[method](lesions);
    },
  );
  say(`  ${printAgreement('percuss from the input on', agreements.get('whole'))}`);
  say(`  ${runs.length} rounds; median (smallest–largest)`);
  for (const method of names) {
    const rate = spreadOf(runs.map((run) => lesions.length / run[method].seconds));
    say(
      `  ${(method === 'percuss' ? 'percuss' : 'percuss from the input on').padEnd(28)} ${printSpread(rate, 1)} conditions/s`,
    );
  }
  const ratio = (of: 'seconds' | 'cpu'): readonly number[] => runs.map((run) => run.whole[of] / run.percuss[of]);
  const time = spreadOf(ratio('seconds'));
  const verdict =
    mode.mark === undefined ? 'no mark' : `mark ${mode.mark}×: ${time.median >= mode.mark ? 'reached' : 'MISSED'}`;
  figures.push({
    what: `${mode.title}: ${lesions.length} conditions × ${images} images of ${subject.network}, faster than percuss from the input on`,
    value: time,
    unit: '×',
    ...(mode.mark === undefined ? {} : { mark: mode.mark }),
    bound: whole / bound.carried,
  });
  say(
    `  ${name}: ${printSpread(time)}× in time, ${printSpread(spreadOf(ratio('cpu')))}× in processor time; ${verdict}`,
  );
}

const data = path.resolve(flags.data);
const asked = flags.modes.split(',');
const unknown = asked.find((name) => modes[name] === undefined);
if (unknown !== undefined) throw mistake(`--modes has no ${unknown}; it takes ${Object.keys(modes).join(', ')}`);
if (!existsSync(data)) {
  say(`SKIPPED: ${flags.data} is not here, so there are no networks to run; name the folder: --data`);
} else {
  say(`${cpus()[0]?.model.trim() ?? 'unknown processor'}, ${cpus().length} cores seen; Node ${process.version}`);
  const processes = new LesionProcesses(wholeNumber(flags, 'threads'));
  try {
    const subject = { data, network: flags.model, images: wholeNumber(flags, 'images') };
    for (const name of asked) await compare(subject, name, modes[name] as Mode, processes);
    await record('modes', flags, wholeNumber(flags, 'rounds'), figures);
  } finally {
    processes.close();
  }
}
