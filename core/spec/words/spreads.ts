import { wordTable, wordsWhere, type Word } from '../../word-table.js';

export interface SpreadRow extends Word {
  /** What is drawn from: a seeded layer (or stream), or all that is selected. */
  readonly from: 'layer' | 'selection';
  /** What the fraction is a share of. Those of the layer share a match id, since they remove as many. */
  readonly shareOf: 'layer' | 'selection';
}

/** Where random sets lie. How they are drawn: `core/plan/random-removals.ts`. */
export const spreads = wordTable<SpreadRow>()({
  'one-layer': { meaning: 'a fraction of one seeded layer', from: 'layer', shareOf: 'layer' },
  matched: {
    meaning: 'as many targets from all selected layers as `one-layer` takes of one; both share a match id',
    from: 'selection',
    shareOf: 'layer',
  },
  'all-depths': { meaning: 'a fraction of all targets', from: 'selection', shareOf: 'selection' },
});

export type Spread = keyof typeof spreads;

/** Spreads that draw nothing within a layer, as targets that are whole layers need it. */
export const spreadsOfWholes = wordsWhere(spreads, (row) => row.from === 'selection' && row.shareOf === 'selection');
