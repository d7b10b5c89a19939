import type { Digest } from '../digest.js';
import type { EngineProvenance } from '../engine/engine.js';
import type { NumericMode } from '../numeric-mode.js';
import type { CellKey } from '../plan/condition.js';

/** `no-op`: the lesion changed nothing at its sites on any image; the cell then equals the baseline's. */
export type CellState = 'ok' | 'no-op';

/**
 * One condition on one chunk, an entry an image, in the chunk's order. Every metric is derived from these on reading.
 */
export interface Cell {
  readonly key: CellKey;
  readonly state: CellState;
  /** Largest absolute change that the edits made at their sites, over images; 0 for the baseline, not finite where a value is not. */
  readonly effect: number;
  /** Largest output, class offset taken away; 65535 where that is no class (the background of 1001-class networks), and where outputs are not finite. */
  readonly predicted: Uint16Array;
  /** −log p(label), natural logarithm; NaN where outputs are not finite, and only there. */
  readonly loss: Float32Array;
  /** KL(baseline ‖ lesioned), natural logarithm, at least 0; NaN where outputs are not finite, and only there. */
  readonly kl: Float32Array;
}

/** Where cells live: cells/<semantics>/<model>/<numericMode>/<chunk>/. */
export interface CellScope {
  readonly model: Digest;
  readonly mode: NumericMode;
  readonly chunk: Digest;
  /** Images of the chunk, where known: cells of another number don't belong to it. No part of the place. */
  readonly images?: number;
}

/** What depends on build and machine, kept in the object beside the results; the same for equal builds on equal processors, so that equal work gives equal bytes. */
export interface Provenance extends EngineProvenance {
  readonly percuss: string;
}
