import { isPercussError, type ErrorKind } from '../core/errors.js';

/** Exit codes of `percuss` (design §9). */
export const exitCodes = { complete: 0, bug: 1, input: 2, incomplete: 3, unreachable: 4, interrupted: 130 } as const;

const byKind: { readonly [K in ErrorKind]: number } = {
  input: exitCodes.input,
  compute: exitCodes.incomplete,
  storage: exitCodes.incomplete,
  infrastructure: exitCodes.unreachable,
  interrupted: exitCodes.interrupted,
  bug: exitCodes.bug,
};

/** The exit code for anything thrown. */
export function exitCodeOf(error: unknown): number {
  return isPercussError(error) ? byKind[error.kind] : exitCodes.bug;
}

/** What is printed for an error: its message alone where it is the user's to mend, with a stack trace where it is ours. */
export function explainError(error: unknown): string {
  if (isPercussError(error) && error.kind !== 'bug') return `percuss: ${error.message}`;
  const trace = error instanceof Error ? (error.stack ?? error.message) : String(error);
  return `percuss: this is a bug of percuss; please report it with what you did and the lines below\n${trace}`;
}
