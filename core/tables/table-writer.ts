import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setImmediate } from 'node:timers/promises';
import {
  BIGINT,
  BOOLEAN,
  DOUBLE,
  DuckDBDataChunk,
  VARCHAR,
  type DuckDBAppender,
  type DuckDBConnection,
  type DuckDBType,
  type DuckDBValue,
} from '@duckdb/node-api';
import { canonicalJson } from '../canonical.js';
import type { ColumnType } from './column.js';
import { columnsOf, tableDescriptions, tablesVersion, type TableName } from './columns.js';
import { identifier, literal, withDatabase } from './database.js';
import { Gate } from './gate.js';
import type { RowSink } from './row-sink.js';
import type { TableRow } from './schema.js';

const types: Readonly<Record<ColumnType, DuckDBType>> = { VARCHAR, BOOLEAN, BIGINT, DOUBLE };
/** The most rows that one chunk of DuckDB holds. */
const chunkRows = 2048;
/** After so many rows the event loop gets a turn, so that heartbeats and cancellation go on. */
const breathRows = 8 * chunkRows;

/**
 * Tables on their way to Parquet, side by side: rows are taken one by one, in the order given, and none is kept here. What exceeds
 * 512 MB waits on disk, so memory does not grow with the number of rows.
 */
export class TableWriter implements RowSink {
  readonly #connection: DuckDBConnection;
  readonly #folder: string;
  readonly #tables = new Map<TableName, OpenTable>();

  private constructor(connection: DuckDBConnection, folder: string) {
    this.#connection = connection;
    this.#folder = folder;
  }

  /** Hands out a writer for as long as `work` takes; whatever happens, nothing of it is left in memory or on disk. */
  static async during<T>(work: (writer: TableWriter) => Promise<T>): Promise<T> {
    const folder = await mkdtemp(join(tmpdir(), 'percuss-table-'));
    try {
      return await withDatabase({ memory: '512MB', spill: folder }, (connection) =>
        work(new TableWriter(connection, folder)),
      );
    } finally {
      await rm(folder, { recursive: true, force: true });
    }
  }

  /** Adds rows to the end of a table. @throws PercussError BUG when a value does not fit its column, see `admit`. */
  async append<T extends TableName>(table: T, rows: Iterable<TableRow<T>>): Promise<void> {
    const open = await this.#open(table);
    for (const row of rows) {
      open.append(row);
      if (open.rows % breathRows === 0) await setImmediate();
    }
  }

  /**
   * Ends a table; its Parquet file: zstd, the columns of `columns.ts` in their order, rows in the order in which they came, and the
   * key `percuss` in the file's metadata with the tables' version and every column's unit and description. Equal rows give
   * equal bytes.
   */
  async finish(table: TableName): Promise<{ readonly rows: number; readonly bytes: Uint8Array }> {
    const open = await this.#open(table);
    open.close();
    const file = join(this.#folder, `${table}.parquet`);
    await this.#connection.run(
      `COPY ${identifier(table)} TO ${literal(file)} (FORMAT parquet, COMPRESSION zstd, ROW_GROUP_SIZE 61440, ` +
        `KV_METADATA {percuss: ${literal(metadata(table))}})`,
    );
    await this.#connection.run(`DROP TABLE ${identifier(table)}`);
    this.#tables.delete(table);
    const bytes = await readFile(file);
    await rm(file);
    return { rows: open.rows, bytes };
  }

  async #open(table: TableName): Promise<OpenTable> {
    const known = this.#tables.get(table);
    if (known) return known;
    const definitions = columnsOf(table).map(
      ([name, column]) => `${identifier(name)} ${column.type}${column.nullable ? '' : ' NOT NULL'}`,
    );
    await this.#connection.run(`CREATE TABLE ${identifier(table)} (${definitions.join(', ')})`);
    const opened = new OpenTable(table, await this.#connection.createAppender(table));
    this.#tables.set(table, opened);
    return opened;
  }
}

/** A table that takes rows: they are handed on whenever they fill a chunk. */
class OpenTable {
  readonly #appender: DuckDBAppender;
  readonly #gate: Gate;
  readonly #isCount: readonly boolean[];
  readonly #chunk: DuckDBDataChunk;
  #columns: DuckDBValue[][];
  rows = 0;

  constructor(table: TableName, appender: DuckDBAppender) {
    const layout = columnsOf(table);
    this.#appender = appender;
    this.#gate = new Gate(table);
    this.#isCount = layout.map(([, column]) => column.type === 'BIGINT');
    this.#chunk = DuckDBDataChunk.create(layout.map(([, column]) => types[column.type]));
    this.#columns = layout.map(() => []);
  }

  append(row: object): void {
    this.#gate.admit(row, this.rows).forEach((value, i) => {
      this.#columns[i]?.push(this.#isCount[i] === true && value !== null ? BigInt(value) : value);
    });
    this.rows += 1;
    if (this.rows % chunkRows === 0) this.#flush();
  }

  close(): void {
    if (this.rows % chunkRows !== 0) this.#flush();
    this.#appender.closeSync();
  }

  #flush(): void {
    this.#chunk.reset();
    this.#chunk.setColumns(this.#columns);
    this.#appender.appendDataChunk(this.#chunk);
    this.#columns = this.#columns.map(() => []);
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
