import type { CellRow } from '../../ledger/cell-object.js';
import type { Ledger } from '../../ledger/ledger.js';
import { SEMANTICS } from '../../plan/identity.js';
import { outputForm } from '../../plan/kept-outputs.js';
import { keepsOutputsOf, type ModelOutline } from '../../plan/outline.js';
import type { UnitGroup } from '../../plan/stage.js';
import type { Provenance } from '../../probe/cell.js';
import type { ChunkBaseline } from '../../probe/chunk-baseline.js';
import type { KeptOutputs } from '../../probe/kept-outputs.js';
import { numbersOf, outputKeeping } from '../../probe/output-sketch.js';
import type { ChunkRef } from '../../spec/resolved-study.js';
import { outputScope } from '../reading/committed.js';

/** A condition that ran on a chunk, with its outputs [images × classes]. */
export interface RanCell {
  readonly cell: CellRow;
  readonly outputs: Float32Array;
}

interface CommitContext {
  readonly outline: ModelOutline;
  readonly group: UnitGroup;
  readonly chunk: ChunkRef;
}

/**
 * Commits the cells of a batch, and their outputs where the group keeps them. A unit that ran for one of the two alone leaves that
 * alone: what is there already is not committed again.
 */
export function commitCells(
  ledger: Ledger,
  context: CommitContext,
  ran: readonly RanCell[],
  baseline: ChunkBaseline,
  provenance: Provenance,
): Promise<void> {
  const cells = ran.map(({ cell }) => cell);
  return commitBatch(ledger, context, cells, () => keptOf(context, ran, baseline), provenance);
}

/** As `commitCells`, of cells with what is kept of their outputs. @param outputs asked where the group keeps any */
export async function commitBatch(
  ledger: Ledger,
  { outline, group, chunk }: CommitContext,
  cells: readonly CellRow[],
  outputs: () => readonly KeptOutputs[],
  provenance: Provenance,
): Promise<void> {
  const scope = { ...outline.scope, chunk: chunk.digest, images: chunk.images, semantics: SEMANTICS };
  if (!keepsOutputsOf(outline, group)) {
    await ledger.commitCells(scope, cells, chunk.images, provenance);
    return;
  }
  const kept = outputScope(outline, chunk);
  const keys = cells.map(({ key }) => key);
  const cellsThere = await ledger.committedCellsOf(scope, keys);
  const outputsThere = await ledger.committedOutputsOf(kept, keys);
  const rows = outputs().filter(({ key }) => !outputsThere.has(key));
  await ledger.commitOutputs(kept, rows, provenance);
  const missing = cells.filter(({ key }) => !cellsThere.has(key));
  if (missing.length > 0) await ledger.commitCells(scope, missing, chunk.images, provenance);
}

/** What is kept of outputs: the intact network's whole, since all changes are read against them. */
function keptOf(
  { outline, group, chunk }: CommitContext,
  ran: readonly RanCell[],
  { log }: ChunkBaseline,
): readonly KeptOutputs[] {
  if (group.kind === 'baseline')
    return ran.map(({ cell, outputs }) => ({ key: cell.key, form: 'whole', values: numbersOf(outputs) }));
  const classes = outline.anatomy.outputs;
  const keeping = outputKeeping({
    chunk: chunk.digest,
    classes,
    kind: outline.model.output.kind,
    baseline: log,
  });
  return ran.map(({ cell, outputs }) => ({
    key: cell.key,
    form: outputForm(classes),
    values: keeping.kept(outputs),
  }));
}
