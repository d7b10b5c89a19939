import { setTimeout as sleep } from 'node:timers/promises';
import {
  WorkflowFailedError,
  WorkflowIdConflictPolicy,
  WorkflowIdReusePolicy,
  WorkflowNotFoundError,
  isGrpcServiceError,
} from '@temporalio/client';
import type { Client, WorkflowHandle } from '@temporalio/client';
import { ApplicationFailure, CancelledFailure, TerminatedFailure } from '@temporalio/common';
import type { Priority } from '@temporalio/common';
import { sha256, type Digest } from '../core/digest.js';
import { isErrorCode, messageOf, PercussError } from '../core/errors.js';
import type { ErrorDetails } from '../core/errors.js';
import type { NumericMode } from '../core/numeric-mode.js';
import type { StudyRef } from '../core/spec/resolved-study.js';
import type { TableName } from '../core/tables/columns.js';
import { pauseSignal, queuesOf, resumeSignal, studyWorkflowId, workflowNames } from '../workflows/protocol.js';
import { setPrioritySignal, setWindowSignal } from '../workflows/protocol.js';
import { studyProgressQuery, sweepProgressQuery } from '../workflows/protocol.js';
import type { StudyInput, StudyPolicy, StudyProgress, StudyResult, SweepProgress } from '../workflows/protocol.js';

export interface SubmitOptions {
  /** The study's label, for people. */
  readonly name: string;
  readonly storeId: string;
  readonly tables: readonly TableName[];
  /** Batches in flight: two or three times the compute slots of all workers. */
  readonly window: number;
  readonly policy?: Partial<StudyPolicy>;
  /** 1 (first) to 5; 3 unless given. */
  readonly priority?: number;
  /** Users share the workers fairly by this name; without one the study has a share of its own. */
  readonly fairnessKey?: string;
  /** Markdown for Temporal's pages. */
  readonly details?: string;
}

export const defaultPolicy: StudyPolicy = {
  onFailure: 'continue',
  pauseAfter: 100,
  tries: 3,
  batchSeconds: 600,
  heartbeatSeconds: 30,
  drainSeconds: 10,
};

export type StudyHandle = WorkflowHandle<(input: StudyInput) => Promise<StudyResult>>;

/** What Temporal knows of a submission, for people who look for it without the store. */
export interface SubmissionMemo {
  readonly study: string;
  readonly id: Digest;
  readonly storeId: string;
  readonly mode: NumericMode;
}

/** A study's progress with that of its running sweep. */
export interface WholeProgress extends StudyProgress {
  readonly current?: SweepProgress;
}

/** Starts the study's workflow, or joins it if it runs already: one study is never worked on twice at a time. */
export async function submitStudy(client: Client, study: StudyRef, options: SubmitOptions): Promise<StudyHandle> {
  const input: StudyInput = {
    study,
    name: options.name,
    storeId: options.storeId,
    tables: options.tables,
    controls: { paused: false, window: options.window },
    policy: { ...defaultPolicy, ...options.policy },
  };
  const memo: SubmissionMemo = { study: options.name, id: study.id, storeId: options.storeId, mode: study.mode };
  // Studies share workers fairly; those of one user have one share among them.
  const priority: Priority = {
    ...(options.priority === undefined ? {} : { priorityKey: options.priority }),
    fairnessKey: fairnessKeyOf(options.fairnessKey === undefined ? `study ${study.id}` : `user ${options.fairnessKey}`),
  };
  return reaching(() =>
    client.workflow.start<(input: StudyInput) => Promise<StudyResult>>(workflowNames.study, {
      workflowId: studyWorkflowId(study.id),
      taskQueue: queuesOf(options.storeId, study.mode).control,
      args: [input],
      workflowIdConflictPolicy: WorkflowIdConflictPolicy.USE_EXISTING,
      workflowIdReusePolicy: WorkflowIdReusePolicy.ALLOW_DUPLICATE,
      memo: { ...memo },
      staticSummary: `percuss study ${options.name}`.slice(0, 190),
      ...(options.details === undefined ? {} : { staticDetails: options.details.slice(0, 9_000) }),
      priority,
    }),
  );
}

