import type { CellKey } from '../plan/condition.js';
import type { OutputForm } from '../plan/kept-outputs.js';
import type { CellScope } from './cell.js';

/** What is kept of the outputs of one condition on one chunk, beside its cell and under the same key. */
export interface KeptOutputs {
  readonly key: CellKey;
  readonly form: OutputForm;
  /** [images × values], in the chunk's order; NaN or infinite where an output is. */
  readonly values: Float32Array;
}

/** Where they live: outputs/<semantics>/<model>/<numericMode>/<chunk>/. */
export interface OutputScope extends CellScope {
  /** Images of the chunk: kept outputs of another number don't belong to it. No part of the place. */
  readonly images: number;
  /** Outputs of the network. */
  readonly classes: number;
}
