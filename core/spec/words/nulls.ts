import { wordTable, type Word } from '../../word-table.js';

export interface NullRow extends Word {
  /** How many of them there are where a study asks for so many nulls. */
  readonly count: (nulls: number) => number;
}

/** Networks without the redundancy of training, against which every measure of it stands. How each is made: `core/probe/null-network.ts`. */
export const nulls = wordTable<NullRow>()({
  shuffled: {
    meaning: 'weights shuffled within layers, then recalibrated on the reference images',
    count: (asked) => asked,
  },
});

export type NullName = keyof typeof nulls;
