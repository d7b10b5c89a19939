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
import { screenedPairs, type ScreenedPairs } from './screen.js';
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

/**
 * Single targets first, then the pairs of them: what a pair does is held against what its two do alone. Where pairs are screened, the single ones are
 * those of all pairs, by which it is known which of these are run.
 */
function singlesAndPairs(
  all: PairList,
  targets: readonly Target[],
  pairs: ScreenedPairs | PairList = all,
): RemovalList {
  const singles = singlesOf(all, targets);
  return {
    length: singles.length + pairs.length,
    at: (index) => {
      const pair = index - singles.length;
      const places = pair < 0 ? [singles[index] as number] : pairs.at(pair);
      const screened = pair >= 0 && 'screenedAt' in pairs ? { screened: pairs.screenedAt(pair) } : {};
      return { targets: places.map((place) => targets[place] as Target), of: targets.length, ...screened };
    },
  };
}

function pairRemovals(ablation: AblationSpec, { targets, seed, scores }: RemovalContext): RemovalList {
  const spec = askedPairs(ablation);
  const all = pairsOf(spec, ablation.unit, targets, seed);
  return singlesAndPairs(all, targets, spec.screen && screenedPairs(all, spec.screen, scores, [seed, ablation.unit]));
}

/** As many as `singlesAndPairs` gives, at most: of few pairs, only the targets that some pair holds are planned alone. */
const singlesAndPairsOf = (all: number, ablation: AblationSpec, targets: Factor): Factor => {
  const { screen } = askedPairs(ablation);
  const pairs = screen ? Math.min(all, screen.keep + screen.random) : all;
  return {
    key: screen ? 'screen' : 'budget',
    what: `pairs and single ${ablation.unit}s`,
    count: pairs + Math.min(targets.count, 2 * all),
  };
};

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
    removals: pairRemovals,
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
