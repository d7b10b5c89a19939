import { wordsOf } from '../word-table.js';
import type { keys } from './vocabulary.js';
import { nulls, type NullName } from './words/nulls.js';

/**
 * What a key of the spec takes part in. `values`: in the keys of results, so that another value computes anew what rests on it; `asked`: it says
 * which results are asked for, and those that are stored are used; `study`: it is part of what a study is and of no result, so that nothing is
 * computed anew but the analysis; `run`: it is part of neither.
 */
export type Share = 'values' | 'asked' | 'study' | 'run';

/** What a share means, for people. */
export const shareWords: Readonly<Record<Share, string>> = {
  values: 'what rests on it is computed anew',
  asked: 'other results are asked for; those that are stored are used',
  study: 'a study of its own; nothing is computed anew but its analysis',
  run: 'no part of the study',
};

type Section = keyof typeof keys;
/** A key that has keys of its own stands for these. */
type Row = Share | 'section';

/**
 * What each key of each section takes part in. A key that is missing here does not compile: whoever adds one says whether results hang on it
 * (`test/study/explaining/shares.test.ts` changes each, and looks).
 */
export const shares: { readonly [S in Section]: { readonly [K in (typeof keys)[S][number]]: Row } } = {
  study: {
    version: 'study',
    study: 'study',
    // Draws of conditions, positions and nulls, and the order of images where that is seeded.
    seed: 'values',
    data: 'section',
    defaults: 'section',
    models: 'section',
    ablations: 'section',
    impulses: 'section',
    analysis: 'section',
    run: 'section',
  },
  // By what is read, not by where it lies: a file of the same content under another name changes nothing.
  data: {
    format: 'values',
    files: 'values',
    labels: 'values',
    classes: 'study',
    images: 'values',
    order: 'values',
    resize: 'values',
    crop: 'values',
  },
  defaults: { data: 'section', reference: 'section', input: 'section', output: 'section', after: 'section' },
  model: {
    file: 'values',
    trainings: 'values',
    data: 'values',
    reference: 'values',
    input: 'section',
    output: 'section',
    after: 'values',
    expect: 'section',
  },
  input: { divide: 'values', mean: 'values', std: 'values', order: 'values' },
  output: { kind: 'values', name: 'values', 'class-offset': 'values' },
  expect: { accuracy: 'study', within: 'study' },
  ablation: {
    models: 'asked',
    unit: 'asked',
    layers: 'asked',
    mode: 'asked',
    fill: 'asked',
    draws: 'asked',
    fractions: 'asked',
    trials: 'asked',
    spread: 'asked',
    order: 'asked',
    within: 'asked',
    budget: 'asked',
    screen: 'section',
    stop: 'section',
    keep: 'asked',
  },
  screen: { keep: 'asked', random: 'asked' },
  stop: {
    precision: 'asked',
    top: 'asked',
    epsilon: 'asked',
    confidence: 'asked',
    clip: 'asked',
    by: 'asked',
  },
  impulse: {
    models: 'asked',
    at: 'asked',
    channels: 'asked',
    positions: 'asked',
    amplitudes: 'asked',
    base: 'asked',
    record: 'asked',
    keep: 'asked',
    resolve: 'section',
  },
  resolve: { r2: 'asked', sr: 'asked', budget: 'section' },
  resolveBudget: { images: 'asked', positions: 'asked' },
  analysis: {
    confidence: 'study',
    fdr: 'study',
    bootstrap: 'study',
    far: 'study',
    nulls: 'section',
    rarefy: 'section',
  },
  nulls: Object.fromEntries(wordsOf(nulls).map((kind) => [kind, 'asked'])) as Record<NullName, 'asked'>,
  rarefy: { kernels: 'study', sites: 'study' },
  run: {
    // Decided once, when a study is first stored; the mode is in every key.
    engine: 'values',
    device: 'values',
    onFailure: 'run',
    workers: 'run',
    memory: 'run',
    batchSeconds: 'run',
    limit: 'section',
  },
  limit: { hours: 'run', bytes: 'run', cells: 'run' },
};

/** Sections in the order in which a path through a resolved study meets them. */
const below: ReadonlyMap<string, Section> = new Map<string, Section>([
  ['data', 'data'],
  ['models', 'model'],
  ['ablations', 'ablation'],
  ['impulses', 'impulse'],
  ['analysis', 'analysis'],
  ['run', 'run'],
]);
const inner: ReadonlyMap<string, Section> = new Map<string, Section>([
  ['model.input', 'input'],
  ['model.output', 'output'],
  ['model.expect', 'expect'],
  ['ablation.screen', 'screen'],
  ['ablation.stop', 'stop'],
  ['impulse.resolve', 'resolve'],
  ['resolve.budget', 'resolveBudget'],
  ['analysis.nulls', 'nulls'],
  ['analysis.rarefy', 'rarefy'],
  ['run.limit', 'limit'],
]);

/**
 * What a value of the spec takes part in, by its path with names of entries: `models`, `resnet20`, `input`, `mean`. What is none of the spec's
 * keys counts as `values`, which says the most.
 */
export function shareOf([first = '', ...rest]: readonly string[]): Share {
  const section = below.get(first);
  if (section === undefined) return rowAt('study', [first]);
  return rowAt(section, entries.includes(first) ? rest.slice(1) : rest);
}

const entries: readonly string[] = ['data', 'models', 'ablations', 'impulses'];

function rowAt(section: Section, [key, ...deeper]: readonly string[]): Share {
  const rows = shares[section] as Readonly<Record<string, Row>>;
  if (key === undefined) {
    // A section as a whole, such as `stop`, says as much as the strongest of its keys.
    return (['values', 'asked', 'study'] as const).find((share) => Object.values(rows).includes(share)) ?? 'run';
  }
  const row = rows[key] ?? 'values';
  if (row !== 'section') return row;
  const next = inner.get(`${section}.${key}`);
  return next === undefined ? 'values' : rowAt(next, deeper);
}
