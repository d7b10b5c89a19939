import type { Digest } from '../../digest.js';
import type { Ledger } from '../../ledger/ledger.js';
import { SEMANTICS } from '../../plan/identity.js';
import type { ModelOutline } from '../../plan/outline.js';
import type { Committed } from '../../plan/planner.js';
import type { OutputScope } from '../../probe/kept-outputs.js';
import type { ChunkRef } from '../../spec/resolved-study.js';

/** Where the kept outputs of one network on one chunk are. */
export function outputScope(
  { scope, anatomy }: Pick<ModelOutline, 'scope' | 'anatomy'>,
  { digest, images }: ChunkRef,
): OutputScope & { readonly semantics: number } {
  return { ...scope, chunk: digest, images, classes: anatomy.outputs, semantics: SEMANTICS };
}

/** What a store holds, as planning and whoever runs a batch look at it. */
export function committedIn(ledger: Ledger): Committed {
  return {
    cells: (outline, chunk) => ledger.committedKeys({ ...outline.scope, chunk, semantics: SEMANTICS }),
    outputs: (outline, chunk) => ledger.committedOutputs(outputScope(outline, chunk)),
    results: (outline) => ledger.committedResults({ ...outline.scope, semantics: SEMANTICS }),
  };
}

/** As `committedIn`, of these keys alone: what was committed since this process looked last is looked for, and nothing is listed as a whole. */
export function committedOf(ledger: Ledger, keys: readonly Digest[]): Committed {
  return {
    ...committedIn(ledger),
    cells: (outline, chunk) => ledger.committedCellsOf({ ...outline.scope, chunk, semantics: SEMANTICS }, keys),
    outputs: (outline, chunk) => ledger.committedOutputsOf(outputScope(outline, chunk), keys),
  };
}
