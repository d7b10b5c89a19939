import { errorKinds } from '../core/error-codes.js';
import { isPercussError, messageOf } from '../core/errors.js';

/** Exit codes of `percuss` (design §9); those of failures are their kinds'. */
export const exitCodes = {
  complete: 0,
  bug: errorKinds.bug.exit,
  input: errorKinds.input.exit,
  incomplete: errorKinds.compute.exit,
  unreachable: errorKinds.infrastructure.exit,
  interrupted: errorKinds.interrupted.exit,
} as const;

/** The exit code for anything thrown. */
export function exitCodeOf(error: unknown): number {
  return isPercussError(error) ? errorKinds[error.kind].exit : exitCodes.bug;
}

/**
 * What is printed for an error: its message alone where it is the user's to mend, with a stack trace where it is ours. With
 * `debug` the stacks of the error and of all that caused it follow.
 */
export function explainError(error: unknown, debug = false): string {
  if (isPercussError(error) && error.kind !== 'bug')
    return `percuss: ${error.message}${debug ? `\n${stacksOf(error)}` : ''}`;
  return `percuss: this is a bug of percuss; please report it with what you did and the lines below\n${stacksOf(error)}`;
}

function stacksOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  const own = error.stack ?? error.message;
  return error.cause === undefined ? own : `${own}\ncaused by ${stacksOf(error.cause)}`;
}

/** What a verb that fails answers with --json: always code, exit and message; the facts of the error where there are any. */
export interface Failure {
  readonly code: string;
  readonly exit: number;
  readonly message: string;
  readonly [fact: string]: unknown;
}

/** Anything thrown, as the answer of a verb. */
export function failureOf(error: unknown): Failure {
  if (!isPercussError(error)) return { code: 'BUG', exit: exitCodes.bug, message: messageOf(error) };
  const { code, message, issues } = error;
  // Details count the issues, of which the list says more.
  const { issues: _count, ...facts } = error.details;
  return { ...facts, ...(issues ? { issues } : {}), code, exit: exitCodeOf(error), message };
}
