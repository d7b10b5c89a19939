import { wordTable, wordsWhere, type Word } from '../../word-table.js';

export interface PairScopeRow extends Word {
  /** Whether it holds the pairs of all others, so that it stands alone. */
  readonly all: boolean;
  /** Whether both targets are of one layer, which so must have two. */
  readonly oneLayer: boolean;
  /** Where there are no such pairs, in a sentence. */
  readonly where: string;
  /** How many pairs there are of layers (or blocks, or streams) of so many targets each. */
  readonly count: (layers: readonly number[]) => number;
}

const triangle = (n: number): number => (n * (n - 1)) / 2;
const ofAll = (layers: readonly number[]): number => triangle(layers.reduce((sum, size) => sum + size, 0));
const ofOne = (layers: readonly number[]): number => layers.reduce((sum, size) => sum + triangle(size), 0);

/** Which pairs of targets. Which these are: `core/plan/pairs.ts`. */
export const pairScopes = wordTable<PairScopeRow>()({
  any: { meaning: 'of whichever targets', all: true, oneLayer: false, where: 'at all', count: ofAll },
  layer: {
    meaning: 'of two of one layer (or stream)',
    all: false,
    oneLayer: true,
    where: 'within one layer',
    count: ofOne,
  },
  across: {
    meaning: 'of two of different ones',
    all: false,
    oneLayer: false,
    where: 'across layers',
    count: (layers) => ofAll(layers) - ofOne(layers),
  },
});

export type PairScope = keyof typeof pairScopes;

/** Scopes that hold the pairs of all others. */
export const scopesOfAll = wordsWhere(pairScopes, (row) => row.all);
/** Scopes of pairs within a layer. */
export const scopesOfOneLayer = wordsWhere(pairScopes, (row) => row.oneLayer);
