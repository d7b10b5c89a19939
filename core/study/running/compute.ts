import type { BatchOutcome, Sharing, StagePlan } from '../steps.js';

/** Units [from, to) of a stage, for a process that opens the store itself, computes, and commits. */
export interface ComputeTask {
  /** URL of the store, as in `ObjectStore.url`: `file:/…`, `s3://bucket/prefix`. */
  readonly store: string;
  readonly stage: StagePlan;
  readonly from: number;
  readonly to: number;
  readonly sharing: Sharing;
}

export interface ComputeResult {
  readonly outcome: BatchOutcome;
}

export interface ComputeOptions {
  /** Ends the process that computes; `run` then throws PercussError CANCELLED. */
  readonly signal?: AbortSignal;
  /** Called with the number of units of this task that are done. */
  readonly onUnits?: (done: number) => void;
}

/**
 * The port to the processes that compute. Native engines block the event loop, and can only be stopped by ending their
 * process, so tasks run in processes of their own, at most `slots` at a time; more wait in order.
 *
 * `run` throws the PercussError that the task threw; COMPUTE_CRASHED if its process died, with the batch in the details.
 */
export interface Compute {
  readonly slots: number;
  run(task: ComputeTask, options?: ComputeOptions): Promise<ComputeResult>;
  /** Ends all processes; tasks in hand fail with CANCELLED. */
  close(): Promise<void>;
}
