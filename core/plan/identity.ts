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
  return keyOf('cell', scope, { chunk, edits: edits as unknown as Json });
}

/** Identity of anything else computed from one network: responses, profiles. */
export function resultKey(kind: 'profile' | 'response', scope: Scope, what: Json): Digest {
  return keyOf(kind, scope, what);
}

function keyOf(kind: string, scope: Scope, what: Json): Digest {
  return sha256(
    canonicalJson({ kind, semantics: SEMANTICS, model: scope.model, mode: printNumericMode(scope.mode), what }),
  );
}
