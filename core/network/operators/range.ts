import type { Range } from './operator.js';

export const anything: Range = { low: -Infinity, high: Infinity };

/** No bound times nothing is nothing here: elements are finite, only their bound is not known. */
const times = (a: number, b: number): number => (a === 0 || b === 0 ? 0 : a * b);

export const sumRange = (a: Range, b: Range): Range => ({ low: a.low + b.low, high: a.high + b.high });

export const negated = ({ low, high }: Range): Range => ({ low: -high, high: -low });

export function productRange(a: Range, b: Range): Range {
  const ends = [times(a.low, b.low), times(a.low, b.high), times(a.high, b.low), times(a.high, b.high)];
  return { low: Math.min(...ends), high: Math.max(...ends) };
}

/** A divisor that can be 0, or comes near it, leaves the sign at most. */
export function quotientRange(a: Range, b: Range): Range {
  const same = (a.low >= 0 && b.low >= 0) || (a.high <= 0 && b.high <= 0);
  const opposite = (a.low >= 0 && b.high <= 0) || (a.high <= 0 && b.low >= 0);
  if (same) return { low: 0, high: Infinity };
  return opposite ? { low: -Infinity, high: 0 } : anything;
}

export const maxRange = (a: Range, b: Range): Range => ({
  low: Math.max(a.low, b.low),
  high: Math.max(a.high, b.high),
});

export const minRange = (a: Range, b: Range): Range => ({
  low: Math.min(a.low, b.low),
  high: Math.min(a.high, b.high),
});

/** Either of two. */
export const unionRange = (a: Range, b: Range): Range => ({
  low: Math.min(a.low, b.low),
  high: Math.max(a.high, b.high),
});

/** Within both; where that is nothing, nothing lies there and either is true. */
export function sharedRange(a: Range, b: Range): Range {
  const [low, high] = [Math.max(a.low, b.low), Math.min(a.high, b.high)];
  return low <= high ? { low, high } : a;
}
