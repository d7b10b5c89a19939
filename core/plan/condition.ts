import type { Digest } from '../digest.js';
import type { Fill } from '../spec/words/fills.js';

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
