/** Consecutive units of about equal cost, which run in batches. */
export interface Stretch {
  /** Units [from, to). */
  readonly from: number;
  readonly to: number;
  /** Units of a batch while much is left. */
  readonly size: number;
  /** Predicted seconds of a batch of that size. */
  readonly seconds: number;
  /**
   * Units of a batch at least, when little is left. Missing in stages that earlier versions planned: their batches keep
   * their size, as a workflow that runs must go on as it began.
   */
  readonly least?: number;
}

/** Batches for each slot that what is left is still divided into. */
const SHARE = 2;

/**
 * Work of the next batch, in any measure: `most`, until less is left than two such batches for each slot; then half of a
 * slot's share of what is left, but not below `least`. Slots that take unequally long then end together, but for a small
 * batch, and there are few small batches. Guided self-scheduling (Polychronopoulos and Kuck, IEEE Transactions on Computers
 * C-36, 1987), with half of their share, since units cost what they cost and not what was predicted.
 */
export function nextWork({
  left,
  slots,
  most,
  least,
}: {
  readonly left: number;
  readonly slots: number;
  readonly most: number;
  readonly least: number;
}): number {
  return Math.min(most, Math.max(least, left / (SHARE * Math.max(1, slots))));
}

const secondsEach = ({ size, seconds }: Stretch): number => seconds / Math.max(1, size);

/** Units of the next batch of a stretch, from one on, where so many seconds are left of everything: at least one. */
function unitsFrom(stretch: Stretch, from: number, left: number, slots: number): number {
  const most = Math.max(1, stretch.size);
  const each = secondsEach(stretch);
  const units = nextWork({
    left: each > 0 ? left / each : Infinity,
    slots,
    most,
    least: stretch.least ?? most,
  });
  return Math.min(stretch.to - from, Math.max(1, Math.floor(units)));
}

/**
 * The next batch at or after a unit, undefined behind the last one. Batches never cross a stretch, since those differ in label
 * and cost. A function of what was planned, the cursor and the slots alone: a workflow that is replayed divides alike.
 *
 * @param slots batches in flight; may change from batch to batch
 */
export function nextBatch<S extends Stretch>(
  stretches: readonly S[],
  cursor: number,
  slots: number,
): { readonly from: number; readonly to: number; readonly stretch: S } | undefined {
  let stretch: S | undefined;
  let left = 0;
  for (const candidate of stretches) {
    const from = Math.max(cursor, candidate.from);
    if (from >= candidate.to) continue;
    stretch ??= candidate;
    left += (candidate.to - from) * secondsEach(candidate);
  }
  if (!stretch) return undefined;
  const from = Math.max(cursor, stretch.from);
  return { from, to: from + unitsFrom(stretch, from, left, slots), stretch };
}

/** Number of batches of each stretch. */
export function batchCounts(stretches: readonly Stretch[], slots: number): number[] {
  let left = stretches.reduce((sum, stretch) => sum + (stretch.to - stretch.from) * secondsEach(stretch), 0);
  return stretches.map((stretch) => {
    let batches = 0;
    for (let from = stretch.from; from < stretch.to; batches++) {
      const units = unitsFrom(stretch, from, left, slots);
      left -= units * secondsEach(stretch);
      from += units;
    }
    return batches;
  });
}
