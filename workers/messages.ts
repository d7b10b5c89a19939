import { isErrorCode, isPercussError, messageOf, PercussError } from '../core/errors.js';
import type { ErrorCode, ErrorDetails } from '../core/errors.js';
import type { ComputeResult, ComputeTask } from '../core/study/running/compute.js';

/** From the pool to a compute child. */
export interface TaskMessage {
  readonly id: number;
  readonly task: ComputeTask;
}

/** From a compute child to the pool. */
export type ChildMessage =
  | { readonly kind: 'ready' }
  | { readonly kind: 'units'; readonly id: number; readonly done: number }
  | { readonly kind: 'result'; readonly id: number; readonly result: ComputeResult }
  | { readonly kind: 'error'; readonly id: number; readonly error: PlainError };

/** An error on its way between processes, which classes don't survive. */
export interface PlainError {
  readonly code: ErrorCode;
  readonly message: string;
  readonly details: ErrorDetails;
}

/** Work of a compute child. One is made a process, so it may keep networks and images between tasks. */
export interface ComputeHandler {
  run(task: ComputeTask, options: { readonly onUnits: (done: number) => void }): Promise<ComputeResult>;
}

/** What a module that a compute child loads must export. */
export interface HandlerModule {
  readonly createHandler: () => ComputeHandler | Promise<ComputeHandler>;
}

export function toPlain(error: unknown): PlainError {
  if (isPercussError(error)) return { code: error.code, message: error.message, details: error.details };
  const stack = error instanceof Error && error.stack !== undefined ? error.stack.slice(0, 1_500) : messageOf(error);
  return { code: 'BUG', message: stack, details: {} };
}

export function fromPlain(error: PlainError): PercussError {
  return new PercussError(isErrorCode(error.code) ? error.code : 'BUG', error.message, { details: error.details });
}
