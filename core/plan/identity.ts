import { canonicalJson, type Json } from '../canonical.js';
import { sha256, type Digest } from '../digest.js';
import { printNumericMode, type NumericMode } from '../numeric-mode.js';
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
  // Members are sorted, and edits are the last of all.
  const whole = identityText('cell', scope, { chunk, edits: [] }, semantics);
  return sha256(`${whole.slice(0, -'[]}}'.length)}${edits}}}`);
}

/** Identity of anything else computed from one network: responses, profiles, moments, gradients. */
export function resultKey(kind: 'profile' | 'response' | 'moments' | 'gradients', scope: Scope, what: Json): Digest {
  return keyOf(kind, scope, what);
}

function keyOf(kind: string, scope: Scope, what: Json): Digest {
  return sha256(identityText(kind, scope, what, SEMANTICS));
}

function identityText(kind: string, { model, mode }: Scope, what: Json, semantics: number): string {
  return canonicalJson({ kind, semantics, model, mode: printNumericMode(mode), what });
}
