import {
  ActivityFailure,
  ApplicationFailure,
  CancellationScope,
  ActivityCancellationType,
  TimeoutFailure,
  condition,
  continueAsNew,
  isCancellation,
  proxyActivities,
  setCurrentDetails,
  setHandler,
  sleep,
  workflowInfo,
} from '@temporalio/workflow';
import type { Activities } from '../activities/activities.js';
import { messageOf } from '../core/errors.js';
import { pace } from './pace.js';
import { persist, stallReason } from './persist.js';
import { pauseSignal, queuesOf, resumeSignal, setWindowSignal, sweepProgressQuery } from './protocol.js';
import { addCounters, noCounters } from './protocol.js';
import type { Range, SweepInput, SweepProgress, SweepResult } from './protocol.js';
import { halves, nextRange, patience, predictedSeconds, segmentOf, slice } from './ranges.js';
import { sweepDetails } from './details.js';

/** Pauses before a batch runs again that the infrastructure stopped: 2 s, doubled, up to a minute. */
const firstPauseMs = 2_000;
const longestPauseMs = 60_000;

/**
 * Runs every batch of a stage in a bounded window, smaller ones towards its end. A batch's own failure halves its range, down
 * to the unit, which is recorded as failed after some tries; infrastructure failures are tried again for ever. Continues as
 * new when its history grows long, with a cursor and the few ranges that have to run again.
 */
