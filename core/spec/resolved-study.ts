import type { Digest, Ref } from '../digest.js';
import type { NetworkFormat } from '../import/network-formats.js';
import type { AblationSpec, AnalysisSpec, ImpulseSpec, ModelSpec } from './study-spec.js';
import type { NumericMode } from '../numeric-mode.js';

/** Up to 250 images and labels, decoded, as one blob. Its digest is its identity. */
export interface ChunkRef {
  readonly digest: Digest;
  readonly images: number;
}

/** An image set by content. */
export interface ResolvedData {
  readonly name: string;
  /** One image: [channels, height, width]. */
  readonly shape: readonly number[];
  readonly classes: readonly string[] | null;
  readonly chunks: readonly ChunkRef[];
  /** The same images in the order and the portions in which adaptive ablations take them; absent where none does. */
  readonly waves?: readonly (readonly ChunkRef[])[];
  /** The first images by themselves, for what predictions are tried on; only where an adaptive ablation has some. */
  readonly trial?: ChunkRef;
}

/** A network by content: the digest covers its files, its input preprocessing, and how its output is read. */
export interface ResolvedModel extends Omit<ModelSpec, 'file'> {
  readonly content: Digest;
  readonly format: NetworkFormat;
  /** The files, as blobs, with the names by which they refer to each other. */
  readonly files: readonly { readonly name: string; readonly blob: Digest }[];
}

/** What a study is: its identity is the SHA-256 of this as canonical JSON. No path and no `run` stands in it. */
export interface ResolvedStudy {
  readonly version: 1;
  readonly semantics: number;
  readonly study: string;
  readonly seed: number;
  readonly data: readonly ResolvedData[];
  readonly models: readonly ResolvedModel[];
  readonly ablations: readonly AblationSpec[];
  readonly impulses: readonly ImpulseSpec[];
  readonly analysis: AnalysisSpec;
}

/** A study in the store: `studies/<id>/…`. */
export interface StudyRef {
  readonly id: Digest;
  readonly study: Ref<ResolvedStudy>;
  readonly mode: NumericMode;
  /** Predicted seconds of one batch: how the work is divided, no part of what it is. */
  readonly batchSeconds: number;
}
