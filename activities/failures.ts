import { ApplicationFailure, CancelledFailure } from '@temporalio/common';
import { errorCodes } from '../core/error-codes.js';
import { isPercussError, messageOf } from '../core/errors.js';
import type { ErrorCode, ErrorDetails } from '../core/errors.js';
import { masked } from '../core/secrets.js';

/** What the workflow is told about a batch: its own failures are results, so that the workflow can halve the range. */
export type BatchReport<T> =
  | { readonly status: 'done'; readonly outcome: T }
  | { readonly status: 'failed'; readonly code: ErrorCode; readonly message: string };

/** Temporal keeps the last failure of every pending activity and cuts it at 4 KiB. */
const messageLimit = 2_000;
const detailsLimit = 1_024;

/**
 * The one place where errors of percuss become failures of Temporal. Infrastructure errors are retryable, all others end
 * the study; the failure's type is the code. A cancelled activity must report Temporal's own failure, whatever the
 * step made of the abort, else Temporal would count it as failed.
 */
export function toFailure(error: unknown, signal: AbortSignal): ApplicationFailure | CancelledFailure {
  if (signal.aborted) {
    return signal.reason instanceof CancelledFailure ? signal.reason : new CancelledFailure(messageOf(signal.reason));
  }
  if (error instanceof ApplicationFailure || error instanceof CancelledFailure) return error;
  if (!isPercussError(error)) {
    return ApplicationFailure.create({
      type: 'BUG' satisfies ErrorCode,
      message: shorten(`${messageOf(error)} (this is a bug of percuss: please report it)`),
      nonRetryable: true,
      ...(error instanceof Error ? { cause: error } : {}),
    });
  }
  return ApplicationFailure.create({
    type: error.code,
    message: shorten(error.message),
    details: [fitting(error.details)],
    nonRetryable: errorCodes[error.code].kind !== 'infrastructure',
  });
}

/** A batch's own failure as a result, or undefined for every other error. */
export function batchFailure(error: unknown): Extract<BatchReport<never>, { status: 'failed' }> | undefined {
  if (!isPercussError(error) || errorCodes[error.code].kind !== 'compute') return undefined;
  return { status: 'failed', code: error.code, message: shorten(error.message) };
}

/** Temporal keeps it for everybody who may look at the study, so no secret may stand in it. */
function shorten(told: string): string {
  const message = masked(told);
  return message.length <= messageLimit ? message : `${message.slice(0, messageLimit - 1)}…`;
}

/** As many of the details, in their order, as fit. */
function fitting(details: ErrorDetails): ErrorDetails {
  const kept: Record<string, ErrorDetails[string]> = {};
  for (const [name, value] of Object.entries(details)) {
    if (JSON.stringify({ ...kept, [name]: value }).length > detailsLimit) continue;
    kept[name] = value;
  }
  return kept;
}
