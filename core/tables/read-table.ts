import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { DuckDBValue } from '@duckdb/node-api';
import { columnsOf, type TableName } from './columns.js';
import { literal, withDatabase } from './database.js';
import type { TableRow } from './schema.js';

/** The rows of a table from its Parquet file (`TableWriter`), in their order. */
export async function readTable<T extends TableName>(table: T, bytes: Uint8Array): Promise<readonly TableRow<T>[]> {
  const rows: TableRow<T>[] = [];
  await passTable(table, bytes, (row) => void rows.push(row));
  return rows;
}

/** Hands out the rows of a table from its Parquet file one by one, in their order; in memory are some thousand. */
export async function passTable<T extends TableName>(
  table: T,
  bytes: Uint8Array,
  take: (row: TableRow<T>) => void,
): Promise<void> {
  const folder = await mkdtemp(join(tmpdir(), 'percuss-table-'));
  try {
    const file = join(folder, 'table.parquet');
    await writeFile(file, bytes);
    const names = columnsOf(table).map(([name]) => name);
    await withDatabase({ memory: '256MB' }, async (connection) => {
      const result = await connection.stream(`SELECT * FROM read_parquet(${literal(file)})`);
      for await (const chunk of result) {
        for (const values of chunk.getRows()) take(rowOf(names, values) as TableRow<T>);
      }
    });
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

/** Counts went in as numbers that are safe integers, see the gate. */
function rowOf(names: readonly string[], values: readonly DuckDBValue[]): object {
  return Object.fromEntries(
    values.map((value, i) => [names[i] as string, typeof value === 'bigint' ? Number(value) : value]),
  );
}
