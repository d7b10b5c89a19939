import type { DataSpec } from '../data/data-spec.js';
import { imageFormatNames } from '../data/image-formats.js';
import { deviceNames, engineNames } from '../numeric-mode.js';
import type { OutputKind } from './output-kind.js';
import type {
  AblationSpec,
  BaseName,
  ImpulseSpec,
  ModelSpec,
  RunSpec,
  FillName,
  Mode,
  PairScope,
  Spread,
  Unit,
} from './study-spec.js';

/** A list of words that must hold every word of a type: one that is missing is a compile error. */
const every =
  <Word extends string>() =>
  <const List extends readonly Word[]>(...list: [Word] extends [List[number]] ? List : never): List =>
    list;

/** The words that a spec may use, for its reader, for the JSON Schema and for messages. */
export const vocabulary = {
  format: imageFormatNames,
  imageOrder: every<DataSpec['order']>()('seeded', 'file'),
  channelOrder: every<ModelSpec['input']['order']>()('rgb', 'bgr'),
  output: every<OutputKind>()('logits', 'probabilities', 'values'),
  after: every<ModelSpec['after']>()('conv', 'norm', 'activation'),
  unit: every<Unit>()('kernel', 'layer', 'block', 'stream'),
  mode: every<Mode>()('each', 'pairs', 'random', 'cumulative'),
  within: every<PairScope>()('any', 'layer', 'across'),
  fill: every<FillName>()('zero', 'mean', 'mean-position', 'resample'),
  spread: every<Spread>()('one-layer', 'matched', 'all-depths'),
  order: every<AblationSpec['order']>()('random', 'weight-norm', 'activation-std', 'kl'),
  base: every<BaseName>()('normalised-zero', 'black', 'mean-image'),
  positions: ['center', 'phases'] as const,
  keep: every<ImpulseSpec['keep']>()('responses', 'signatures'),
  engine: every<RunSpec['engine']>()('auto', ...engineNames),
  device: every<RunSpec['device']>()('auto', ...deviceNames),
  onFailure: every<RunSpec['onFailure']>()('continue', 'stop'),
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
