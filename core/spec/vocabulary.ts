import { sitePositions } from '../anatomy/site-position.js';
import { channelOrders } from '../data/channel-order.js';
import { imageFormats } from '../data/image-formats.js';
import { imageOrders } from '../data/image-order.js';
import { deviceNames, engineNames } from '../numeric-mode.js';
import { wordsOf, type Word } from '../word-table.js';
import type { RunSpec, StopBy } from './study-spec.js';
import { bases } from './words/bases.js';
import { fills } from './words/fills.js';
import { keptOutputs } from './words/kept-outputs.js';
import { keptResponses } from './words/kept-responses.js';
import { modeKeys, modes } from './words/modes.js';
import { nulls } from './words/nulls.js';
import { onFailures } from '../on-failure.js';
import { outputKinds } from './words/output-kinds.js';
import { pairScopes } from './words/pair-scopes.js';
import { positions } from './words/positions.js';
import { removalOrders } from './words/removal-orders.js';
import { spreads } from './words/spreads.js';
import { units } from './words/units.js';

/** Tables of words by kind, with the key under which a spec has them: what docs/spec.md says of each word. */
export const wordTables = {
  format: { key: 'format', words: imageFormats },
  imageOrder: { key: 'order', words: imageOrders },
  channelOrder: { key: 'input.order', words: channelOrders },
  output: { key: 'output.kind', words: outputKinds },
  after: { key: 'after', words: sitePositions },
  unit: { key: 'unit', words: units },
  mode: { key: 'mode', words: modes },
  fill: { key: 'fill', words: fills },
  spread: { key: 'spread', words: spreads },
  order: { key: 'order', words: removalOrders },
  within: { key: 'within', words: pairScopes },
  kept: { key: 'keep', words: keptOutputs },
  positions: { key: 'positions', words: positions },
  base: { key: 'base', words: bases },
  keep: { key: 'keep', words: keptResponses },
  nulls: { key: 'nulls', words: nulls },
  onFailure: { key: 'onFailure', words: onFailures },
} as const satisfies {
  readonly [kind: string]: { readonly key: string; readonly words: { readonly [word: string]: Word } };
};

export type WordKind = keyof typeof wordTables;

/** A list of words that must hold every word of a type: one that is missing is a compile error. */
const every =
  <Name extends string>() =>
  <const List extends readonly Name[]>(...list: [Name] extends [List[number]] ? List : never): List =>
    list;

/** The words that a spec may use, for its reader, for the JSON Schema and for messages. */
export const vocabulary = {
  format: wordsOf(imageFormats),
  imageOrder: wordsOf(imageOrders),
  channelOrder: wordsOf(channelOrders),
  output: wordsOf(outputKinds),
  after: wordsOf(sitePositions),
  unit: wordsOf(units),
  mode: wordsOf(modes),
  within: wordsOf(pairScopes),
  fill: wordsOf(fills),
  kept: wordsOf(keptOutputs),
  spread: wordsOf(spreads),
  order: wordsOf(removalOrders),
  base: wordsOf(bases),
  positions: wordsOf(positions),
  keep: wordsOf(keptResponses),
  engine: every<RunSpec['engine']>()('auto', ...engineNames),
  device: every<RunSpec['device']>()('auto', ...deviceNames),
  onFailure: wordsOf(onFailures),
  stopBy: every<StopBy>()('preview', 'images'),
} as const;

/** The keys of each section, in the order in which they are documented. */
export const keys = {
  study: ['version', 'study', 'seed', 'data', 'defaults', 'models', 'ablations', 'impulses', 'analysis', 'run'],
  data: ['format', 'files', 'labels', 'classes', 'images', 'order', 'resize', 'crop'],
  defaults: ['data', 'reference', 'input', 'output', 'after'],
  model: ['file', 'trainings', 'data', 'reference', 'input', 'output', 'after', 'expect'],
  input: ['divide', 'mean', 'std', 'order'],
  output: ['kind', 'name', 'class-offset'],
  expect: ['accuracy', 'within'],
  ablation: ['models', 'unit', 'layers', 'mode', 'fill', 'draws', ...modeKeys, 'keep'],
  screen: ['keep', 'random'],
  stop: ['precision', 'top', 'epsilon', 'confidence', 'clip', 'by'],
  impulse: ['models', 'at', 'channels', 'positions', 'amplitudes', 'base', 'record', 'keep', 'resolve'],
  resolve: ['r2', 'sr', 'budget'],
  resolveBudget: ['images', 'positions'],
  analysis: ['confidence', 'fdr', 'bootstrap', 'far', 'nulls', 'rarefy'],
  nulls: wordsOf(nulls),
  rarefy: ['kernels', 'sites'],
  run: ['engine', 'device', 'onFailure', 'workers', 'memory', 'batchSeconds', 'limit'],
  limit: ['hours', 'bytes', 'cells'],
} as const;
