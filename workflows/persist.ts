import { ActivityFailure, ApplicationFailure, TimeoutFailure, isCancellation, sleep } from '@temporalio/workflow';
import { backOffMs } from '../core/back-off.js';

/**
 * Why an activity failed through no fault of its work: the store or Temporal out of reach, a lost or stopping worker.
 * Undefined for failures that would only come again.
 */
export function stallReason(error: unknown): string | undefined {
  if (!(error instanceof ActivityFailure)) return undefined;
  const { cause } = error;
  if (cause instanceof TimeoutFailure) {
    return cause.timeoutType === 'HEARTBEAT'
      ? 'a worker was lost (no sign of life for too long)'
      : `a worker did not finish ${error.activityType} in time`;
  }
  if (cause instanceof ApplicationFailure && cause.nonRetryable !== true) {
    return cause.type === 'WorkerShutdown' ? 'a worker is stopping' : (cause.message ?? 'unknown failure');
  }
  return undefined;
}

/** Attempts the work until the infrastructure lets it pass, telling why it waits; throws what isn't infrastructure's. */
export async function persist<T>(attempt: () => Promise<T>, onStall: (reason: string | undefined) => void): Promise<T> {
  for (let attempts = 1; ; attempts++) {
    try {
      const result = await attempt();
      onStall(undefined);
      return result;
    } catch (error) {
      const reason = isCancellation(error) ? undefined : stallReason(error);
      onStall(reason);
      if (reason === undefined) throw error;
      await sleep(backOffMs(attempts));
    }
  }
}
