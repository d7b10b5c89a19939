import { PercussError } from '../errors.js';
import { limits } from '../limits.js';
import { permutation } from '../permutation.js';
import type { ScreenSpec } from '../spec/study-spec.js';
import type { PairList } from './pairs.js';

/** Score of a target of which it is not known what it does alone: its pairs can't be measured, and none of them is run. */
export const UNSCREENED = -1;

/** Into what all pairs of an ablation fall that screens them. */
export interface Screening {
  /** Pairs that run for the damage of their two. */
  readonly kept: number;
  /** All others that could be measured, and how many of them run by chance. */
  readonly rest: number;
  readonly random: number;
  /** Pairs of which it is not known what their two do alone: in none of the others. */
  readonly unknown: number;
}

/** How one pair came to be run. */
export interface Screened {
  readonly screening: Screening;
  /** Whether by chance, and not for the damage of its two. */
  readonly random: boolean;
}

/** Pairs that are run of all of an ablation: those kept, and behind them those drawn by chance. */
export interface ScreenedPairs extends PairList {
  screenedAt(index: number): Screened;
}

/** For how many pairs of an ablation one stands: the inverse of the probability that it was run. */
export const weightOf = (screened: Screened | undefined): number =>
  screened?.random ? screened.screening.rest / screened.screening.random : 1;

/**
 * The pairs with the largest √(s_a·s_b), of equal ones the first, and a seeded share of the others, of which more keep these. Both in the order of
 * the list, so that neighbours have their first cuts in common. What is kept follows from scores alone; the share from the seed, and from what is
 * kept. Takes some 20 bytes a pair, and none of it for longer than it takes.
 *
 * @throws PercussError LIMIT_EXCEEDED above `limits.screenedPairs`.
 * @param scores what each target does alone, at least 0, or `UNSCREENED`; undefined: not known yet, and no pair is run.
 */
export function screenedPairs(
  all: PairList,
  { keep, random }: ScreenSpec,
  scores: readonly number[] | undefined,
  [seed, unit]: readonly [seed: number, unit: string],
): ScreenedPairs {
  if (scores && all.length > limits.screenedPairs.value)
    throw new PercussError(
      'LIMIT_EXCEEDED',
      `${all.length} pairs are to be screened, above the limit of ${limits.screenedPairs.value} (docs/limits.md). Run a spec with a smaller budget`,
    );
  const ranks = scores ? ranksOf(all, scores) : new Float64Array(0);
  const kept = largestOf(ranks, keep);
  const isKept = new Set(kept);
  const known = ranks.reduce((count, rank) => (rank < 0 ? count : count + 1), 0);
  const drawn: number[] = [];
  const rest = known - kept.length;
  const place = ranks.length > 0 ? permutation(ranks.length, seed, 'screen', unit) : (index: number) => index;
  for (let i = 0; drawn.length < Math.min(random, rest); i++) {
    const pair = place(i);
    if ((ranks[pair] as number) >= 0 && !isKept.has(pair)) drawn.push(pair);
  }
  const places = [...kept, ...drawn.sort((a, b) => a - b)];
  const screening = { kept: kept.length, rest, random: drawn.length, unknown: ranks.length - known };
  return {
    length: places.length,
    at: (index) => all.at(places[index] as number),
    screenedAt: (index) => ({ screening, random: index >= kept.length }),
  };
}

/** √(s_a·s_b) of each pair; `UNSCREENED` where one of the two is. */
function ranksOf(all: PairList, scores: readonly number[]): Float64Array {
  const roots = Float64Array.from(scores, (score) => (score < 0 ? UNSCREENED : Math.sqrt(score)));
  const ranks = new Float64Array(all.length);
  for (let pair = 0; pair < ranks.length; pair++) {
    const [a, b] = all.at(pair);
    const [one, other] = [roots[a] as number, roots[b] as number];
    ranks[pair] = one < 0 || other < 0 ? UNSCREENED : one * other;
  }
  return ranks;
}

/** Places of the largest ranks that are known, ascending; of equal ones the first. */
function largestOf(ranks: Float64Array, count: number): number[] {
  const known = ranks.filter((rank) => rank >= 0).sort();
  if (known.length === 0) return [];
  const least = known[Math.max(0, known.length - count)] as number;
  let equal = Math.min(count, known.length) - ranks.reduce((above, rank) => (rank > least ? above + 1 : above), 0);
  const places: number[] = [];
  ranks.forEach((rank, place) => {
    if (rank > least || (rank === least && equal-- > 0)) places.push(place);
  });
  return places;
}
