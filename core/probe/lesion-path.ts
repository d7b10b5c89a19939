import type { Tensor } from '../tensor.js';
import type { HostLive } from './live.js';
import type { PreparedEdit } from './selection.js';

/** What a condition removes at one cut. */
export interface LesionStep {
  readonly cut: number;
  readonly edits: readonly PreparedEdit[];
  /** Equal for equal edits. */
  readonly key: string;
}

/** A condition as a path through the network's cuts. */
export interface LesionPath {
  /** At ascending cuts, at least one. */
  readonly steps: readonly LesionStep[];
  /** Images of the chunk × classes; written where the path ends. */
  readonly outputs: Float32Array;
}

/** Values alive at a cut before it is edited, on images from number `start` of the chunk on. */
export interface Station {
  readonly cut: number;
  readonly live: HostLive;
  readonly start: number;
}

export const imagesAt = ({ live }: Station): number => (live.values().next().value as Tensor).shape[0] as number;
