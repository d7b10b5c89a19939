import { permutation } from '../permutation.js';
import type { PairsSpec } from '../spec/study-spec.js';
import { pairScopes, type PairScope } from '../spec/words/pair-scopes.js';
import type { Unit } from '../spec/words/units.js';
import type { Target } from './target.js';

/** Pairs of targets, by index: (a, b), places among the targets, a before b. */
export interface PairList {
  readonly length: number;
  at(index: number): readonly [a: number, b: number];
}

/** Sampled pairs are put in order block by block, so that neighbours have their first cuts in common. */
const BLOCK = 4096;

/** From so many pairs a target on, nearly every target is in some pair, and which are not isn't looked for. */
const CROWDED = 8;

/** Consecutive targets of one layer, block or stream: places [from, to). */
export interface Run {
  readonly from: number;
  readonly to: number;
}

const triangle = (n: number): number => (n * (n - 1)) / 2;

/** (a, b), a < b, of [0, n), by ascending a: the inverse of the triangular numbers, counted from the end. */
export function pairAt(n: number, index: number): readonly [number, number] {
  const back = triangle(n) - 1 - index;
  let far = Math.floor((1 + Math.sqrt(1 + 8 * back)) / 2);
  // The root of a large number may be off by its last place.
  while (triangle(far) > back) far--;
  while (triangle(far + 1) <= back) far++;
  return [n - 1 - far, n - 1 - (back - triangle(far))];
}

export function runsOf(targets: readonly Target[]): readonly Run[] {
  const runs: { from: number; to: number }[] = [];
  targets.forEach(({ group }, i) => {
    const last = runs.at(-1);
    if (last && targets[last.from]?.group === group) last.to = i + 1;
    else runs.push({ from: i, to: i + 1 });
  });
  return runs;
}

/** Joins lists of which the `i`-th has `sizes[i]` entries. */
function chained(sizes: readonly number[], at: (part: number, index: number) => readonly [number, number]): PairList {
  const starts: number[] = [];
  const length = sizes.reduce((sum, size) => (starts.push(sum), sum + size), 0);
  return {
    length,
    at: (index) => {
      let [low, high] = [0, starts.length - 1];
      while (low < high) {
        const middle = (low + high + 1) >> 1;
        if ((starts[middle] as number) <= index) low = middle;
        else high = middle - 1;
      }
      return at(low, index - (starts[low] as number));
    },
  };
}

/** All pairs within, across, or of any layers; the index is arithmetic. */
const everyPair: { readonly [S in PairScope]: (targets: readonly Target[]) => PairList } = {
  any: ({ length: n }) => ({ length: triangle(n), at: (index) => pairAt(n, index) }),
  layer: (targets) => {
    const runs = runsOf(targets);
    return chained(
      runs.map(({ from, to }) => triangle(to - from)),
      (part, index) => {
        const { from, to } = runs[part] as Run;
        const [a, b] = pairAt(to - from, index);
        return [from + a, from + b];
      },
    );
  },
  across: (targets) => {
    const runs = runsOf(targets);
    const behind = (run: Run): number => targets.length - run.to;
    return chained(
      runs.map((run) => (run.to - run.from) * behind(run)),
      (part, index) => {
        const run = runs[part] as Run;
        return [run.from + Math.floor(index / behind(run)), run.to + (index % behind(run))];
      },
    );
  },
};

/** The first `count` of a seeded permutation of all pairs: more of them keep these. In blocks, each in order. */
function sampled(all: PairList, count: number, seed: number, purpose: readonly string[]): PairList {
  const place = permutation(all.length, seed, 'pairs', ...purpose);
  let block = -1;
  let places: Float64Array = new Float64Array(0);
  return {
    length: count,
    at: (index) => {
      const wanted = Math.floor(index / BLOCK);
      if (wanted !== block) {
        const from = wanted * BLOCK;
        places = Float64Array.from({ length: Math.min(BLOCK, count - from) }, (_, i) => place(from + i)).sort();
        block = wanted;
      }
      return all.at(places[index % BLOCK] as number);
    },
  };
}

/** How many pairs an ablation asks for, see `pairsOf`, of groups of so many targets each. */
export function pairCount({ within, budget }: PairsSpec, sizes: readonly number[]): number {
  const most = budget === undefined ? Infinity : Math.floor(budget / within.length);
  return within.reduce((sum, scope) => sum + Math.min(most, pairScopes[scope].count(sizes)), 0);
}

/**
 * The pairs that an ablation asks for: all, or a seeded sample without replacement. Where pairs within layers and across
 * them are both asked for, each has half of the budget, as far as there are so many.
 */
export function pairsOf(spec: PairsSpec, unit: Unit, targets: readonly Target[], seed: number): PairList {
  const budget = spec.budget === undefined ? Infinity : Math.floor(spec.budget / spec.within.length);
  const parts = spec.within.map((scope) => {
    const all = everyPair[scope](targets);
    return budget < all.length ? sampled(all, budget, seed, [unit, scope]) : all;
  });
  return chained(
    parts.map((part) => part.length),
    (part, index) => (parts[part] as PairList).at(index),
  );
}

/** Places of the targets that some pair needs alone, ascending. */
export function singlesOf(pairs: PairList, targets: readonly Target[]): readonly number[] {
  const every = targets.map((_, i) => i);
  if (pairs.length >= CROWDED * targets.length) return every;
  const used = new Set<number>();
  for (let i = 0; i < pairs.length; i++) for (const place of pairs.at(i)) used.add(place);
  return every.filter((place) => used.has(place));
}
