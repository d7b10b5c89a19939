import type { AnalysisSpec, RunSpec } from './study-spec.js';
import { wordsOf } from '../word-table.js';
import { madeNulls, type MadeNullName } from './words/nulls.js';

/** What holds where a spec is silent. */
export const defaults = {
  seed: 0,
  /** Pixels as they are. */
  input: { divide: 1, mean: [0], std: [1], order: 'rgb' },
  output: { kind: 'logits', name: undefined, classOffset: 0 },
  /** A kernel's site lies behind normalisation and activation. */
  after: 'activation',
  /** Beyond the sampling error of 500 images at 91 % (1.3 points), below what a wrong input costs. */
  within: 0.02,
  mode: 'each',
  unit: 'kernel',
  fill: ['zero'],
  spread: ['all-depths'],
  order: 'random',
  pairsWithin: ['any'],
  /** Forty in each fifth of the distances; more tell little more where layers are few. */
  quadruples: 200,
  /** Clipped at 1 nat: an image on which the intact class has lost that much is lost; see docs/decisions/0045. */
  stop: { confidence: 0.95, clip: 1, by: 'images' },
  trials: 20,
  draws: 3,
  /** Images on which impulses are set: flat bases say little about real ones. */
  bases: { images: 64, orFewer: true },
  /** Budget of `resolve`, in first waves: with 64 base images 256, by which R² and systemic redundancy of ResNets are resolved. */
  resolveWaves: 4,
  /** In standard deviations of a channel: near-linear and well beyond. */
  amplitudes: { unit: 'std', values: [0.1, -0.1, 1, -1] },
  /** At inner sites, in the units of the activation. */
  innerAmplitudes: { unit: 'input', values: [1, -1] },
} as const;

export const defaultAnalysis: AnalysisSpec = {
  confidence: 0.95,
  fdr: 0.05,
  bootstrap: 1000,
  far: 0.5,
  nulls: {
    ...(Object.fromEntries(wordsOf(madeNulls).map((kind) => [kind, madeNulls[kind].usual])) as Record<
      MadeNullName,
      number
    >),
    unrelated: [],
  },
  rarefy: { kernels: 8, sites: 6 },
};

/** Bytes below which a compute process cannot even start. */
export const leastMemory = 100_000_000;

export const defaultRun: RunSpec = {
  engine: 'auto',
  device: 'auto',
  onFailure: 'continue',
  workers: undefined,
  memory: undefined,
  batchSeconds: 10,
  /** What a laptop survives: a day of one core, a tenth of its disk; see docs/decisions/0047. */
  limit: { hours: 24, bytes: 20e9, cells: 250_000 },
};
