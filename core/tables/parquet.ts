import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setImmediate } from 'node:timers/promises';
import { BIGINT, BOOLEAN, DOUBLE, DuckDBDataChunk, VARCHAR, type DuckDBType, type DuckDBValue } from '@duckdb/node-api';
import { canonicalJson } from '../canonical.js';
import type { ColumnType } from './column.js';
import { columnsOf, tableDescriptions, tablesVersion, type RowOf } from './columns.js';
import { identifier, literal, withDatabase } from './database.js';
import { admitted, type CellValue } from './gate.js';
import type { TableName } from './schema.js';

const types: Readonly<Record<ColumnType, DuckDBType>> = { VARCHAR, BOOLEAN, BIGINT, DOUBLE };
/** The most rows that one chunk of DuckDB holds. */
const chunkRows = 2048;
/** After so many rows the event loop gets a turn, so that heartbeats and cancellation go on. */
const breathRows = 8 * chunkRows;

/**
 * A table as a Parquet file: zstd, the columns of `columns.ts` in their order, rows in the order given, and the key
 * `percuss` in the file's metadata with the tables' version and every column's unit and description. Equal rows give equal
 * bytes. Rows are taken one by one; what exceeds 512 MB waits on disk, so memory does not grow with their number.
 *
 * @throws PercussError BUG when a value does not fit its column, see `admit`.
 */
export async function writeParquet<T extends TableName>(table: T, rows: Iterable<RowOf<T>>): Promise<Uint8Array> {
  const folder = await mkdtemp(join(tmpdir(), 'percuss-table-'));
  try {
    const file = join(folder, 'table.parquet');
    await withDatabase({ memory: '512MB', spill: folder }, async (connection) => {
      const layout = columnsOf(table);
      const definitions = layout.map(
        ([name, column]) => `${identifier(name)} ${column.type}${column.nullable ? '' : ' NOT NULL'}`,
      );
      await connection.run(`CREATE TABLE content (${definitions.join(', ')})`);
      const appender = await connection.createAppender('content');
      const chunk = DuckDBDataChunk.create(layout.map(([, column]) => types[column.type]));
      let buffer: DuckDBValue[][] = layout.map(() => []);
      let index = 0;
      const append = (): void => {
        chunk.reset();
        chunk.setColumns(buffer);
        appender.appendDataChunk(chunk);
        buffer = layout.map(() => []);
      };
      for (const row of admitted(table, rows)) {
        const values = row as unknown as Readonly<Record<string, CellValue>>;
        layout.forEach(([name, column], i) => {
          const value = values[name] ?? null;
          buffer[i]?.push(column.type === 'BIGINT' && value !== null ? BigInt(value) : value);
        });
        index += 1;
        if (index % chunkRows === 0) append();
        if (index % breathRows === 0) await setImmediate();
      }
      if (index % chunkRows !== 0) append();
      appender.closeSync();
      await connection.run(
        `COPY content TO ${literal(file)} (FORMAT parquet, COMPRESSION zstd, ROW_GROUP_SIZE 61440, ` +
          `KV_METADATA {percuss: ${literal(metadata(table))}})`,
      );
    });
    return await readFile(file);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

function metadata(table: TableName): string {
  return canonicalJson({
    version: tablesVersion,
    table,
    description: tableDescriptions[table],
    columns: Object.fromEntries(
      columnsOf(table).map(([name, column]) => [name, { unit: column.unit, description: column.description }]),
    ),
  });
}