export async function sweep(input: SweepInput): Promise<SweepResult> {
  const { stage, policy } = input;
  const { segments } = stage;
  const queues = queuesOf(input.storeId, stage.study.mode);
  const before = input.state;
  let { paused, window } = input.controls;
  let pausedBecause = before?.pausedBecause;
  let cursor = before?.cursor ?? 0;
  let counters = before?.counters ?? noCounters;
  let streak = before?.streak ?? 0;
  let lastFailure: string | undefined;
  let stoppedBy: SweepResult['stoppedBy'];
  let fatal: unknown;
  let draining = false;
  let ended = 0;
  const done = segments.map((_, i) => before?.done[i] ?? 0);
  const carry: Range[] = [...(before?.carry ?? [])];
  const running = new Map<Promise<void>, Range>();
  const stalls = new Map<Range, string>();
  const speed = pace();

  const { recordFailures } = proxyActivities<Pick<Activities, 'recordFailures'>>({
    taskQueue: queues.control,
    startToCloseTimeout: '10 minutes',
    heartbeatTimeout: '60 seconds',
    retry: { initialInterval: '1 second', maximumAttempts: 2 },
  });

  const progress = (): SweepProgress => {
    const labels = new Map<string, { done: number; total: number }>();
    let predicted = 0;
    segments.forEach((segment, i) => {
      const entry = labels.get(segment.label) ?? { done: 0, total: 0 };
      const missing = segment.to - segment.from - (done[i] ?? 0);
      labels.set(segment.label, { done: entry.done + (done[i] ?? 0), total: entry.total + segment.to - segment.from });
      predicted += predictedSeconds(segment, missing);
    });
    const rate = speed.rate();
    const missing = segments.reduce((sum, segment, i) => sum + segment.to - segment.from - (done[i] ?? 0), 0);
    const secondsLeft = speed.secondsFor(missing, predicted);
    const [stalled] = stalls.values();
    return {
      ...counters,
      stage: stage.index,
      units: stage.units,
      labels: [...labels].map(([label, counts]) => ({ label, ...counts })),
      inFlight: running.size,
      window,
      paused,
      continued: before?.runs ?? 0,
      ...(pausedBecause === undefined ? {} : { pausedBecause }),
      ...(stalled === undefined ? {} : { stalled }),
      ...(rate === undefined ? {} : { rate }),
      ...(secondsLeft === undefined ? {} : { secondsLeft }),
      ...(lastFailure === undefined ? {} : { lastFailure }),
    };
  };
  const show = (): void => setCurrentDetails(sweepDetails(progress()));

  setHandler(pauseSignal, () => {
    paused = true;
    show();
  });
  setHandler(resumeSignal, () => {
    paused = false;
    pausedBecause = undefined;
    streak = 0;
    show();
  });
  setHandler(setWindowSignal, (size) => {
    window = Math.min(500, Math.max(1, Math.floor(size)));
    show();
  });
  setHandler(sweepProgressQuery, progress);

  const finished = (range: Range, failed: number): void => {
    const units = range.to - range.from;
    const i = segmentOf(segments, range.from);
    const segment = segments[i];
    if (segment === undefined) return;
    done[i] = (done[i] ?? 0) + units;
    counters = addCounters(counters, { ...noCounters, failed });
    speed.add(Date.now(), units, predictedSeconds(segment, units));
  };

  const failedBatch = async (range: Range, code: string, message: string): Promise<void> => {
    streak += 1;
    if (streak >= policy.pauseAfter && !paused) {
      paused = true;
      pausedBecause = `${streak} batches failed in a row, the last with ${code}: ${message}`;
    }
    if (range.to - range.from > 1) {
      carry.unshift(...halves(range));
      return;
    }
    const tries = range.tries + 1;
    if (tries < policy.tries) {
      carry.push({ ...range, tries });
      return;
    }
    const failure = { unit: range.from, code, message };
    // Cancelling must not lose a record half-way: the unit would then be tried again from the start, which is only slow.
    await persist(
      () => recordFailures(stage, [failure]),
      (reason) => (reason === undefined ? stalls.delete(range) : stalls.set(range, reason)),
    );
    lastFailure = `${code}: ${message}`;
    finished(range, 1);
    if (policy.onFailure === 'stop') stoppedBy ??= failure;
  };

  const runRange = async (range: Range): Promise<void> => {
    const segment = segments[segmentOf(segments, range.from)];
    if (segment === undefined) return;
    const label = `${segment.label} · ${range.from}–${range.to - 1} of ${stage.units}`;
    const { runBatch } = proxyActivities<Pick<Activities, 'runBatch'>>({
      taskQueue: queues.evaluate,
      startToCloseTimeout: 1000 * Math.max(policy.batchSeconds, 20 * segment.seconds),
      heartbeatTimeout: 1000 * policy.heartbeatSeconds,
      cancellationType: ActivityCancellationType.WAIT_CANCELLATION_COMPLETED,
      retry: { initialInterval: '1 second', maximumAttempts: 2 },
      summary: label,
    });
    for (let wait = firstPauseMs; ; wait = Math.min(2 * wait, longestPauseMs)) {
      try {
        const report = await runBatch(slice(stage, segment), range.from, range.to);
        stalls.delete(range);
        if (report.status === 'failed') return await failedBatch(range, report.code, report.message);
        streak = 0;
        counters = addCounters(counters, { ...report.outcome, failed: 0 });
        return finished(range, 0);
      } catch (error) {
        if (isCancellation(error)) throw error;
        if (tookTooLong(error)) {
          stalls.delete(range);
          return await failedBatch(
            range,
            'COMPUTE_CRASHED',
            'the batch did not end in time, nor did its worker end it',
          );
        }
        const reason = stallReason(error);
        if (reason === undefined) throw error;
        stalls.set(range, reason);
        show();
        await sleep(wait);
      }
    }
  };

  const start = (range: Range): void => {
    const work: Promise<void> = runRange(range)
      .catch((error: unknown) => {
        if (!isCancellation(error)) fatal ??= error;
        else if (draining) carry.push(range);
      })
      .finally(() => {
        stalls.delete(range);
        running.delete(work);
        ended += 1;
        show();
      });
    running.set(work, range);
  };

  const long = (): boolean => {
    const info = workflowInfo();
    // Without a batch of its own a run would hand on what it was given, for ever.
    const asked = policy.continueAfter !== undefined && info.historyLength >= policy.continueAfter && ended > 0;
    return info.continueAsNewSuggested || asked;
  };
  const next = (): Range | undefined => carry[0] ?? nextRange(segments, cursor, window);
  const over = (): boolean => fatal !== undefined || stoppedBy !== undefined;
  const room = (): boolean => !paused && running.size < window && next() !== undefined;

  show();
  const batches = new CancellationScope();
  try {
    for (;;) {
      await condition(() => over() || long() || room() || (running.size === 0 && next() === undefined));
      if (over() || (running.size === 0 && next() === undefined)) break;
      if (long()) {
        draining = true;
        break;
      }
      await batches.run(async () => {
        while (room()) {
          const range = next() as Range;
          if (carry.length > 0) carry.shift();
          else cursor = range.to;
          start(range);
        }
      });
    }
    if (fatal !== undefined) batches.cancel();
    else await condition(() => running.size === 0, patience([...running.values()], segments, policy.drainSeconds));
    batches.cancel();
    await condition(() => running.size === 0);
  } catch (error) {
    // Cancelled: the batches are too, and are waited for, so that nothing computes on behalf of a closed study.
    await CancellationScope.nonCancellable(() => condition(() => running.size === 0));
    throw error;
  }
  if (fatal !== undefined) throw asApplicationFailure(fatal);
  if (draining && stoppedBy === undefined && (next() !== undefined || running.size > 0)) {
    await continueAsNew<typeof sweep>({
      ...input,
      controls: { paused, window },
      state: {
        cursor,
        carry,
        counters,
        done,
        streak,
        runs: (before?.runs ?? 0) + 1,
        ...(pausedBecause === undefined ? {} : { pausedBecause }),
      },
    });
  }
  return { counters, controls: { paused, window }, ...(stoppedBy === undefined ? {} : { stoppedBy }) };
}

function tookTooLong(error: unknown): boolean {
  return (
    error instanceof ActivityFailure &&
    error.cause instanceof TimeoutFailure &&
    error.cause.timeoutType === 'START_TO_CLOSE'
  );
}

/** An activity's failure without its wrapping: the code is then the type of the workflow's own failure. */
export function asApplicationFailure(error: unknown): ApplicationFailure {
  const cause = error instanceof ActivityFailure ? error.cause : error;
  if (cause instanceof ApplicationFailure) return cause;
  return ApplicationFailure.create({ type: 'BUG', message: messageOf(cause), nonRetryable: true });
}
