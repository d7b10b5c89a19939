import { randomStream } from '../random.js';
import type { AblationSpec } from '../spec/study-spec.js';
import { removalOrders } from '../spec/words/removal-orders.js';
import { countOf, type Removal, type RemovalContext, type RemovalList } from './removal.js';
import type { Target } from './target.js';

/** Growing sets in one order: by chance, anew in each trial, or from the least score on. */
export function cumulativeRemovals(ablation: AblationSpec, { targets, seed, scores }: RemovalContext): RemovalList {
  const trials = removalOrders[ablation.order].chance ? ablation.trials : 1;
  const orders = new Map<number, readonly Target[]>();
  const orderOf = (trial: number): readonly Target[] => {
    const known = orders.get(trial);
    if (known) return known;
    const order = scores
      ? targets
          .map((target, i) => [target, scores[i] as number, i] as const)
          .sort((a, b) => a[1] - b[1] || a[2] - b[2])
          .map(([target]) => target)
      : randomStream(seed, 'cumulative', ablation.unit, trial).shuffled(targets);
    orders.set(trial, order);
    return order;
  };
  const at = (index: number): Removal => {
    const fraction = ablation.fractions[index % ablation.fractions.length] as number;
    const trial = Math.floor(index / ablation.fractions.length);
    const count = countOf(fraction, targets.length);
    return { targets: orderOf(trial).slice(0, count), of: targets.length, fraction, trial };
  };
  return { length: trials * ablation.fractions.length, at };
}
