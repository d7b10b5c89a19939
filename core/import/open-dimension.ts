/**
 * Marks in folded shapes. `openDimension`: a dimension of an activation that is open. `unknown`: computed from one. Both
 * travel through layout operators as ordinary numbers.
 */
export const openDimension = -(2n ** 62n);
export const unknown = openDimension + 1n;

export function isKnown(value: bigint): boolean {
  return value !== openDimension && value !== unknown;
}
