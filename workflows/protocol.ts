import type { OnFailure } from '../core/on-failure.js';
import { defineQuery, defineSignal } from '@temporalio/workflow';
import type { Digest, Ref } from '../core/digest.js';
import { printNumericMode } from '../core/numeric-mode.js';
import type { NumericMode } from '../core/numeric-mode.js';
import type { StudyRef } from '../core/spec/resolved-study.js';
import type { Analysis, StagePlan } from '../core/study/steps.js';
import type { SweepRest, UnitFailure } from '../core/sweep-state.js';
import type { TableName } from '../core/tables/columns.js';

/** Task queues of one store. Workers of another store, or of another numeric mode, never see its tasks. */
export interface Queues {
  /** Workflows, planning, and the record of failures. */
  readonly control: string;
  readonly analyse: string;
  readonly evaluate: string;
}

export function queuesOf(storeId: string, mode: NumericMode): Queues {
  return {
    control: `percuss-control-${storeId}`,
    analyse: `percuss-analyse-${storeId}`,
    evaluate: `percuss-evaluate-${printNumericMode(mode)}-${storeId}`,
  };
}

export function studyWorkflowId(study: Digest): string {
  return `percuss-${study.slice(0, 20)}`;
}

export function sweepWorkflowId(study: Digest, stage: number): string {
  return `${studyWorkflowId(study)}-sweep-${stage}`;
}

/** What a user may change while a study runs. */
export interface Controls {
  readonly paused: boolean;
  /** Most batches in flight, 1 to 500. */
  readonly window: number;
  /** Of batches from now on, 1 (first) to 5; that of the submission where it was not changed. */
  readonly priority?: number;
}

/** The priority of what is started from now on, where it was changed; its fairness key stays that of the submission. */
export function priorityOf({ priority }: Controls): { readonly priority?: { readonly priorityKey: number } } {
  return priority === undefined ? {} : { priority: { priorityKey: priority } };
}

export interface StudyPolicy {
  /** `stop` ends the study at the first unit that can't be computed. */
  readonly onFailure: OnFailure;
  /** The study pauses after as many failed batches without one that succeeds. */
  readonly pauseAfter: number;
  /** Tries of a single unit before it is recorded as failed. */
  readonly tries: number;
  /** Seconds that one batch may take before its process is ended; at least 20 times the predicted time. */
  readonly batchSeconds: number;
  /** Seconds without a sign of life after which a worker counts as lost, and its batches are run elsewhere; at least 10. */
  readonly heartbeatSeconds: number;
  /** Seconds beyond their predicted time that batches in flight get before a sweep that continues as new cancels them. */
  readonly drainSeconds: number;
  /** Events after which a sweep continues as new; the server's suggestion if undefined. */
  readonly continueAfter?: number;
}

export interface StudyInput {
  readonly study: StudyRef;
  readonly name: string;
  readonly storeId: string;
  readonly controls: Controls;
  readonly policy: StudyPolicy;
  readonly tables: readonly TableName[];
}

export interface Counters {
  readonly computed: number;
  readonly reused: number;
  readonly noOp: number;
  readonly failed: number;
  /** Sum over batches: compute time, not elapsed time. */
  readonly seconds: number;
}

/** What a sweep hands on when it continues as new, beside its controls. */
export interface SweepHandover extends SweepRest {
  readonly counters: Counters;
  /** Times that it has continued as new. */
  readonly runs: number;
}

export interface SweepInput {
  readonly stage: StagePlan;
  readonly storeId: string;
  readonly controls: Controls;
  readonly policy: StudyPolicy;
  readonly state?: SweepHandover;
}

export interface SweepResult {
  readonly counters: Counters;
  readonly controls: Controls;
  /** The failure at which `onFailure: stop` ended the sweep. */
  readonly stoppedBy?: UnitFailure;
}

export interface LabelProgress {
  readonly label: string;
  readonly done: number;
  readonly total: number;
}

export interface SweepProgress extends Counters {
  readonly stage: number;
  readonly units: number;
  readonly labels: readonly LabelProgress[];
  readonly inFlight: number;
  readonly window: number;
  readonly paused: boolean;
  /** Why the sweep paused by itself. */
  readonly pausedBecause?: string;
  /** Why nothing, or less, goes on: an unreachable store, a lost worker. */
  readonly stalled?: string;
  /** Units a second over the last two minutes, and the seconds that are left by it; undefined before there is a rate. */
  readonly rate?: number;
  readonly secondsLeft?: number;
  /** The newest of the failures that were recorded. */
  readonly lastFailure?: string;
  /** Times this sweep has continued as new. */
  readonly continued: number;
}

export type StudyPhase = 'planning' | 'sweeping' | 'analysing' | 'writing' | 'done';

export interface StudyProgress {
  readonly phase: StudyPhase;
  readonly stage: number;
  /** The running or last sweep, to be queried and signalled by id. */
  readonly sweep?: string;
  /** Units that were stored, and that were recorded as failed, before this run. */
  readonly stored: number;
  readonly failedBefore: number;
  /** Sums over the sweeps that have ended. */
  readonly counters: Counters;
  readonly tablesWritten: number;
  readonly tables: number;
  readonly paused: boolean;
  /** Of batches from now on, where it was changed. */
  readonly priority?: number;
  readonly stalled?: string;
}

export interface StudyResult {
  readonly state: 'complete' | 'stopped';
  readonly stages: number;
  readonly stored: number;
  readonly failedBefore: number;
  readonly counters: Counters;
  readonly stoppedBy?: SweepResult['stoppedBy'];
  /** Absent where the study was stopped. */
  readonly written?: {
    readonly analysis: Ref<Analysis>;
    readonly tables: Readonly<Record<string, Ref<Uint8Array>>>;
    readonly report: Ref<Uint8Array>;
    readonly summary: Ref<Uint8Array>;
  };
}

export const noCounters: Counters = { computed: 0, reused: 0, noOp: 0, failed: 0, seconds: 0 };

export function addCounters(a: Counters, b: Counters): Counters {
  return {
    computed: a.computed + b.computed,
    reused: a.reused + b.reused,
    noOp: a.noOp + b.noOp,
    failed: a.failed + b.failed,
    seconds: a.seconds + b.seconds,
  };
}

export const workflowNames = { study: 'study', sweep: 'sweep' } as const;
export const pauseSignal = defineSignal('pause');
export const resumeSignal = defineSignal('resume');
export const setWindowSignal = defineSignal<[number]>('setWindow');
export const setPrioritySignal = defineSignal<[number]>('setPriority');
export const studyProgressQuery = defineQuery<StudyProgress>('progress');
export const sweepProgressQuery = defineQuery<SweepProgress>('progress');
