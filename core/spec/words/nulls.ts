import { wordTable, type Word } from '../../word-table.js';

export interface NullRow extends Word {
  /** What stands behind "networks" in a sentence. */
  readonly with: string;
}

export interface MadeNullRow extends NullRow {
  /** How many of them there are where a study says nothing. */
  readonly usual: number;
}

/** Nulls that are made of the network itself, asked for by number. How each gets its weights: `core/probe/null-network.ts`. */
export const madeNulls = wordTable<MadeNullRow>()({
  shuffled: {
    meaning:
      'how many networks with weights shuffled within layers, then recalibrated on the reference images: what every excess in the table models, and every discovery, stands against',
    usual: 19,
    with: 'with weights shuffled within layers',
  },
  reinitialised: {
    meaning: 'how many networks with weights drawn anew (He-normal), recalibrated in the same way',
    usual: 0,
    with: 'with weights drawn anew',
  },
});

/** Networks without what is looked for, or of another training, beside which a measure of redundancy stands. */
export const nulls = wordTable<NullRow>()({
  ...madeNulls,
  unrelated: {
    meaning: 'which other networks of the study, as they are; they must take the same input',
    with: 'of the study beside it',
  },
});

export type MadeNullName = keyof typeof madeNulls;
export type NullName = keyof typeof nulls;

/** The nulls of a study. */
export type NullsSpec = { readonly [N in MadeNullName]: number } & { readonly unrelated: readonly string[] };
