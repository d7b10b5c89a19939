import { mean, variance } from './moments.js';
import { adjustFalseDiscovery, rankP } from './multiplicity.js';

/** A number of a network beside the same of nulls of one kind. */
export interface Excess {
  readonly mean: number;
  /** Standard deviation over the nulls; null below two. */
  readonly spread: number | null;
  readonly excess: number;
  /** Rank p among the nulls: never below 1/(1 + nulls). */
  readonly p: number;
}

/** What a network has more than its nulls have on average; null without nulls. */
export function excessOver(value: number, nulls: readonly number[]): Excess | null {
  const centre = mean(nulls);
  if (centre === null) return null;
  const deviation = variance(nulls);
  return {
    mean: centre,
    spread: deviation === null ? null : Math.sqrt(deviation),
    excess: value - centre,
    p: rankP(nulls.filter((other) => other >= value).length, nulls.length),
  };
}

/** One of many numbers of a network against the same of its nulls. */
export interface Exceedance {
  /** Standard deviation over the nulls; null below two. */
  readonly spread: number | null;
  /** Rank p among the nulls' same number alone: never below 1/(1 + nulls). */
  readonly p: number;
  /** Rank p among all numbers of all nulls on one scale, adjusted for the false discovery rate; never below 1/(1 + nulls). */
  readonly adjusted: number;
}

/**
 * Which of many numbers of a network (the cells of a matrix) are above what its nulls have. Nineteen nulls alone give no number a p below 1/20, too much
 * for any of hundreds. So each number is put on one scale by its mean and deviation over network and nulls together, all alike, the deviation
 * raised by the median of all so that numbers that hardly vary do not decide (as Tusher et al., PNAS 98, 2001), and stands against the
 * numbers of all nulls on that scale; then Benjamini and Yekutieli, for any dependence.
 *
 * Assumed: without learning, the network would be like any of its nulls, and on that scale all numbers are distributed alike. That nulls are as
 * wholes above each other (all numbers of one at once) is held by the least p, 1/(1 + nulls): at a rate of 0.05 fewer than 19
 * nulls discover nothing. What a null that is scored as a network has of discoveries was simulated: docs/science.md.
 *
 * @param network null where there is no number; @param nulls the same numbers of each null.
 * @returns null where the network or a null has no number, or there are no nulls.
 */
export function exceedances(
  network: readonly (number | null)[],
  nulls: readonly (readonly (number | null)[])[],
): (Exceedance | null)[] {
  const all = [network, ...nulls];
  const cells = network.flatMap((_, cell) => {
    const values = all.map((one) => one[cell] ?? null);
    return nulls.length > 0 && values.every((value) => value !== null) ? [{ cell, values }] : [];
  });
  const scores = onOneScale(cells.map(({ values }) => values));
  const pooled = Float64Array.from(scores.flatMap(([, ...others]) => others)).sort();
  const ranks = scores.map(([own]) => rankP(pooled.length - below(pooled, own!), pooled.length));
  const adjusted = adjustFalseDiscovery(ranks, 'by');
  const found: (Exceedance | null)[] = network.map(() => null);
  cells.forEach(({ cell, values: [own, ...others] }, i) => {
    const { spread, p } = excessOver(own!, others) as Excess;
    found[cell] = {
      spread,
      p,
      adjusted: Math.max(adjusted[i]!, rankP(0, others.length)),
    };
  });
  return found;
}

/** Each number less its mean over all networks, by its deviation over them and the median deviation of all numbers. */
function onOneScale(cells: readonly (readonly number[])[]): number[][] {
  const deviations = cells.map((values) => Math.sqrt(variance(values) ?? 0));
  const floor = median(deviations);
  return cells.map((values, i) => {
    const centre = mean(values) as number;
    const deviation = deviations[i]! + floor;
    return values.map((value) => (deviation > 0 ? (value - centre) / deviation : 0));
  });
}

/** How many of ascending values are below one. */
function below(sorted: Float64Array, value: number): number {
  let [from, to] = [0, sorted.length];
  while (from < to) {
    const middle = (from + to) >> 1;
    if (sorted[middle]! < value) from = middle + 1;
    else to = middle;
  }
  return from;
}

function median(values: readonly number[]): number {
  const sorted = Float64Array.from(values).sort();
  const middle = sorted.length >> 1;
  if (sorted.length === 0) return 0;
  return sorted.length % 2 === 1 ? sorted[middle]! : (sorted[middle - 1]! + sorted[middle]!) / 2;
}
