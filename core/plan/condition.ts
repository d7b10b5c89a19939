import type { Digest } from '../digest.js';

/**
 * What takes the place of removed channels. Means and donors come from a fixed set of reference images run through the
 * intact network; the set's content stands here, not the floats computed from it.
 */
export type Fill =
  | { readonly kind: 'zero' }
  | { readonly kind: 'mean'; readonly per: 'channel' | 'position'; readonly reference: Digest }
  | { readonly kind: 'resample'; readonly draw: number; readonly reference: Digest };

/** Removes channels at a site. Channels ascend and are not repeated. */
export interface Edit {
  readonly site: string;
  readonly channels: readonly number[];
  readonly fill: Fill;
}

/** Edits in topological order of their sites, at most one a site; none: the baseline. */
export interface Condition {
  readonly edits: readonly Edit[];
}

/** Identity of a cell: SHA-256 of (model, edits, chunk, numeric mode, semantics), see `identity.ts`. */
export type CellKey = Digest;
