import { wordTable, type Word } from '../../word-table.js';

export interface KeptResponseRow extends Word {
  /** Whether the responses themselves are stored. */
  readonly maps: boolean;
}

/** What is stored of responses. */
export const keptResponses = wordTable<KeptResponseRow>()({
  responses: {
    meaning: 'the cropped responses, beside the norms, odd and even energies and signatures that every measure uses',
    maps: true,
  },
  signatures: { meaning: 'all but the responses themselves: a hundredth of the bytes', maps: false },
});

export type KeptResponse = keyof typeof keptResponses;
