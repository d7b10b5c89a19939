import { wordTable, type Word } from '../word-table.js';
import { seededOrder } from './order.js';

export interface ImageOrderRow extends Word {
  /** Places of the records with these labels, in the order in which a study with this seed takes them. */
  readonly places: (labels: Uint16Array, seed: number) => Uint32Array;
}

/** Orders of an image set. */
export const imageOrders = wordTable<ImageOrderRow>()({
  seeded: {
    meaning: 'a permutation by the study’s seed of which every beginning is stratified by class',
    places: seededOrder,
  },
  file: { meaning: 'the order of the files', places: (labels) => Uint32Array.from(labels.keys()) },
});

export type ImageOrder = keyof typeof imageOrders;
