import type { DataSpec } from '../../core/data/data-spec.js';
import type { AblationSpec, AnalysisSpec, ImpulseSpec } from '../../core/spec/study-spec.js';
import { madeNulls, type MadeNullName, type NullsSpec } from '../../core/spec/words/nulls.js';
import { wordsOf } from '../../core/word-table.js';

/** Parts of a study as the reader of specs hands them on: what a test does not name is what specs leave out, or few and small. */
export const ablationSpec = (more: Partial<AblationSpec> = {}): AblationSpec => ({
  name: 'a',
  models: ['resnet20'],
  unit: 'kernel',
  layers: ['*'],
  mode: 'each',
  fill: ['zero'],
  draws: 3,
  fractions: [],
  trials: 1,
  spread: [],
  order: 'random',
  ...more,
});

export const impulseSpec = (more: Partial<ImpulseSpec> = {}): ImpulseSpec => ({
  name: 'plain',
  models: ['small'],
  at: 'input',
  channels: 'each',
  positions: 'center',
  amplitudes: { unit: 'input', values: [1, -1] },
  bases: ['normalised-zero', 'mean-image'],
  record: ['*'],
  keep: 'signatures',
  ...more,
});

/** Nulls of the kinds that are named, and none besides. */
export const nullsSpec = (more: Partial<NullsSpec> = {}): NullsSpec => ({
  ...(Object.fromEntries(wordsOf(madeNulls).map((kind) => [kind, 0])) as Record<MadeNullName, number>),
  unrelated: [],
  ...more,
});

export const analysisSpec = (more: Partial<AnalysisSpec> = {}): AnalysisSpec => ({
  confidence: 0.95,
  fdr: 0.05,
  bootstrap: 50,
  far: 0.5,
  nulls: nullsSpec({ shuffled: 1 }),
  rarefy: { kernels: 4, sites: 3 },
  ...more,
});

export const dataSpec = (given: Partial<DataSpec> & Pick<DataSpec, 'format' | 'files'>): DataSpec => ({
  name: 'test',
  labels: [],
  classes: undefined,
  images: undefined,
  order: 'file',
  resize: undefined,
  crop: undefined,
  ...given,
});
