import { wordTable, wordsWhere, type Word } from '../../word-table.js';
import { hasKey, type Mode } from './modes.js';

export interface RemovalOrderRow extends Word {
  /** Whether it is drawn anew in each trial; the others are read from what is measured, and are the same in every trial. */
  readonly chance: boolean;
  /** Whether it is read from a leave-one-out with zeros of the same targets, which is planned first. */
  readonly leaveOneOut: boolean;
  /** Whether it is read from what gradients say of kernels on the reference images. */
  readonly gradients?: true;
}

/** What a cumulative ablation removes first. How scores are computed: `core/study/planning/scores.ts`. */
export const removalOrders = wordTable<RemovalOrderRow>()({
  random: { meaning: 'by chance', chance: true, leaveOneOut: false },
  'weight-norm': { meaning: 'least L1 norm of the weights first', chance: false, leaveOneOut: false },
  'activation-std': {
    meaning: 'least deviation of the activation on the reference images first',
    chance: false,
    leaveOneOut: false,
  },
  kl: {
    meaning: 'least damage first, by a leave-one-out with zeros that is run before',
    chance: false,
    leaveOneOut: true,
  },
  linearised: {
    meaning:
      'least predicted damage first: that of linearised lesions with zeros on the reference images, summed over what is removed with a target; no leave-one-out is run',
    chance: false,
    leaveOneOut: false,
    gradients: true,
  },
});

export type RemovalOrder = keyof typeof removalOrders;

/** Orders that are the same in every trial. */
export const fixedOrders = wordsWhere(removalOrders, (row) => !row.chance);

/** Whether an ablation's order is read from gradients. */
export function ordersByGradients({ mode, order }: { readonly mode: Mode; readonly order: RemovalOrder }): boolean {
  const row: RemovalOrderRow = removalOrders[order];
  return hasKey(mode, 'order') && row.gradients === true;
}
