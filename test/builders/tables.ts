import type { Ref } from '../../core/digest.js';
import type { Ledger } from '../../core/ledger/ledger.js';
import { tableBytes } from '../../core/study/analysing/analysis.js';
import type { Analysis } from '../../core/study/steps.js';
import { tableNames, type TableName } from '../../core/tables/columns.js';
import { readTable } from '../../core/tables/read-table.js';
import type { Tables } from '../../core/tables/schema.js';

/** All rows of an analysis. */
export async function readTables(ledger: Ledger, ref: Ref<Analysis>): Promise<Tables> {
  const read = new Map<TableName, readonly object[]>();
  for (const table of tableNames) read.set(table, await readTable(table, await tableBytes(ledger, ref, table)));
  return Object.fromEntries(read) as unknown as Tables;
}
