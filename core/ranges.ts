import { nextBatch, type Stretch } from './self-scheduling.js';

/** Units [from, to) of a stage. A single unit that failed counts the runs in which it did. */
export interface Range {
  readonly from: number;
  readonly to: number;
  readonly tries: number;
  /** Left for later, since another run had units of it in hand: what was computed of it before. */
  readonly held?: { readonly computed: number; readonly noOp: number };
}

/** Seconds that a batch waits for what another run has in hand, where nothing else is left of a stage. */
export const HELD_SECONDS = 5;

/** The next batch at or after the cursor, to be run for the first time; `window`: batches in flight. */
export function nextRange(stretches: readonly Stretch[], cursor: number, window: number): Range | undefined {
  const batch = nextBatch(stretches, cursor, window);
  return batch && { from: batch.from, to: batch.to, tries: 0 };
}

/** Both halves of a range of more than one unit; they start afresh. */
export function halves(range: Range): readonly [Range, Range] {
  const middle = (range.from + range.to) >>> 1;
  return [
    { from: range.from, to: middle, tries: 0 },
    { from: middle, to: range.to, tries: 0 },
  ];
}

/** Number of the stretch that a unit lies in, −1 if in none. */
export function stretchAt(stretches: readonly Stretch[], unit: number): number {
  return stretches.findIndex((stretch) => unit >= stretch.from && unit < stretch.to);
}

/** Seconds predicted for some units of a stretch. */
export function predictedSeconds(stretch: Stretch, units: number): number {
  return (stretch.seconds * units) / Math.max(1, stretch.size);
}

/** Milliseconds that batches in flight may need: half as much again as predicted of the longest, and a little. */
export function patience(ranges: readonly Range[], stretches: readonly Stretch[], drainSeconds: number): number {
  const longest = ranges.reduce((most, range) => {
    const stretch = stretches[stretchAt(stretches, range.from)];
    return stretch === undefined ? most : Math.max(most, predictedSeconds(stretch, range.to - range.from));
  }, 0);
  return 1000 * (1.5 * longest + drainSeconds);
}
