import { smallest } from '../extremes.js';
import { meanBounds, meanIsAbove, type MeanBounds } from './confidence-sequence.js';
import { meanOf, undecided, type Standing, type Verdict } from './verdict.js';

/** What is asked: the `top` conditions of the largest mean, right within `epsilon`, with this confidence. */
export interface TopRule {
  readonly top: number;
  /** In the unit of the values. */
  readonly epsilon: number;
  readonly confidence: number;
  /** Values lie in [0, bound]. */
  readonly bound: number;
}

/** Share of the error for paired differences; of what remains, for upper ends. */
const PAIRED = 0.1;
const UPPER = 0.9;

/** Leaders go ahead of all others until the top's lowest bound is as near as this share of epsilon to its estimate. */
const NEAR = 0.25;

/**
 * Which conditions have the largest means over a population of which each has drawn a beginning, in an order common to
 * all: the top `k`, S, are settled when for each i in S and each j outside it is shown that mean j ≤ mean i + ε. Then
 * every member of S is within ε of the k-th largest mean, and nobody outside exceeds a member by more than ε.
 *
 * It is shown by the intervals of the two (high_j ≤ low_i + ε), or by a confidence sequence for the paired differences of
 * the values that both have drawn. A wrong S has a member i of the rest and misses a member j of the true top, so only
 * the k upper ends of the true top, the n − k lower ends of the rest, and k (n − k) differences must hold: each kind
 * shares its part of 1 − confidence equally. As in successive elimination and LUCB (Kalyanakrishnan et al., "PAC subset
 * selection in stochastic multi-armed bandits", ICML 2012), but with sequences that hold at all times, so that neither
 * the looks nor the rule by which conditions go on can break the confidence.
 *
 * @param drawn values of each condition, each in [0, bound], as far as they are drawn; undefined: undecided, which
 *   stands outside of the comparison.
 */
export function settleTop(drawn: readonly (Float64Array | undefined)[], population: number, rule: TopRule): Verdict {
  const { top, epsilon, bound } = rule;
  const alpha = 1 - rule.confidence;
  const others = Math.max(1, drawn.length - top);
  const single = {
    above: (alpha * (1 - PAIRED) * UPPER) / top,
    below: (alpha * (1 - PAIRED) * (1 - UPPER)) / others,
  };
  const bounds = drawn.map((values) =>
    values ? { ...meanBounds({ values, population, bound }, single), mean: meanOf(values) } : undefined,
  );
  const known = drawn.flatMap((values, index) => (values ? [index] : []));
  const boundsOf = (index: number): MeanBounds & { readonly mean: number } =>
    bounds[index] as MeanBounds & { readonly mean: number };
  const byLow = [...known].sort((a, b) => boundsOf(b).low - boundsOf(a).low || a - b);
  const members = byLow.slice(0, top);
  const rest = byLow.slice(top);
  const shown = (i: number, j: number): boolean =>
    boundsOf(j).high <= boundsOf(i).low + epsilon ||
    isBetter(drawn[i] as Float64Array, drawn[j] as Float64Array, population, rule, (alpha * PAIRED) / (top * others));
  const open = new Set<number>();
  for (const j of rest) {
    for (const i of members) {
      if (shown(i, j)) continue;
      open.add(i);
      open.add(j);
    }
  }
  const inside = new Set(members);
  return {
    standings: bounds.map((own, index): Standing => {
      if (!own) return undecided(bound);
      const place = open.has(index) ? 'open' : inside.has(index) ? 'top' : 'rest';
      return { ...own, place: known.length < top ? 'undecided' : place };
    }),
    advance: nextToAdvance(open, members, drawn, boundsOf, population, rule),
  };
}

/** Whether mean i ≥ mean j − ε, from the differences of the values that both have drawn. */
function isBetter(
  i: Float64Array,
  j: Float64Array,
  population: number,
  { epsilon, bound }: TopRule,
  alpha: number,
): boolean {
  const shared = Math.min(i.length, j.length);
  const differences = new Float64Array(shared);
  for (let t = 0; t < shared; t++) differences[t] = (i[t] as number) - (j[t] as number) + bound;
  return meanIsAbove({ values: differences, population, bound: 2 * bound }, bound - epsilon, alpha);
}

/**
 * Most conditions are far from the top, and how soon that shows depends on how well the top is known. So the leaders, few
 * as they are, go ahead by leaps, and the others follow, those with the fewest values first.
 */
function nextToAdvance(
  open: ReadonlySet<number>,
  members: readonly number[],
  drawn: readonly (Float64Array | undefined)[],
  boundsOf: (index: number) => MeanBounds & { readonly mean: number },
  population: number,
  { top, epsilon }: TopRule,
): Verdict['advance'] {
  const count = (index: number): number => drawn[index]?.length ?? 0;
  const able = [...open].filter((index) => count(index) < population).sort((a, b) => a - b);
  if (able.length === 0) return [];
  const known = drawn.flatMap((values, index) => (values ? [index] : []));
  const byMean = known.sort((a, b) => boundsOf(b).mean - boundsOf(a).mean || a - b);
  const leaders = new Set(byMean.slice(0, top));
  const reached = boundsOf(members.at(-1) as number).low;
  const estimate = boundsOf(byMean[Math.min(top, byMean.length) - 1] as number).mean;
  const ahead = able.filter((index) => leaders.has(index));
  const entry = (condition: number): Verdict['advance'][number] => ({ condition, leap: leaders.has(condition) });
  if (ahead.length > 0 && estimate - reached > NEAR * epsilon) return ahead.map(entry);
  const fewest = smallest(able.map(count));
  return able.filter((index) => leaders.has(index) || count(index) === fewest).map(entry);
}