/** Temporal takes 64 bytes; longer names are told apart by their hash. */
const fairnessKeyOf = (name: string): string =>
  Buffer.byteLength(name) <= 64 ? name : `${name.slice(0, 5)} ${sha256(name).slice(0, 50)}`.trim();

/** Whether the study's workflow runs now. */
export async function runsNow(client: Client, study: Digest): Promise<boolean> {
  try {
    return (await studyHandle(client, study).describe()).status.name === 'RUNNING';
  } catch (error) {
    if (error instanceof WorkflowNotFoundError) return false;
    throw asPercussError(error);
  }
}

/** The study that runs, or ran last, under its id. */
export function studyHandle(client: Client, study: Digest): StudyHandle {
  return client.workflow.getHandle(studyWorkflowId(study));
}

/** Progress of a study, together with its sweep's while one runs. Needs a worker for the store's control queue. */
export async function queryProgress(client: Client, study: Digest): Promise<WholeProgress> {
  return reaching(async () => {
    const progress = await studyHandle(client, study).query(studyProgressQuery);
    if (progress.phase !== 'sweeping' || progress.sweep === undefined) return progress;
    try {
      return { ...progress, current: await client.workflow.getHandle(progress.sweep).query(sweepProgressQuery) };
    } catch (error) {
      // The study names its sweep just before it starts, and until it has heard of its end.
      if (error instanceof WorkflowNotFoundError) return progress;
      throw error;
    }
  });
}

/** `answered`: whether a worker answers for the study; without one, its running sweep is read from Temporal. */
export function pauseStudy(client: Client, study: Digest, answered = true): Promise<void> {
  return signalBoth(client, study, (handle) => handle.signal(pauseSignal), answered);
}

export function resumeStudy(client: Client, study: Digest, answered = true): Promise<void> {
  return signalBoth(client, study, (handle) => handle.signal(resumeSignal), answered);
}

/** Batches in flight from now on, 1 to 500. */
export function setStudyWindow(client: Client, study: Digest, window: number, answered = true): Promise<void> {
  return signalBoth(client, study, (handle) => handle.signal(setWindowSignal, window), answered);
}

/** The priority of batches from now on, 1 (first) to 5; those that wait already keep theirs. */
export function setStudyPriority(client: Client, study: Digest, priority: number, answered = true): Promise<void> {
  return signalBoth(client, study, (handle) => handle.signal(setPrioritySignal, priority), answered);
}

/** Asks the study to end: running batches are stopped, and what is committed stays. */
export async function cancelStudy(client: Client, study: Digest): Promise<void> {
  await reaching(() => studyHandle(client, study).cancel());
}

/**
 * The study's result. Goes on waiting while Temporal is out of reach for up to `patienceSeconds` (5 minutes unless
 * given), as it is when its server is started again.
 *
 * @throws PercussError with the code of the failure that ended the study; CANCELLED; TEMPORAL_UNREACHABLE.
 */
export async function waitForResult(
  handle: StudyHandle,
  options: { readonly signal?: AbortSignal; readonly patienceSeconds?: number } = {},
): Promise<StudyResult> {
  const patience = 1000 * (options.patienceSeconds ?? 300);
  let unreachableSince: number | undefined;
  for (;;) {
    if (options.signal?.aborted) throw new PercussError('CANCELLED', 'waiting for the study was interrupted');
    const asked = Date.now();
    try {
      return await interruptible(handle.result(), options.signal);
    } catch (error) {
      if (!transient(error)) throw asPercussError(error);
      // The client's own retries take long enough for the server to have come and gone in between.
      if (unreachableSince === undefined || Date.now() - asked > 60_000) unreachableSince = Date.now();
      if (Date.now() - unreachableSince > patience) throw asPercussError(error);
      await sleep(500);
    }
  }
}

