import { wordTable, type Word } from '../../word-table.js';

export interface KeptOutputRow extends Word {
  /** Whether outputs are kept beside cells, as records of their own. */
  readonly outputs: boolean;
}

/** What is stored of each condition and image. */
export const keptOutputs = wordTable<KeptOutputRow>()({
  cells: {
    meaning: 'predicted class, loss and KL: about 10 bytes an image, enough for every measure of single conditions',
    outputs: false,
  },
  logits: {
    meaning:
      'the outputs themselves beside them, 4 bytes each; of a network with more than 100 a sketch of 16 numbers: what the excess of pairs is read from',
    outputs: true,
  },
});

export type KeptOutput = keyof typeof keptOutputs;
