import {
  meanBounds,
  meanIsAbove,
  valuesUntilAbove,
  valuesUntilBelow,
  type Drawn,
  type MeanBounds,
} from './confidence-sequence.js';
import { variateOfDifferences } from './control-variate.js';
import { TopErrors } from './top-errors.js';
import {
  drawnFrom,
  estimateOf,
  meanOf,
  projected,
  undecided,
  type DrawnCondition,
  type Standing,
  type Verdict,
} from './verdict.js';

/** What is asked: the `top` conditions of the largest mean, right within `epsilon`, with this confidence. */
export interface TopRule {
  readonly top: number;
  /** In the unit of the values. */
  readonly epsilon: number;
  readonly confidence: number;
  /** Values lie in [0, bound]. */
  readonly bound: number;
  /**
   * Conditions of which it is thought beforehand that the top is among them; undefined: nothing is thought. They must not follow from the order
   * of drawing. If it is wrong that costs values, not confidence.
   */
  readonly favourites?: ReadonlySet<number> | undefined;
}

/** Leaders go ahead of all others until the lower end of each is as near as this share of epsilon to the least estimate of the top. */
const NEAR = 0.07;

/** A leader goes to at most so many times as many values at once, another to so many: further on one knows better how far it must go. */
const [LEADER_STEP, STEP] = [2, 1.25];

/** A condition with what is known of it. */
interface Known extends MeanBounds {
  readonly index: number;
  readonly condition: DrawnCondition;
  readonly drawn: Drawn;
  readonly mean: number;
  readonly estimate: number;
}

/**
 * Which conditions have the largest means over a population of which each has drawn a beginning, in an order common to
 * all: the top `k`, S, are settled when for each i in S and each j outside it is shown that mean j ≤ mean i + ε. Then
 * every member of S is within ε of the k-th largest mean, and nobody outside exceeds a member by more than ε.
 *
 * It is shown by the intervals of the two (high_j ≤ low_i + ε), or by a confidence sequence for the paired differences of
 * the values that both have drawn; how the error is shared among these: `top-errors.ts`. As in successive elimination and LUCB
 * (Kalyanakrishnan et al., "PAC subset selection in stochastic multi-armed bandits", ICML 2012), but with sequences that hold at all times, so
 * that neither the looks nor the rule by which conditions go on can break the confidence.
 *
 * @param conditions undefined: undecided, which stands outside of the comparison.
 */
export function settleTop(
  conditions: readonly (DrawnCondition | undefined)[],
  population: number,
  rule: TopRule,
): Verdict {
  const { top, epsilon, bound } = rule;
  const errors = new TopErrors(conditions.length, rule);
  const drawn = conditions.map((condition) => condition && drawnFrom(condition, population, bound));
  const look = (clean: boolean): Known[] =>
    conditions.flatMap((condition, index): Known[] => {
      const own = drawn[index];
      if (!condition || !own) return [];
      const ends = meanBounds(own, { above: errors.above(index, clean), below: errors.below(index) });
      return [{ index, condition, drawn: own, ...ends, mean: meanOf(condition.values), estimate: estimateOf(own) }];
    });
  const ranked = (known: readonly Known[]): Known[] => known.toSorted((a, b) => b.low - a.low || a.index - b.index);
  let byLow = ranked(look(true));
  const clean = errors.isClean(byLow.slice(0, top).map(({ index }) => index));
  if (!clean) byLow = ranked(look(false));
  const [members, rest] = [byLow.slice(0, top), byLow.slice(top)];
  const shown = (i: Known, j: Known): boolean =>
    j.high <= i.low + epsilon || isBetter(i.drawn, j.drawn, rule, errors.pair(i.index, j.index));
  const open = new Set<number>();
  for (const j of rest) {
    for (const i of members) {
      if (shown(i, j)) continue;
      open.add(i.index);
      open.add(j.index);
    }
  }
  const inside = new Set(members.map(({ index }) => index));
  const known = new Map(byLow.map((own) => [own.index, own]));
  return {
    standings: conditions.map((_, index): Standing => {
      const own = known.get(index);
      if (!own) return undecided(bound);
      const place = open.has(index) ? 'open' : inside.has(index) ? 'top' : 'rest';
      const { low, high, mean } = own;
      return { low, high, mean, place: byLow.length < top ? 'undecided' : place };
    }),
    advance: open.size === 0 ? [] : nextToAdvance(byLow, open, rule, errors, clean),
  };
}

/** Whether mean i ≥ mean j − ε, from the differences of the values that both have drawn. */
function isBetter(i: Drawn, j: Drawn, { epsilon, bound }: TopRule, alpha: number): boolean {
  const shared = Math.min(i.values.length, j.values.length);
  const values = new Float64Array(shared);
  for (let t = 0; t < shared; t++) values[t] = (i.values[t] as number) - (j.values[t] as number) + bound;
  const variate = variateOfDifferences(i.variate, j.variate);
  return meanIsAbove({ values, population: i.population, bound: 2 * bound, variate }, bound - epsilon, alpha);
}

/**
 * Most conditions are far from the top, and how soon that shows depends on how well the top is known. So the leaders, few
 * as they are, go ahead, and the others follow; each about as far as it must go if everything goes on as it did.
 */
function nextToAdvance(
  byLow: readonly Known[],
  open: ReadonlySet<number>,
  { top, epsilon }: TopRule,
  errors: TopErrors,
  clean: boolean,
): Verdict['advance'] {
  const count = ({ condition }: Known): number => condition.values.length;
  const isLeft = (own: Known): boolean => count(own) < own.drawn.population;
  const able = byLow.filter((own) => open.has(own.index) && isLeft(own));
  if (able.length === 0) return [];
  const leaders = byLow.toSorted((a, b) => b.estimate - a.estimate || a.index - b.index).slice(0, top);
  const goal = (leaders.at(-1) as Known).estimate - NEAR * epsilon;
  const behind = leaders.filter((own) => own.low < goal && isLeft(own));
  const step = (own: Known, most: number, until: number): Verdict['advance'][number] => ({
    condition: own.index,
    values: Math.max(count(own) + 1, Math.min(most * count(own), until)),
  });
  const ascending = (steps: readonly Verdict['advance'][number][]): Verdict['advance'] =>
    steps.toSorted((a, b) => a.condition - b.condition);
  if (behind.length > 0)
    return ascending(
      behind.map((own) => {
        const ahead = projected(own.drawn, own.condition);
        return step(own, LEADER_STEP, valuesUntilAbove(ahead, goal, errors.below(own.index)));
      }),
    );
  const others = able.filter((own) => !leaders.includes(own));
  const pool = others.length > 0 ? others : able;
  const least = (byLow[top - 1] as Known).low + epsilon;
  return ascending(
    pool.map((own) => {
      const ahead = projected(own.drawn, own.condition);
      return step(own, STEP, valuesUntilBelow(ahead, least, errors.above(own.index, clean)));
    }),
  );
}
