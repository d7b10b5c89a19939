import { canonicalJson, type Json } from '../canonical.js';
import { sha256, type Digest } from '../digest.js';
import { printNumericMode, type NumericMode } from '../numeric-mode.js';
import { remembering } from '../remembering.js';
import type { CellKey, Edit } from './condition.js';

/**
 * Covers everything that changes values without changing a key's other parts: import, lowering, segmentation,
 * preprocessing, edits, per-image metrics. Golden cells (`test/study/golden-cells.test.ts`) fail the build if values change
 * while this does not.
 */
export const SEMANTICS = 8;

/** What a result is a result of. */
export interface Scope {
  /** Digest of the network's files, its preprocessing and its output's reading. */
  readonly model: Digest;
  readonly mode: NumericMode;
}

/** Identity of one condition on one chunk. */
export function cellKey(scope: Scope, chunk: Digest, edits: readonly Edit[]): CellKey {
  return cellKeyOf(scope, chunk, printEdits(edits));
}

/** Edits as they enter a key, and as an object of cells lists them: canonical JSON. */
export const printEdits = (edits: readonly Edit[]): string => canonicalJson(edits as unknown as Json);

/** The identity of a condition whose edits are printed, of results of some semantics. */
export function cellKeyOf(scope: Scope, chunk: Digest, edits: string, semantics = SEMANTICS): CellKey {
  return sha256(`${beginningOf(scope.model, printNumericMode(scope.mode), chunk, semantics)}${edits}}}`);
}

/** What stands before the edits in what a key is the hash of. Members are sorted, and edits are the last of all. */
const beginningOf = remembering(1_000, (model: Digest, mode: string, chunk: Digest, semantics: number): string => {
  const whole = identityText('cell', model, mode, { chunk, edits: [] }, semantics);
  return whole.slice(0, -'[]}}'.length);
});

/** Identity of anything else computed from one network: responses, profiles, moments, best constants, gradients, predictions. */
export function resultKey(
  kind: 'profile' | 'response' | 'moments' | 'optima' | 'gradients' | 'predictions',
  scope: Scope,
  what: Json,
): Digest {
  return keyOf(kind, scope, what);
}

function keyOf(kind: string, scope: Scope, what: Json): Digest {
  return sha256(identityText(kind, scope.model, printNumericMode(scope.mode), what, SEMANTICS));
}

function identityText(kind: string, model: Digest, mode: string, what: Json, semantics: number): string {
  return canonicalJson({ kind, semantics, model, mode, what });
}
