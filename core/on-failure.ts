import { wordTable, type Word } from './word-table.js';

export interface OnFailureRow extends Word {
  /** Whether the first recorded failure ends the study. */
  readonly stops: boolean;
}

/** What a unit that cannot be computed does to the study. */
export const onFailures = wordTable<OnFailureRow>()({
  continue: { meaning: 'it is recorded, and the rest goes on', stops: false },
  stop: { meaning: 'the study ends', stops: true },
});

export type OnFailure = keyof typeof onFailures;
