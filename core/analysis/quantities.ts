import { wordTable, type Word } from '../word-table.js';

/** What architectures are compared by: a number that each training has, by the column of the table `models` that holds it, where one does. */
interface Quantity extends Word {
  readonly unit: string;
  /** What no network can be below or above. */
  readonly least?: number;
  readonly most?: number;
}

/** One row a quantity, in the order of the tables. */
export const quantities = wordTable<Quantity>()({
  accuracy: { meaning: 'accuracy of the intact network', unit: 'share', least: 0, most: 1 },
  robustness_area: {
    meaning: 'mean of accuracy over intact accuracy along the removed fractions',
    unit: '1',
    least: 0,
  },
  kernel_kl: { meaning: 'damage when one kernel is set to zero, mean over all kernels', unit: 'nat', least: 0 },
  replaceability_same: { meaning: 'replaceability of all kernels from their own sites', unit: '1', most: 1 },
  replaceability_earlier: { meaning: 'replaceability of all kernels from earlier sites', unit: '1', most: 1 },
  kl_repaired: { meaning: 'what later residual branches repair of the removal of one', unit: 'nat' },
  contrast: { meaning: 'back-up across layers less that within them, by quadruples', unit: 'nat' },
  sr: { meaning: 'systemic redundancy', unit: '1' },
  sr_excess: { meaning: 'systemic redundancy beyond networks with shuffled weights', unit: '1' },
  r2_same_low: { meaning: 'how well other kernels of the same site predict a signature, lower end', unit: 'R²' },
  r2_far_low: { meaning: 'how well kernels of far sites predict a signature, lower end', unit: 'R²' },
});

export type QuantityName = keyof typeof quantities;
