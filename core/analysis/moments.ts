/** Sum in float64, in order. */
export function sum(values: ArrayLike<number>): number {
  let total = 0;
  for (let i = 0; i < values.length; i++) total += values[i]!;
  return total;
}

/** Sum of absolute values in float64, in order: the L1 norm. */
export function absoluteSum(values: ArrayLike<number>): number {
  let total = 0;
  for (let i = 0; i < values.length; i++) total += Math.abs(values[i]!);
  return total;
}

/** Arithmetic mean; null for no values. */
export function mean(values: ArrayLike<number>): number | null {
  return values.length === 0 ? null : sum(values) / values.length;
}

/** Variance with n − 1 below, by two passes; null below two values. */
export function variance(values: ArrayLike<number>): number | null {
  const n = values.length;
  if (n < 2) return null;
  const centre = sum(values) / n;
  let total = 0;
  for (let i = 0; i < n; i++) total += (values[i]! - centre) ** 2;
  return total / (n - 1);
}

/** Euclidean inner product of equally long vectors, in float64, in order. */
export function dot(a: ArrayLike<number>, b: ArrayLike<number>): number {
  let total = 0;
  for (let i = 0; i < a.length; i++) total += a[i]! * b[i]!;
  return total;
}

/** Quantile of ascending values, linear between them (type 7 of Hyndman and Fan, The American Statistician 50, 1996). */
export function quantile(ascending: ArrayLike<number>, p: number): number {
  const position = Math.min(1, Math.max(0, p)) * (ascending.length - 1);
  const below = Math.floor(position);
  const low = ascending[below]!;
  const high = ascending[Math.min(below + 1, ascending.length - 1)]!;
  return low + (position - below) * (high - low);
}
