import { canonicalJson, type Json } from '../../canonical.js';
import { sha256, type Digest } from '../../digest.js';
import type { Ledger } from '../../ledger/ledger.js';
import { SEMANTICS } from '../../plan/identity.js';
import type { Stage } from '../../plan/stage.js';
import type { StudyRef } from '../../spec/resolved-study.js';
import { readTable } from '../../tables/read-table.js';
import type { RowSink } from '../../tables/row-sink.js';
import { adoptedScores } from '../planning/decisions.js';

/** Where the tables of a study's preview are: blobs, Parquet. */
export interface PreviewRecord {
  readonly preview: Digest;
  readonly preview_checks: Digest;
}

/** How predictions come about: another definition is another preview, and an earlier one is not shown any more. */
const METHOD = 1;

/** Of a study, a preview hangs on the orders that results have decided, and on how it is made: both are in its name. */
function nameOf(scores: Stage['scores']): string {
  const inputs = { method: METHOD, semantics: SEMANTICS, scores: scores as unknown as Json };
  return `preview-${sha256(canonicalJson(inputs))}`;
}

/** The preview of a study with these orders decided; undefined where there was none. */
export const previewOf = (ledger: Ledger, { id }: Pick<StudyRef, 'id'>, scores: Stage['scores']) =>
  ledger.getDecision<PreviewRecord>(id, nameOf(scores));

/** Keeps a preview; the first that was made of the same stands. */
export const keepPreview = (
  ledger: Ledger,
  { id }: Pick<StudyRef, 'id'>,
  scores: Stage['scores'],
  record: PreviewRecord,
): Promise<PreviewRecord> => ledger.putDecision(id, nameOf(scores), record);

/** The preview of a study as it stands, or that from before orders were decided; undefined where there was none. */
export async function storedPreview(ledger: Ledger, ref: Pick<StudyRef, 'id'>): Promise<PreviewRecord | undefined> {
  return (await previewOf(ledger, ref, await adoptedScores(ledger, ref))) ?? previewOf(ledger, ref, {});
}

/** Hands the rows of a study's preview on, where there was one. */
export async function previewTables(ledger: Ledger, ref: Pick<StudyRef, 'id'>, sink: RowSink): Promise<void> {
  const record = await storedPreview(ledger, ref);
  if (!record) return;
  await sink.append('preview', await readTable('preview', await ledger.getBlob(record.preview)));
  await sink.append('preview_checks', await readTable('preview_checks', await ledger.getBlob(record.preview_checks)));
}
