import { isGrpcServiceError, WorkflowNotFoundError } from '@temporalio/client';
import type { Client, WorkflowExecutionStatusName } from '@temporalio/client';
import type { Digest } from '../core/digest.js';
import { isPercussError } from '../core/errors.js';
import type { NumericMode } from '../core/numeric-mode.js';
import {
  pauseSignal,
  queuesOf,
  resumeSignal,
  studyWorkflowId,
  workflowNames,
  type StudyResult,
} from '../workflows/protocol.js';
import { asPercussError, queryProgress, studyHandle, type SubmissionMemo, type WholeProgress } from './client.js';

/** How Temporal has a study: its last submission, whoever made it. */
export interface Submitted {
  /** `running` until a worker has seen that it was cancelled. */
  readonly state: 'running' | 'completed' | 'failed' | 'cancelled';
  readonly submitted: Date;
  readonly ended?: Date;
  /** Asked for and not yet undone. Known without a worker. */
  readonly paused: boolean;
  readonly cancelling: boolean;
  /** Whether a batch, or a step of its analysis, is in the hands of a worker. */
  readonly computing: boolean;
  /** Of a running one, if a worker answers. */
  readonly progress?: WholeProgress;
  /** Of one that has completed. */
  readonly result?: StudyResult;
  /** Why it failed. */
  readonly failure?: string;
}

/** Processes that take part in studies of a store now. */
export interface Workers {
  /** Those that decide what is next. */
  readonly control: number;
  /** Those that compute in the study's mode. */
  readonly evaluate: number;
}

/** A poll is held for a minute; who has not asked again for half as long is gone. Temporal itself remembers pollers for five. */
const freshMs = 90_000;
/** Within which a worker answers a query. */
const answerMs = 5_000;

/** Processes that poll for a study's decisions and batches; none: nothing will happen until a worker comes. */
export async function workersOf(client: Client, storeId: string, mode: NumericMode): Promise<Workers> {
  const { control, evaluate } = queuesOf(storeId, mode);
  const poll = async (name: string, taskQueueType: 1 | 2): Promise<number> => {
    const { pollers } = await client.workflowService.describeTaskQueue({
      namespace: client.options.namespace,
      taskQueue: { name },
      taskQueueType,
    });
    const since = (Date.now() - freshMs) / 1000;
    return (pollers ?? []).filter(({ lastAccessTime }) => Number(lastAccessTime?.seconds ?? Infinity) > since).length;
  };
  try {
    return { control: await poll(control, 1), evaluate: await poll(evaluate, 2) };
  } catch (error) {
    throw asPercussError(error);
  }
}

/** Progress, or undefined where no worker answers within some seconds. */
export async function answeredProgress(client: Client, study: Digest): Promise<WholeProgress | undefined> {
  try {
    return await client.withDeadline(Date.now() + answerMs, () => queryProgress(client, study));
  } catch (error) {
    // A server that is away is not a worker that is away.
    if (isPercussError(error) && isGrpcServiceError(error.cause) && error.cause.code === 14) throw error;
    return undefined;
  }
}

/** The last submission of a study; undefined if Temporal knows of none. */
export async function submissionOf(
  client: Client,
  study: Digest,
  workers: Workers | undefined,
): Promise<Submitted | undefined> {
  const handle = studyHandle(client, study);
  try {
    const { status, startTime, closeTime } = await handle.describe();
    const times = { submitted: startTime, ...(closeTime ? { ended: closeTime } : {}) };
    const still = { ...times, paused: false, cancelling: false, computing: false };
    switch (stateOf(status.name)) {
      case 'completed':
        return { ...still, state: 'completed', result: await handle.result() };
      case 'failed':
        return { ...still, state: 'failed', failure: await whyFailed(handle.result()) };
      case 'cancelled':
        return { ...still, state: 'cancelled' };
      case 'running': {
        const progress = workers && workers.control > 0 ? await answeredProgress(client, study) : undefined;
        const asked = await lastAsked(client, study);
        return {
          ...times,
          state: 'running',
          paused: progress ? progress.paused || progress.current?.paused === true : asked.paused,
          cancelling: asked.cancelling,
          // Workers whose slots are all taken do not poll.
          computing: (workers?.evaluate ?? 0) > 0 || (await inHand(client, study, progress?.sweep)),
          ...(progress ? { progress } : {}),
        };
      }
    }
  } catch (error) {
    if (error instanceof WorkflowNotFoundError) return undefined;
    throw asPercussError(error);
  }
}

function stateOf(status: WorkflowExecutionStatusName): Submitted['state'] {
  switch (status) {
    case 'COMPLETED':
      return 'completed';
    case 'FAILED':
    case 'TIMED_OUT':
      return 'failed';
    case 'CANCELLED':
    case 'TERMINATED':
      return 'cancelled';
    // What runs next after CONTINUED_AS_NEW has the same id; the last two are those of a server newer than this client.
    case 'RUNNING':
    case 'PAUSED':
    case 'CONTINUED_AS_NEW':
    case 'UNSPECIFIED':
    case 'UNKNOWN':
      return 'running';
  }
}

async function whyFailed(result: Promise<unknown>): Promise<string> {
  try {
    await result;
    return 'unknown';
  } catch (error) {
    return asPercussError(error).message;
  }
}

async function inHand(client: Client, study: Digest, sweep: string | undefined): Promise<boolean> {
  const handles = [studyHandle(client, study), ...(sweep === undefined ? [] : [client.workflow.getHandle(sweep)])];
  for (const handle of handles) {
    const found = await handle.describe().catch(() => undefined);
    // PENDING_ACTIVITY_STATE_STARTED
    if (found?.raw.pendingActivities?.some(({ state }) => state === 2)) return true;
  }
  return false;
}

/** What was asked of a running study last, from its history: known though no worker has read it yet. */
async function lastAsked(client: Client, study: Digest): Promise<{ paused: boolean; cancelling: boolean }> {
  const { history } = await client.workflowService.getWorkflowExecutionHistoryReverse({
    namespace: client.options.namespace,
    execution: { workflowId: studyWorkflowId(study) },
    maximumPageSize: 500,
  });
  const events = history?.events ?? [];
  const signals = events.flatMap(({ workflowExecutionSignaledEventAttributes: event }) => event?.signalName ?? []);
  const last = signals.find((name) => name === pauseSignal.name || name === resumeSignal.name);
  return {
    paused: last === pauseSignal.name,
    cancelling: events.some((event) => event.workflowExecutionCancelRequestedEventAttributes),
  };
}

/** A submission that Temporal lists. */
export interface Listed extends SubmissionMemo {
  readonly state: Submitted['state'];
  readonly submitted: Date;
}

/** The last submission of every study that Temporal remembers, the newest first; of one store if its id is given. */
export async function submissions(client: Client, storeId?: string): Promise<readonly Listed[]> {
  const found = new Map<string, Listed>();
  try {
    const query = `WorkflowType = '${workflowNames.study}'`;
    for await (const { workflowId, status, startTime, memo } of client.workflow.list({ query, pageSize: 200 })) {
      const known = memo as Partial<SubmissionMemo> | undefined;
      if (found.has(workflowId) || known?.id === undefined || (storeId !== undefined && known.storeId !== storeId))
        continue;
      found.set(workflowId, { ...(known as SubmissionMemo), state: stateOf(status.name), submitted: startTime });
      if (found.size >= mostListed) break;
    }
  } catch (error) {
    throw asPercussError(error);
  }
  return [...found.values()];
}

/** Of a Temporal that has more, the newest. */
const mostListed = 1_000;
