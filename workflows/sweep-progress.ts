import { predictedSeconds } from '../core/ranges.js';
import type { StagePlan } from '../core/study/steps.js';
import type { SweepState } from '../core/sweep-state.js';
import type { Pace } from './pace.js';
import type { Counters, SweepProgress } from './protocol.js';

/** Progress of a sweep, as it is queried. */
export function sweepProgress(
  stage: StagePlan,
  state: SweepState,
  {
    counters,
    speed,
    runs,
    lastFailure,
  }: {
    readonly counters: Counters;
    readonly speed: Pace;
    readonly runs: number;
    readonly lastFailure: string | undefined;
  },
): SweepProgress {
  const labels = new Map<string, { done: number; total: number }>();
  let missing = 0;
  let predicted = 0;
  for (const [i, segment] of stage.segments.entries()) {
    const entry = labels.get(segment.label) ?? { done: 0, total: 0 };
    const [units, done] = [segment.to - segment.from, state.done[i] ?? 0];
    labels.set(segment.label, { done: entry.done + done, total: entry.total + units });
    missing += units - done;
    predicted += predictedSeconds(segment, units - done);
  }
  const rate = speed.rate();
  const secondsLeft = speed.secondsFor(missing, predicted);
  const stalled = state.inFlight.find((entry) => entry.stalled !== undefined)?.stalled;
  return {
    ...counters,
    stage: stage.index,
    units: stage.units,
    labels: [...labels].map(([label, counts]) => ({ label, ...counts })),
    inFlight: state.inFlight.length,
    window: state.window,
    paused: state.paused,
    continued: runs,
    ...(state.pausedBecause === undefined ? {} : { pausedBecause: state.pausedBecause }),
    ...(stalled === undefined ? {} : { stalled }),
    ...(rate === undefined ? {} : { rate }),
    ...(secondsLeft === undefined ? {} : { secondsLeft }),
    ...(lastFailure === undefined ? {} : { lastFailure }),
  };
}
