import type { DataSpec } from '../data/data-spec.js';
import { deviceNames, engineNames } from '../numeric-mode.js';
import type {
  AblationSpec,
  BaseName,
  ImpulseSpec,
  ModelSpec,
  OutputSpec,
  RunSpec,
  FillName,
  Mode,
  PairScope,
  Spread,
  Unit,
} from './study-spec.js';

/** The words that a spec may use, for its reader, for the JSON Schema and for messages. */
export const vocabulary = {
  format: ['cifar10', 'idx', 'npy', 'folder'] satisfies DataSpec['format'][],
  imageOrder: ['seeded', 'file'] satisfies DataSpec['order'][],
  channelOrder: ['rgb', 'bgr'] satisfies ModelSpec['input']['order'][],
  output: ['logits', 'probabilities', 'values'] satisfies OutputSpec['kind'][],
  after: ['conv', 'norm', 'activation'] satisfies ModelSpec['after'][],
  unit: ['kernel', 'layer', 'block', 'stream'] satisfies Unit[],
  mode: ['each', 'pairs', 'random', 'cumulative'] satisfies Mode[],
  within: ['any', 'layer', 'across'] satisfies PairScope[],
  fill: ['zero', 'mean', 'mean-position', 'resample'] satisfies FillName[],
  spread: ['one-layer', 'matched', 'all-depths'] satisfies Spread[],
  order: ['random', 'weight-norm', 'activation-std', 'kl'] satisfies AblationSpec['order'][],
  base: ['normalised-zero', 'black', 'mean-image'] satisfies BaseName[],
  positions: ['center', 'phases'] as const,
  keep: ['responses', 'signatures'] satisfies ImpulseSpec['keep'][],
  engine: ['auto', ...engineNames] satisfies RunSpec['engine'][],
  device: ['auto', ...deviceNames] satisfies RunSpec['device'][],
  onFailure: ['continue', 'stop'] satisfies RunSpec['onFailure'][],
} as const;

/** The keys of each section, in the order in which they are documented. */
export const keys = {
  study: ['version', 'study', 'seed', 'data', 'defaults', 'models', 'ablations', 'impulses', 'analysis', 'run'],
  data: ['format', 'files', 'labels', 'classes', 'images', 'order', 'resize', 'crop'],
  defaults: ['data', 'reference', 'input', 'output', 'after'],
  model: ['file', 'data', 'reference', 'input', 'output', 'after', 'expect'],
  input: ['divide', 'mean', 'std', 'order'],
  output: ['kind', 'name', 'class-offset'],
  expect: ['accuracy', 'within'],
  ablation: [
    'models',
    'unit',
    'layers',
    'mode',
    'fill',
    'draws',
    'fractions',
    'trials',
    'spread',
    'order',
    'within',
    'budget',
    'stop',
  ],
  stop: ['precision', 'top', 'epsilon', 'confidence', 'clip'],
  impulse: ['models', 'at', 'channels', 'positions', 'amplitudes', 'base', 'record', 'keep'],
  analysis: ['confidence', 'fdr', 'bootstrap', 'far', 'nulls', 'rarefy'],
  rarefy: ['kernels', 'sites', 'draws'],
  run: ['engine', 'device', 'onFailure', 'workers', 'memory', 'batchSeconds', 'limit'],
  limit: ['hours', 'bytes', 'cells'],
} as const;
