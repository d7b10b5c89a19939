import type { Ref } from '../../digest.js';
import { PercussError } from '../../errors.js';
import type { Ledger } from '../../ledger/ledger.js';
import { gatheredTables, Gathering, isLong, type Gathered, type ReportTables } from '../../report/gathering.js';
import type { StudyRef } from '../../spec/resolved-study.js';
import { tableNames, type TableName } from '../../tables/columns.js';
import { passTable, readTable } from '../../tables/read-table.js';
import { TableWriter } from '../../tables/table-writer.js';
import type { Catalog } from '../catalog.js';
import type { Analysis } from '../steps.js';
import { analyseStudy } from './analyse.js';

/**
 * Analyses a study into the store: each table goes row by row into its Parquet file, and a small record names the files.
 * @throws PercussError OBJECT_DAMAGED, see `analyseStudy`.
 */
export async function writeAnalysis(
  ledger: Ledger,
  catalog: Catalog,
  study: StudyRef,
  signal?: AbortSignal,
): Promise<Ref<Analysis>> {
  const tables = await TableWriter.during(async (writer) => {
    await analyseStudy(ledger, catalog, study, writer, signal);
    const written: [TableName, Analysis['tables'][TableName]][] = [];
    for (const table of tableNames) {
      const { rows, bytes } = await writer.finish(table);
      written.push([table, { rows, sha256: await ledger.putBlob(bytes) }]);
    }
    return written;
  });
  return ledger.putRecord('analyses', { tables: Object.fromEntries(tables) as Analysis['tables'] });
}

/**
 * One table of an analysis, as its Parquet file.
 * @throws PercussError NOT_FOUND; LIMIT_EXCEEDED; OBJECT_DAMAGED also where another build made the analysis, without this table.
 */
export async function tableBytes(ledger: Ledger, ref: Ref<Analysis>, table: TableName): Promise<Uint8Array> {
  const tables: Partial<Analysis['tables']> = (await ledger.getRecord(ref)).tables;
  const found = tables[table];
  if (found) return ledger.getBlob(found.sha256);
  throw new PercussError(
    'OBJECT_DAMAGED',
    `${ref.key} names no table ${table}: another build of percuss made it; run the same command again to analyse anew`,
    { details: { key: ref.key } },
  );
}

/** What the report needs of an analysis: the rows of tables that are as long as networks have sites or kernels, and what is gathered from the others. */
export async function readReportTables(
  ledger: Ledger,
  ref: Ref<Analysis>,
): Promise<{ readonly tables: ReportTables; readonly gathered: Gathered }> {
  const gathering = new Gathering();
  for (const table of gatheredTables)
    await passTable(table, await tableBytes(ledger, ref, table), (row) => gathering.add(table, row));
  const read = new Map<TableName, readonly object[]>();
  for (const table of tableNames)
    if (!isLong(table)) read.set(table, await readTable(table, await tableBytes(ledger, ref, table)));
  return { tables: Object.fromEntries(read) as unknown as ReportTables, gathered: gathering.end() };
}