/** What ended a workflow, as our own error. */
export function asPercussError(error: unknown): PercussError {
  if (error instanceof PercussError) return error;
  if (error instanceof WorkflowNotFoundError) {
    return new PercussError('NOT_FOUND', 'Temporal knows no such study: submit it (again); what is committed is kept', {
      cause: error,
    });
  }
  if (isGrpcServiceError(error) || transient(error)) {
    return new PercussError(
      'TEMPORAL_UNREACHABLE',
      `Temporal does not answer (${messageOf(error)}): check the address and the network; the same command goes on where it stopped`,
      { cause: error },
    );
  }
  let cause: unknown = error instanceof WorkflowFailedError ? error.cause : error;
  while (cause instanceof Error && !(cause instanceof ApplicationFailure) && cause.cause !== undefined) {
    if (cause instanceof CancelledFailure || cause instanceof TerminatedFailure) break;
    cause = cause.cause;
  }
  if (cause instanceof CancelledFailure || cause instanceof TerminatedFailure) {
    return new PercussError('CANCELLED', 'the study was cancelled; the same command goes on where it stopped', {
      cause: error,
    });
  }
  if (cause instanceof ApplicationFailure && typeof cause.type === 'string' && isErrorCode(cause.type)) {
    const [details] = (cause.details ?? []) as readonly (ErrorDetails | undefined)[];
    return new PercussError(cause.type, cause.message, { ...(details ? { details } : {}), cause: error });
  }
  return new PercussError('BUG', `the study's workflow failed: ${messageOf(cause)}`, { cause: error });
}

async function signalBoth(
  client: Client,
  study: Digest,
  send: (handle: WorkflowHandle) => Promise<void>,
  answered = true,
): Promise<void> {
  // First the study, so that a sweep that starts meanwhile is started with what we ask for.
  await reaching(async () => {
    await send(studyHandle(client, study));
    if (!answered) {
      // Nothing starts while no worker is there.
      const { raw } = await studyHandle(client, study).describe();
      for (const { workflowId } of raw.pendingChildren ?? [])
        if (workflowId) await send(client.workflow.getHandle(workflowId));
      return;
    }
    for (let attempt = 0; attempt < 20; attempt++) {
      const progress = await studyHandle(client, study).query(studyProgressQuery);
      if (progress.phase !== 'sweeping' || progress.sweep === undefined) return;
      try {
        await send(client.workflow.getHandle(progress.sweep));
        return;
      } catch (error) {
        if (!(error instanceof WorkflowNotFoundError)) throw error;
        await sleep(250);
      }
    }
  });
}

async function reaching<T>(call: () => Promise<T>): Promise<T> {
  try {
    return await call();
  } catch (error) {
    throw asPercussError(error);
  }
}

function transient(error: unknown): boolean {
  const grpc = error instanceof Error && isGrpcServiceError(error.cause) ? error.cause : error;
  // UNAVAILABLE, DEADLINE_EXCEEDED, RESOURCE_EXHAUSTED, ABORTED, CANCELLED by a server that shuts down.
  return isGrpcServiceError(grpc) && [14, 4, 8, 10, 1].includes(grpc.code);
}

async function interruptible<T>(work: Promise<T>, signal: AbortSignal | undefined): Promise<T> {
  if (signal === undefined) return work;
  let abort: (() => void) | undefined;
  const aborted = new Promise<never>((_, reject) => {
    abort = () => reject(new PercussError('CANCELLED', 'waiting for the study was interrupted'));
    signal.addEventListener('abort', abort, { once: true });
  });
  try {
    return await Promise.race([work, aborted]);
  } finally {
    if (abort) signal.removeEventListener('abort', abort);
    work.catch(() => undefined);
  }
}
