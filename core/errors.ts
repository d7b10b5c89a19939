import { errorCodes, type ErrorCode, type ErrorKind } from './error-codes.js';

export type { ErrorCode, ErrorKind };

/** Whether a foreign word is one of our codes. */
export const isErrorCode = (code: string): code is ErrorCode => Object.hasOwn(errorCodes, code);

/**
 * Small, JSON-serialisable facts about an error: at most 1 KiB, so that they fit into a Temporal failure. A place is told by
 * `file`, `line` and `column`, which `--json` shows.
 */
export type ErrorDetails = Readonly<Record<string, string | number | boolean | null>>;

/** One mistake of several that an error tells at once: where, what is wrong, and what to do. */
export interface Issue {
  readonly code: ErrorCode;
  readonly file: string;
  /** From 1. */
  readonly line: number;
  readonly column: number;
  /** Of the value that it is about: `ablations.across-depth.fractions[2]`; empty for the whole file. */
  readonly path: string;
  readonly message: string;
  readonly hint?: string;
}

/**
 * The one error class. `message` says what is wrong, where, what was expected and what to do next; it is shown to the
 * user as it stands, without a stack trace unless the kind is `bug`.
 */
export class PercussError extends Error {
  override readonly name = 'PercussError';
  readonly code: ErrorCode;
  readonly details: ErrorDetails;
  /** Every mistake, where the error tells several; they do not cross to another process. */
  readonly issues?: readonly Issue[];

  constructor(
    code: ErrorCode,
    message: string,
    options: { details?: ErrorDetails; issues?: readonly Issue[]; cause?: unknown } = {},
  ) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.code = code;
    this.details = options.details ?? {};
    if (options.issues) this.issues = options.issues;
  }

  get kind(): ErrorKind {
    return errorCodes[this.code].kind;
  }
}

/**
 * True for errors of percuss, also for those that crossed a process boundary as plain objects.
 *
 * @example
 * import { isPercussError, loadStudySpec } from 'percuss';
 *
 * try {
 *   await loadStudySpec('no-such-file.yaml');
 * } catch (error) {
 *   if (!isPercussError(error)) throw error;
 *   console.log(error.code, error.kind, error.message);
 * }
 */
export function isPercussError(error: unknown): error is PercussError {
  return (
    error instanceof PercussError ||
    (error instanceof Error && error.name === 'PercussError' && 'code' in error && isErrorCode(String(error.code)))
  );
}

/** The message of anything thrown. */
export function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
