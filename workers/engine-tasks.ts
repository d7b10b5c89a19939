import type { EngineProvenance } from '../core/engine/engine.js';
import type { RunTime } from '../core/engine/speed.js';
import type { NumericMode } from '../core/numeric-mode.js';
import type { CostModel } from '../core/plan/cost.js';
import type { NetworkFiles } from '../core/study/preparing/choose-mode.js';
import type { PlainError } from './messages.js';

/** What may be asked of an engine in a process of its own. */
export type EngineTask =
  /** Whether it can be opened at all. */
  | { readonly kind: 'open'; readonly mode: NumericMode }
  /** The chain of `percuss doctor`. */
  | { readonly kind: 'speed'; readonly mode: NumericMode }
  /** Whole networks on random images. */
  | { readonly kind: 'networks'; readonly mode: NumericMode; readonly networks: readonly NetworkFiles[] }
  /** A network and the engine's peak. */
  | { readonly kind: 'bench'; readonly mode: NumericMode; readonly networks: readonly NetworkFiles[] }
  /** What predictions rest on. */
  | { readonly kind: 'cost'; readonly mode: NumericMode };

export interface NetworkTime extends RunTime {
  readonly name: string;
  /** Multiply-accumulates, and bytes of activations, of one image. */
  readonly macs: number;
  readonly bytes: number;
}

export interface EngineAnswer {
  readonly provenance: EngineProvenance;
  /** Of the chain that the task names. */
  readonly chain?: RunTime;
  readonly networks?: readonly NetworkTime[];
  readonly cost?: CostModel;
}

export type EngineReply = { readonly answer: EngineAnswer } | { readonly error: PlainError };
