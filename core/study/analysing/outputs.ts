import { canonicalJson } from '../../canonical.js';
import type { Digest, Ref } from '../../digest.js';
import { isPercussError, PercussError } from '../../errors.js';
import { writeInside } from '../../inside.js';
import type { Ledger } from '../../ledger/ledger.js';
import { readTable } from '../../tables/read-table.js';
import { storedPreview } from '../previewing/stored-preview.js';
import { percussVersion } from '../version.js';

/** What a finished study left in the store. */
export interface StudyOutputs {
  readonly report: Ref<Uint8Array>;
  readonly summary: Ref<Uint8Array>;
  readonly tables: Readonly<Record<string, Ref<Uint8Array>>>;
}

/**
 * Copies report, summary and tables of a study into a folder: `report.html`, `study.json`, `tables/*.parquet`; nowhere else, whatever
 * the record of the outputs says.
 */
export async function exportOutputs(ledger: Ledger, outputs: StudyOutputs, folder: string): Promise<readonly string[]> {
  const files: [string, Ref<Uint8Array>][] = [
    ['report.html', outputs.report],
    ['study.json', outputs.summary],
    ...Object.entries(outputs.tables).map(([name, ref]): [string, Ref<Uint8Array>] => [`tables/${name}.parquet`, ref]),
  ];
  const written: string[] = [];
  for (const [name, ref] of files) written.push(await writeInside(folder, name, await ledger.getOutput(ref)));
  return written;
}

/** What is remembered of a study's last complete run. */
interface CompleteStatus {
  readonly state: 'complete';
  readonly percuss: string;
  readonly failed: number;
  readonly outputs: StudyOutputs;
}

/** Remembers what a complete run left behind. */
export async function keepOutputs(ledger: Ledger, study: Digest, outputs: StudyOutputs, failed: number): Promise<void> {
  const status: CompleteStatus = { state: 'complete', percuss: percussVersion, failed, outputs };
  await ledger.putLatestOutputs(study, status);
}

/** The outputs of the last complete run, if they are of this version; undefined before. */
export async function knownOutputs(ledger: Ledger, study: Digest): Promise<StudyOutputs | undefined> {
  const status = await ledger.latestOutputs<Partial<CompleteStatus>>(study);
  return status?.state === 'complete' && status.percuss === percussVersion ? status.outputs : undefined;
}

/** As `knownOutputs`, if every one of them can be read, and no other preview was made since; what is damaged is set aside. */
export async function soundOutputs(ledger: Ledger, study: Digest): Promise<StudyOutputs | undefined> {
  const outputs = await knownOutputs(ledger, study);
  if (!outputs) return undefined;
  try {
    for (const ref of [outputs.report, outputs.summary, ...Object.values(outputs.tables)]) await ledger.getOutput(ref);
    return (await lacksPreview(ledger, study, outputs)) ? undefined : outputs;
  } catch (error) {
    if (isPercussError(error) && (error.code === 'OBJECT_DAMAGED' || error.code === 'NOT_FOUND')) return undefined;
    throw error;
  }
}

/**
 * Copies what the last complete run of a study left into a folder, and beside it the tables of a preview that was made since.
 *
 * @throws PercussError NOT_FOUND where the study has no outputs of this version.
 */
export async function exportStudy(ledger: Ledger, study: Digest, folder: string): Promise<ExportedStudy> {
  const outputs = await outputsOf(ledger, study);
  const files = await exportOutputs(ledger, outputs, folder);
  if (!(await lacksPreview(ledger, study, outputs))) return { files, previewedSince: false };
  return { files: [...new Set([...files, ...(await exportPreview(ledger, study, folder))])], previewedSince: true };
}

/** What was written: paths, and whether the report is older than the preview beside it. */
export interface ExportedStudy {
  readonly files: readonly string[];
  readonly previewedSince: boolean;
}

/** Writes the tables of a study's preview into `tables/` of a folder; none where there was no preview. */
export async function exportPreview(ledger: Ledger, study: Digest, folder: string): Promise<readonly string[]> {
  const record = await storedPreview(ledger, { id: study });
  const written: string[] = [];
  for (const [table, blob] of record ? Object.entries<Digest>({ ...record }) : [])
    written.push(await writeInside(folder, `tables/${table}.parquet`, await ledger.getBlob(blob)));
  return written;
}

async function lacksPreview(ledger: Ledger, study: Digest, { tables }: StudyOutputs): Promise<boolean> {
  const record = await storedPreview(ledger, { id: study });
  if (!record) return false;
  const made = await readTable('preview_checks', await ledger.getBlob(record.preview_checks));
  const shown = tables['preview_checks'];
  const held = shown ? await readTable('preview_checks', await ledger.getOutput(shown)) : [];
  return canonicalJson(held) !== canonicalJson(made);
}

/** The outputs of the last complete run of a study. @throws PercussError NOT_FOUND. */
export async function outputsOf(ledger: Ledger, study: Digest): Promise<StudyOutputs> {
  const outputs = await knownOutputs(ledger, study);
  if (outputs) return outputs;
  throw new PercussError(
    'NOT_FOUND',
    `study ${study.slice(0, 12)} has no report of percuss ${percussVersion} yet; run it (again): what is stored is not computed again`,
  );
}
