import { dot, sum } from './moments.js';

/** Index of the first of ascending values that is not below `value`, or, with `after`, that is above it. */
function boundary(ascending: Float64Array, value: number, after: boolean): number {
  let low = 0;
  let high = ascending.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    const here = ascending[middle]!;
    if (after ? here <= value : here < value) low = middle + 1;
    else high = middle;
  }
  return low;
}

/** Ranks from 1, ties sharing the mean of their ranks. */
export function midRanks(values: ArrayLike<number>): Float64Array {
  const ascending = new Float64Array(values.length);
  for (let i = 0; i < values.length; i++) ascending[i] = values[i]!;
  ascending.sort();
  const ranks = new Float64Array(values.length);
  for (let i = 0; i < values.length; i++) {
    ranks[i] = (boundary(ascending, values[i]!, false) + 1 + boundary(ascending, values[i]!, true)) / 2;
  }
  return ranks;
}

/** Values less their mean. */
export function centred(values: ArrayLike<number>): Float64Array {
  const centre = sum(values) / values.length;
  const rest = new Float64Array(values.length);
  for (let i = 0; i < rest.length; i++) rest[i] = values[i]! - centre;
  return rest;
}

/** Pearson's correlation, within [−1, 1]; null below three values or where one side does not vary. */
export function pearson(x: ArrayLike<number>, y: ArrayLike<number>): number | null {
  if (x.length < 3) return null;
  const [a, b] = [centred(x), centred(y)];
  const [aa, bb] = [dot(a, a), dot(b, b)];
  // What is left of equal values after their mean is taken away is rounding, not variation.
  if (aa <= 1e-28 * dot(x, x) || bb <= 1e-28 * dot(y, y) || !(aa * bb > 0)) return null;
  return Math.min(1, Math.max(-1, dot(a, b) / Math.sqrt(aa * bb)));
}

/** Spearman's rank correlation (Pearson's of mid-ranks, which is exact with ties). */
export function spearman(x: ArrayLike<number>, y: ArrayLike<number>): number | null {
  return pearson(midRanks(x), midRanks(y));
}

/** Values less their regression on an intercept and the covariates (Gram-Schmidt, twice; collinear covariates count once). */
function residual(values: ArrayLike<number>, covariates: readonly ArrayLike<number>[]): Float64Array {
  const basis: Float64Array[] = [];
  const reduce = (vector: ArrayLike<number>): Float64Array => {
    const rest = centred(vector);
    for (let pass = 0; pass < 2; pass++) {
      for (const unit of basis) {
        const along = dot(rest, unit);
        for (let i = 0; i < rest.length; i++) rest[i]! -= along * unit[i]!;
      }
    }
    return rest;
  };
  for (const covariate of covariates) {
    const whole = centred(covariate);
    const rest = reduce(covariate);
    const length = Math.sqrt(dot(rest, rest));
    if (length > 1e-9 * Math.sqrt(dot(whole, whole))) basis.push(rest.map((v) => v / length));
  }
  return reduce(values);
}

/**
 * Spearman's partial correlation given covariates: the correlation of what ranks leave over after a regression on the
 * covariates' ranks. Null below 3 + covariates values or where a side is a function of the covariates.
 */
export function partialSpearman(
  x: ArrayLike<number>,
  y: ArrayLike<number>,
  covariates: readonly ArrayLike<number>[],
): number | null {
  if (x.length < 3 + covariates.length) return null;
  const ranks = covariates.map((covariate) => midRanks(covariate));
  const [a, b] = [midRanks(x), midRanks(y)].map((side) => {
    const rest = residual(side, ranks);
    return dot(rest, rest) < 1e-12 * dot(centred(side), centred(side)) ? null : rest;
  });
  return a && b ? pearson(a, b) : null;
}

/** One group's correlation and size, to be combined with others. */
export interface GroupCorrelation {
  readonly correlation: number | null;
  readonly size: number;
}

/** Half of the smallest change of Spearman's ρ of n values without ties. */
const halfStep = (size: number): number => 6 / (size ** 3 - size);

/** atanh of a rank correlation of `size` values. A perfect one has no finite atanh: it is held half a step of ρ below 1. */
export function rankZ(correlation: number, size: number): number {
  const most = 1 - halfStep(size);
  return Math.atanh(Math.min(most, Math.max(-most, correlation)));
}

/** Variance of `rankZ` that comes from ρ going in steps: that of an even spread over one. */
export function roundingVariance(correlation: number, size: number): number {
  const most = 1 - halfStep(size);
  const held = Math.min(most, Math.abs(correlation));
  return ((2 * halfStep(size)) / (1 - held ** 2)) ** 2 / 12;
}

/**
 * The common correlation of groups: `rankZ`, weighted by size − 3, back by tanh (Fisher 1921; Hedges and
 * Olkin, "Statistical Methods for Meta-Analysis", 1985). Groups without a correlation or of less than 4 members
 * are left out; null where none is left.
 */
export function combineCorrelations(groups: readonly GroupCorrelation[]): number | null {
  let [above, below] = [0, 0];
  for (const { correlation, size } of groups) {
    const weight = size - 3;
    if (correlation === null || weight <= 0) continue;
    above += weight * rankZ(correlation, size);
    below += weight;
  }
  return below === 0 ? null : Math.tanh(above / below);
}
