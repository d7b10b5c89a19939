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
/** The most rows of a row group of Parquet: so many of a table are in the database at a time. */
const groupRows = 30 * chunkRows;
/** After so many rows the event loop gets a turn, so that heartbeats and cancellation go on. */
const breathRows = 8 * chunkRows;

/**
 * Tables on their way to Parquet, side by side: rows are taken one by one, in the order given. Those of a row group are held, then go to a file
 * of their own; when the table ends, these become one. So memory does not grow with the number of rows.
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
      return await withDatabase({ memory: '256MB', spill: folder }, (connection) =>
        work(new TableWriter(connection, folder)),
      );
    } finally {
      await rm(folder, { recursive: true, force: true });
    }
  }

  /** Adds rows to the end of a table. @throws PercussError BUG when a value does not fit its column, see `admit`. */
  async append<T extends TableName>(table: T, rows: Iterable<TableRow<T>>): Promise<void> {
    const open = this.#known(table);
    for (const row of rows) {
      if (!open.takesRows) await this.#begin(open);
      open.append(row);
      if (open.rows % breathRows === 0) await setImmediate();
      if (open.rows % groupRows === 0) await this.#endGroup(open);
    }
  }

  /**
   * Ends a table; its Parquet file: zstd, the columns of `columns.ts` in their order, rows in the order in which they came, and the
   * key `percuss` in the file's metadata with the tables' version and every column's unit and description. Equal rows give
   * equal bytes.
   */
  async finish(table: TableName): Promise<{ readonly rows: number; readonly bytes: Uint8Array }> {
    const open = this.#known(table);
    const { groups } = open;
    if (!open.takesRows && groups.length === 0) await this.#begin(open);
    const file = join(this.#folder, `${table}.parquet`);
    const about = `KV_METADATA {percuss: ${literal(metadata(table))}}`;
    if (groups.length === 0) await this.#move(open, file, about);
    else {
      if (open.takesRows) await this.#endGroup(open);
      await this.#copy(`read_parquet([${groups.map(literal).join(', ')}])`, file, about);
      for (const group of groups) await rm(group);
    }
    this.#tables.delete(table);
    const bytes = await readFile(file);
    await rm(file);
    return { rows: open.rows, bytes };
  }

  #known(table: TableName): OpenTable {
    const known = this.#tables.get(table) ?? new OpenTable(table);
    this.#tables.set(table, known);
    return known;
  }

  async #begin(open: OpenTable): Promise<void> {
    const definitions = columnsOf(open.name).map(
      ([name, column]) => `${identifier(name)} ${column.type}${column.nullable ? '' : ' NOT NULL'}`,
    );
    await this.#connection.run(`CREATE TABLE ${identifier(open.name)} (${definitions.join(', ')})`);
    open.begin(await this.#connection.createAppender(open.name));
  }

  /** Moves the rows that are held to a file of their own. */
  async #endGroup(open: OpenTable): Promise<void> {
    const file = join(this.#folder, `${open.name}-${open.groups.length}.parquet`);
    await this.#move(open, file);
    open.groups.push(file);
  }

  async #move(open: OpenTable, file: string, ...options: readonly string[]): Promise<void> {
    open.end();
    await this.#copy(identifier(open.name), file, ...options);
    await this.#connection.run(`DROP TABLE ${identifier(open.name)}`);
  }

  async #copy(from: string, file: string, ...more: readonly string[]): Promise<void> {
    const options = ['FORMAT parquet', 'COMPRESSION zstd', `ROW_GROUP_SIZE ${groupRows}`, ...more];
    await this.#connection.run(`COPY (FROM ${from}) TO ${literal(file)} (${options.join(', ')})`);
  }
}

/** A table that takes rows: they are handed on whenever they fill a chunk. */
class OpenTable {
  readonly name: TableName;
  readonly #gate: Gate;
  readonly #isCount: readonly boolean[];
  readonly #chunk: DuckDBDataChunk;
  #appender: DuckDBAppender | undefined;
  #columns: DuckDBValue[][];
  rows = 0;
  /** Files of the row groups that are done. */
  readonly groups: string[] = [];

  constructor(table: TableName) {
    const layout = columnsOf(table);
    this.name = table;
    this.#gate = new Gate(table);
    this.#isCount = layout.map(([, column]) => column.type === 'BIGINT');
    this.#chunk = DuckDBDataChunk.create(layout.map(([, column]) => types[column.type]));
    this.#columns = layout.map(() => []);
  }

  /** Whether a row group is begun. */
  get takesRows(): boolean {
    return this.#appender !== undefined;
  }

  begin(appender: DuckDBAppender): void {
    this.#appender = appender;
  }

  append(row: object): void {
    this.#gate.admit(row, this.rows).forEach((value, i) => {
      this.#columns[i]?.push(this.#isCount[i] === true && value !== null ? BigInt(value) : value);
    });
    this.rows += 1;
    if (this.rows % chunkRows === 0) this.#flush();
  }

  end(): void {
    if (this.rows % chunkRows !== 0) this.#flush();
    this.#appender?.closeSync();
    this.#appender = undefined;
  }

  #flush(): void {
    this.#chunk.reset();
    this.#chunk.setColumns(this.#columns);
    this.#appender?.appendDataChunk(this.#chunk);
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
