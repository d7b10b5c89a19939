import { defaults } from '../spec/defaults.js';
import type { AblationSpec, PairsSpec } from '../spec/study-spec.js';
import type { Mode } from '../spec/words/modes.js';
import { pairScopes } from '../spec/words/pair-scopes.js';
import { removalOrders } from '../spec/words/removal-orders.js';
import { compensationRemovals } from './compensation-removals.js';
import { cumulativeRemovals } from './cumulative-removals.js';
import { pairCount, pairsOf, singlesOf, type PairList } from './pairs.js';
import { pairsOfQuadruples, plannedQuadruples, quadruplesBudget } from './quadruples.js';
import { randomRemovals } from './random-removals.js';
import type { RemovalContext, RemovalList } from './removal.js';
import type { Target } from './target.js';

/** One of the numbers that multiply to a count, and the key of the spec that asks for it. */
export interface Factor {
  readonly key: string;
  readonly what: string;
  readonly count: number;
}

/** What a mode plans. */
interface PlannedMode {
  /** Every removal of an ablation, in canonical order. */
  readonly removals: (ablation: AblationSpec, context: RemovalContext) => RemovalList;
  /** How many these are, at most, by arithmetic; `sizes`: targets of each selected layer, `all`: of all of them. */
  readonly factors: (ablation: AblationSpec, sizes: readonly number[], all: Factor) => readonly Factor[];
}

const fractionsOf = ({ fractions }: AblationSpec): Factor => ({
  key: 'fractions',
  what: 'fractions',
  count: fractions.length,
});
const trialsOf = ({ trials }: AblationSpec): Factor => ({ key: 'trials', what: 'trials', count: trials });
const askedPairs = ({ pairs }: AblationSpec): PairsSpec => pairs ?? { within: defaults.pairsWithin, budget: undefined };

/** Single targets first, then the pairs of them: what a pair does is held against what its two do alone. */
function singlesAndPairs(pairs: PairList, targets: readonly Target[]): RemovalList {
  const singles = singlesOf(pairs, targets);
  return {
    length: singles.length + pairs.length,
    at: (index) => {
      const places = index < singles.length ? [singles[index] as number] : pairs.at(index - singles.length);
      return { targets: places.map((place) => targets[place] as Target), of: targets.length };
    },
  };
}

/** As many as `singlesAndPairs` gives, at most: of few pairs, only the targets that some pair holds are planned alone. */
const singlesAndPairsOf = (pairs: number, { unit }: AblationSpec, all: Factor): Factor => ({
  key: 'budget',
  what: `pairs and single ${unit}s`,
  count: pairs + Math.min(all.count, 2 * pairs),
});

/** How removals are chosen, one row a mode. */
export const plannedModes: { readonly [M in Mode]: PlannedMode } = {
  each: {
    removals: (_, { targets }) => ({
      length: targets.length,
      at: (i) => ({ targets: [targets[i] as Target], of: targets.length }),
    }),
    factors: (_ablation, _sizes, all) => [all],
  },
  pairs: {
    removals: (ablation, { targets, seed }) =>
      singlesAndPairs(pairsOf(askedPairs(ablation), ablation.unit, targets, seed), targets),
    factors: (ablation, sizes, all) => [singlesAndPairsOf(pairCount(askedPairs(ablation), sizes), ablation, all)],
  },
  quadruples: {
    removals: (ablation, context) =>
      singlesAndPairs(pairsOfQuadruples(plannedQuadruples(ablation, context), context.targets.length), context.targets),
    factors: (ablation, sizes, all) => {
      const pairs = Math.min(4 * quadruplesBudget(ablation), pairScopes.any.count(sizes));
      return [singlesAndPairsOf(pairs, ablation, all)];
    },
  },
  compensation: {
    removals: compensationRemovals,
    factors: (_ablation, _sizes, all) => [
      { key: 'mode', what: 'blocks, each as it is and alone', count: 2 * all.count },
    ],
  },
  random: {
    removals: randomRemovals,
    factors: (ablation) => [
      fractionsOf(ablation),
      trialsOf(ablation),
      { key: 'spread', what: 'spreads', count: ablation.spread.length },
    ],
  },
  cumulative: {
    removals: cumulativeRemovals,
    factors: (ablation) =>
      removalOrders[ablation.order].chance ? [fractionsOf(ablation), trialsOf(ablation)] : [fractionsOf(ablation)],
  },
};
