import { nextBatch } from '../core/self-scheduling.js';
import type { StagePlan, StageSegment } from '../core/study/steps.js';
import type { Range } from './protocol.js';

/** The next batch at or after the cursor, to be run for the first time; `window`: batches in flight. */
export function nextRange(segments: readonly StageSegment[], cursor: number, window: number): Range | undefined {
  const batch = nextBatch(segments, cursor, window);
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

export function segmentOf(segments: readonly StageSegment[], unit: number): number {
  return segments.findIndex((segment) => unit >= segment.from && unit < segment.to);
}

/** Seconds predicted for some units of a segment. */
export function predictedSeconds(segment: StageSegment, units: number): number {
  return (segment.seconds * units) / Math.max(1, segment.size);
}

/** Milliseconds that batches in flight may need: half as much again as predicted of the longest, and a little. */
export function patience(ranges: readonly Range[], segments: readonly StageSegment[], drainSeconds: number): number {
  const longest = ranges.reduce((most, range) => {
    const segment = segments[segmentOf(segments, range.from)];
    return segment === undefined ? most : Math.max(most, predictedSeconds(segment, range.to - range.from));
  }, 0);
  return 1000 * (1.5 * longest + drainSeconds);
}

/** A stage with the one segment that a batch lies in: a thousand activities then don't repeat the whole list. */
export function slice(stage: StagePlan, segment: StageSegment): StagePlan {
  return { ...stage, segments: [segment] };
}
