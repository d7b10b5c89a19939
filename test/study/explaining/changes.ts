import { copyFileSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { encode } from 'fast-png';
import { sharedFile } from '../../builders/shared-data.js';

/** A spec as an object that may be changed. */
// oxlint-disable-next-line typescript/no-explicit-any -- a tree of whatever stands in a spec, changed at one place by each row
export type Draft = any;

/** One key of the spec, a changed value of it, and what an explanation must name. */
export interface Change {
  /** `section.key` of `core/spec/shares.ts`. */
  readonly key: string;
  readonly change: (draft: Draft) => void;
  readonly named: readonly string[];
  /** What the study is before the change, where that is not `usual`. */
  readonly from?: 'pictures' | 'trainings';
}

const network = 'models/cifar10_mstutorial.onnx';
const test = 'images/cifar10/cifar10_test_0000-0499.bin';
const train = 'images/cifar10/cifar10_train_0000-1999.bin';

/** Writes what the changes need: other weights, other labels, pictures. */
export function writeInputs(folder: string): void {
  const weights = readFileSync(sharedFile(network));
  for (const [name, at] of [
    ['other.onnx', 0.5],
    ['third.onnx', 0.6],
  ] as const) {
    const changed = Buffer.from(weights);
    // The lowest byte of some weight's mantissa.
    const place = 4 * Math.floor((changed.length * at) / 4);
    changed[place] = (changed[place] as number) ^ 1;
    writeFileSync(path.join(folder, name), changed);
  }
  copyFileSync(sharedFile(network), path.join(folder, 'same.onnx'));
  const all = readFileSync(sharedFile(test));
  const some = Array.from({ length: 60 }, (_, i) => all.subarray(i * 3073, (i + 1) * 3073));
  // Without the last class, so that labels may be moved on by one.
  const images = Buffer.concat(some.filter(([label]) => label !== 9).slice(0, 40));
  writeFileSync(path.join(folder, 'own.bin'), images);
  const relabelled = Buffer.from(images);
  for (let i = 0; i < 5; i++) relabelled[i * 3073] = ((relabelled[i * 3073] as number) + 1) % 9;
  writeFileSync(path.join(folder, 'relabelled.bin'), relabelled);
  for (let label = 0; label < 10; label++) {
    const of = path.join(folder, 'pictures', `c${label}`);
    mkdirSync(of, { recursive: true });
    for (let i = 0; i < 3; i++) {
      const data = new Uint8Array(40 * 40 * 3).map((_, j) => (j * 31 + i * 7 + label * 97) % 251);
      writeFileSync(path.join(of, `${i}.png`), encode({ width: 40, height: 40, data, channels: 3 }));
    }
  }
}

/** A study that has every key of the spec that can stand beside the others, and what it is before some changes. */
export const studies: { readonly [name in 'usual' | 'pictures' | 'trainings']: (folder: string) => Draft } = {
  usual: (folder) => ({
    version: 1,
    study: 'before',
    seed: 7,
    data: {
      test: { format: 'cifar10', files: [path.join(folder, 'own.bin')], images: 30, order: 'seeded' },
      spare: { format: 'cifar10', files: [sharedFile(test)], images: 30 },
      train: { format: 'cifar10', files: [sharedFile(train)], images: 24 },
    },
    models: {
      net: {
        file: sharedFile(network),
        data: 'test',
        reference: 'train',
        input: { divide: 255, mean: [0.5, 0.5, 0.4], std: [0.5, 0.5, 0.4], order: 'rgb' },
        output: { kind: 'logits', 'class-offset': 0 },
        after: 'activation',
        expect: { accuracy: 0.5, within: 0.5 },
      },
    },
    ablations: {
      kernels: { unit: 'kernel', layers: ['*'], mode: 'each', fill: ['zero', 'mean'], keep: 'cells' },
      donors: { mode: 'random', fractions: [0.2], trials: 2, spread: ['all-depths'], fill: ['resample'], draws: 3 },
      ordered: { mode: 'cumulative', order: 'random', fractions: [0.5], trials: 2 },
      pairs: { mode: 'pairs', within: ['across'], budget: 8 },
      screened: { mode: 'pairs', within: ['layer'], budget: 30, screen: { keep: 3, random: 4 } },
      top: { mode: 'each', stop: { top: 3, epsilon: 0.05, confidence: 0.95, clip: 1, by: 'images' } },
      precise: { mode: 'each', stop: { precision: 0.05 } },
    },
    impulses: {
      taps: {
        at: 'input',
        channels: [0, 1],
        positions: 'phases',
        amplitudes: { std: [0.1, -0.1] },
        base: { images: 4 },
        record: ['*'],
        keep: 'signatures',
        resolve: { r2: 0.1, sr: 0.1, budget: { images: 8, positions: 2 } },
      },
      inner: { at: ['Conv_0'], channels: [0], amplitudes: [1, -1], base: { images: 4 }, record: ['*'] },
    },
    analysis: {
      confidence: 0.95,
      fdr: 0.05,
      bootstrap: 100,
      far: 0.5,
      nulls: { shuffled: 2, reinitialised: 1 },
      rarefy: { kernels: 4, sites: 3 },
    },
    run: {
      engine: 'onnxruntime',
      device: 'cpu',
      onFailure: 'continue',
      workers: 1,
      batchSeconds: 5,
      memory: 2e9,
      limit: { hours: 5, bytes: 1e9, cells: 100_000 },
    },
  }),
  pictures: (folder) => ({
    ...(studies.usual(folder) as object),
    data: {
      test: {
        format: 'folder',
        files: [path.join(folder, 'pictures')],
        classes: Array.from({ length: 10 }, (_, label) => `c${label}`),
        resize: 36,
        crop: 32,
      },
      spare: { format: 'cifar10', files: [sharedFile(test)], images: 30 },
      train: { format: 'cifar10', files: [sharedFile(train)], images: 24 },
    },
  }),
  trainings: (folder) => {
    const usual = studies.usual(folder);
    const { file, ...rest } = usual.models.net;
    return { ...usual, models: { net: { ...rest, trainings: [file, path.join(folder, 'other.onnx')] } } };
  },
};

const plain = (key: string, change: (draft: Draft) => void, ...named: string[]): Change => ({ key, change, named });

/** One change for every key that takes part in anything; `folder` is that of `writeInputs`. */
export const changes = (folder: string): readonly Change[] => [
  plain('study.study', (d) => (d.study = 'after'), 'study'),
  plain('study.seed', (d) => (d.seed = 8), 'seed', 'data.test.order', 'data.spare.order', 'data.train.order'),
  plain('data.files', (d) => (d.data.test.files = [sharedFile(test)]), 'data.test.files'),
  plain('data.labels', (d) => (d.data.test.files = [path.join(folder, 'relabelled.bin')]), 'data.test.labels'),
  plain('data.images', (d) => (d.data.test.images = 25), 'data.test.images'),
  plain('data.order', (d) => (d.data.test.order = 'file'), 'data.test.order'),
  { ...plain('data.resize', (d) => (d.data.test.resize = 34), 'data.test.resize'), from: 'pictures' },
  {
    ...plain(
      'data.crop',
      (d) => Object.assign(d.data.test, { resize: 32, crop: undefined }),
      'data.test.crop',
      'data.test.resize',
    ),
    from: 'pictures',
  },
  {
    ...plain(
      'data.classes',
      (d) => (d.data.test.classes = d.data.test.classes.toReversed()),
      'data.test.classes',
      'data.test.labels',
    ),
    from: 'pictures',
  },
  plain('model.file', (d) => (d.models.net.file = path.join(folder, 'other.onnx')), 'models.net.weights'),
  {
    ...plain(
      'model.trainings',
      (d) => (d.models.net.trainings[1] = path.join(folder, 'third.onnx')),
      'models.net@02.weights',
    ),
    from: 'trainings',
  },
  plain('model.data', (d) => (d.models.net.data = 'spare'), 'models.net.data'),
  plain('model.reference', (d) => (d.models.net.reference = 'spare'), 'models.net.reference'),
  plain('model.after', (d) => (d.models.net.after = 'conv'), 'models.net.after'),
  plain('input.divide', (d) => (d.models.net.input.divide = 254), 'models.net.input.divide'),
  plain('input.mean', (d) => (d.models.net.input.mean = [0.5, 0.5, 0.5]), 'models.net.input.mean'),
  plain('input.std', (d) => (d.models.net.input.std = [0.5, 0.5, 0.5]), 'models.net.input.std'),
  plain('input.order', (d) => (d.models.net.input.order = 'bgr'), 'models.net.input.order'),
  plain('output.kind', (d) => (d.models.net.output.kind = 'probabilities'), 'models.net.output.kind'),
  plain('output.class-offset', (d) => (d.models.net.output['class-offset'] = 1), 'models.net.output.class-offset'),
  plain('expect.accuracy', (d) => (d.models.net.expect.accuracy = 0.6), 'models.net.expect.accuracy'),
  plain('expect.within', (d) => (d.models.net.expect.within = 0.6), 'models.net.expect.within'),
  plain('ablation.unit', (d) => (d.ablations.kernels.unit = 'layer'), 'ablations.kernels.unit'),
  plain('ablation.layers', (d) => (d.ablations.kernels.layers = ['*1*']), 'ablations.kernels.layers'),
  plain(
    'ablation.mode',
    (d) => (d.ablations.kernels.mode = 'random'),
    'ablations.kernels.mode',
    'ablations.kernels.fractions',
    'ablations.kernels.trials',
    'ablations.kernels.spread',
  ),
  plain('ablation.fill', (d) => (d.ablations.kernels.fill = ['zero', 'mean-position']), 'ablations.kernels.fill'),
  plain('ablation.draws', (d) => (d.ablations.donors.draws = 4), 'ablations.donors.draws'),
  plain('ablation.fractions', (d) => (d.ablations.donors.fractions = [0.3]), 'ablations.donors.fractions'),
  plain('ablation.trials', (d) => (d.ablations.donors.trials = 3), 'ablations.donors.trials'),
  plain('ablation.spread', (d) => (d.ablations.donors.spread = ['one-layer']), 'ablations.donors.spread'),
  plain(
    'ablation.order',
    (d) => Object.assign(d.ablations.ordered, { order: 'weight-norm', trials: undefined }),
    'ablations.ordered.trials',
    'ablations.ordered.order',
  ),
  plain('ablation.within', (d) => (d.ablations.pairs.within = ['layer']), 'ablations.pairs.within'),
  plain('ablation.budget', (d) => (d.ablations.pairs.budget = 9), 'ablations.pairs.budget'),
  plain('screen.keep', (d) => (d.ablations.screened.screen.keep = 4), 'ablations.screened.screen.keep'),
  plain('screen.random', (d) => (d.ablations.screened.screen.random = 5), 'ablations.screened.screen.random'),
  plain('ablation.keep', (d) => (d.ablations.kernels.keep = 'logits'), 'ablations.kernels.keep'),
  plain('stop.precision', (d) => (d.ablations.precise.stop.precision = 0.1), 'ablations.precise.stop.precision'),
  plain('stop.top', (d) => (d.ablations.top.stop.top = 2), 'ablations.top.stop.top'),
  plain('stop.epsilon', (d) => (d.ablations.top.stop.epsilon = 0.1), 'ablations.top.stop.epsilon'),
  plain('stop.confidence', (d) => (d.ablations.top.stop.confidence = 0.9), 'ablations.top.stop.confidence'),
  plain('stop.clip', (d) => (d.ablations.top.stop.clip = 2), 'ablations.top.stop.clip'),
  plain('stop.by', (d) => (d.ablations.top.stop.by = 'preview'), 'ablations.top.stop.by', 'ablations.top.previewed'),
  plain('impulse.at', (d) => (d.impulses.inner.at = ['*2*']), 'impulses.inner.at'),
  plain('impulse.channels', (d) => (d.impulses.taps.channels = [0]), 'impulses.taps.channels'),
  plain('impulse.positions', (d) => (d.impulses.taps.positions = { phases: 2 }), 'impulses.taps.positions'),
  plain(
    'impulse.amplitudes',
    (d) => (d.impulses.taps.amplitudes = { std: [0.2, -0.2] }),
    'impulses.taps.amplitudes.values',
  ),
  plain('impulse.base', (d) => (d.impulses.taps.base.images = 5), 'impulses.taps.base.images'),
  plain('impulse.record', (d) => (d.impulses.inner.record = ['*2*']), 'impulses.inner.record'),
  plain('impulse.keep', (d) => (d.impulses.taps.keep = 'responses'), 'impulses.taps.keep'),
  plain('resolve.r2', (d) => (d.impulses.taps.resolve.r2 = 0.2), 'impulses.taps.resolve.r2'),
  plain('resolve.sr', (d) => (d.impulses.taps.resolve.sr = 0.2), 'impulses.taps.resolve.sr'),
  plain(
    'resolveBudget.images',
    (d) => (d.impulses.taps.resolve.budget.images = 12),
    'impulses.taps.resolve.budget.images',
  ),
  plain(
    'resolveBudget.positions',
    (d) => (d.impulses.taps.resolve.budget.positions = 3),
    'impulses.taps.resolve.budget.positions',
  ),
  plain('analysis.confidence', (d) => (d.analysis.confidence = 0.9), 'analysis.confidence'),
  plain('analysis.fdr', (d) => (d.analysis.fdr = 0.1), 'analysis.fdr'),
  plain('analysis.bootstrap', (d) => (d.analysis.bootstrap = 200), 'analysis.bootstrap'),
  plain('analysis.far', (d) => (d.analysis.far = 0.4), 'analysis.far'),
  plain('nulls.shuffled', (d) => (d.analysis.nulls.shuffled = 3), 'analysis.nulls.shuffled'),
  plain('nulls.reinitialised', (d) => (d.analysis.nulls.reinitialised = 2), 'analysis.nulls.reinitialised'),
  plain('rarefy.kernels', (d) => (d.analysis.rarefy.kernels = 3), 'analysis.rarefy.kernels'),
  plain('rarefy.sites', (d) => (d.analysis.rarefy.sites = 2), 'analysis.rarefy.sites'),
  plain('run.engine', (d) => (d.run.engine = 'reference'), 'run.engine'),
  plain('run.device', (d) => (d.run.device = 'cuda'), 'run.device'),
  plain('run.onFailure', (d) => (d.run.onFailure = 'stop')),
  plain('run.workers', (d) => (d.run.workers = 2)),
  plain('run.memory', (d) => (d.run.memory = 3e9)),
  plain('run.batchSeconds', (d) => (d.run.batchSeconds = 6)),
  plain('limit.hours', (d) => (d.run.limit.hours = 6)),
  plain('limit.bytes', (d) => (d.run.limit.bytes = 2e9)),
  plain('limit.cells', (d) => (d.run.limit.cells = 200_000)),
];

/** Keys that no row changes, and why. */
export const unchanged: Readonly<Record<string, string>> = {
  'study.version': 'there is one',
  'data.format': 'what is read counts, however it is written: files of another format are other files',
  'output.name': 'the network has one output',
  'ablation.models': 'there is one network',
  'impulse.models': 'there is one network',
  'nulls.unrelated': 'there is one network',
};
