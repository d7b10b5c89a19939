import { wordTable, type Word } from '../../word-table.js';

/** Where impulses are set, where no pairs [row, column] are written. What each is: `core/plan/positions.ts`. */
export const positions = wordTable<Word>()({
  center: { meaning: 'the middle of the map' },
  phases: {
    meaning:
      'one seeded position a base, so chosen that S² bases together meet every phase of the largest stride S from the input to a recorded site; at inner sites S is 1. `{ phases: n }`: n of them on each base, all phases alike, which keep those of a smaller n',
  },
});

export type PositionWord = keyof typeof positions;
