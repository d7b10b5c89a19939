import { readdir } from 'node:fs/promises';
import { basename, join, resolve } from 'node:path';
import { StatementType, type DuckDBConnection, type JS } from '@duckdb/node-api';
import type { Json } from '../canonical.js';
import { PercussError, messageOf } from '../errors.js';
import { identifier, literal, withDatabase } from './database.js';

export interface QueryColumn {
  readonly name: string;
  /** DuckDB's name of the type: VARCHAR, DOUBLE, BIGINT, … */
  readonly type: string;
}

/** What a query returned. Integers above 2^53 and dates are strings; lists and structs are JSON. */
export interface QueryResult {
  readonly columns: readonly QueryColumn[];
  readonly rows: readonly (readonly Json[])[];
}

/**
 * Runs one SELECT over the Parquet files of a folder, each a view of the file's name (`models`, `layers`, …). The
 * query can read these files and nothing else: no other file, no network, no extension; and it can write nothing.
 *
 * @param folder the `tables` folder of a study.
 * @param sql one statement in DuckDB's dialect that returns rows: SELECT, FROM, WITH, VALUES, DESCRIBE, SUMMARIZE, SHOW.
 * @throws PercussError NOT_FOUND when the folder holds no tables; USAGE when the statement is refused or wrong.
 * @example
 * import { queryTables } from 'percuss';
 *
 * const { columns, rows } = await queryTables('.tmp/example/out/tables', 'SELECT model, accuracy, images FROM models');
 * console.log(columns.map((column) => column.name), rows);
 */
export async function queryTables(folder: string, sql: string): Promise<QueryResult> {
  const files = await parquetFiles(folder);
  return await withDatabase({ memory: '2GB' }, async (connection) => {
    const tables = await createViews(connection, files);
    const run = async (): Promise<QueryResult> => {
      const statements = await connection.extractStatements(sql);
      if (statements.count !== 1) throw refused(`expected one statement, got ${statements.count}`);
      const statement = await statements.prepare(0);
      try {
        if (statement.statementType !== StatementType.SELECT) {
          throw refused(
            `a query may only read, got ${StatementType[statement.statementType] ?? 'another statement'}; ` +
              'use SELECT, FROM, WITH, VALUES, DESCRIBE, SUMMARIZE or SHOW TABLES',
          );
        }
        const reader = await statement.runAndReadAll();
        const types = reader.columnTypes().map(String);
        return {
          columns: reader.columnNames().map((name, i) => ({ name, type: types[i] ?? '' })),
          rows: reader.getRowsJS().map((row) => row.map(toJson)),
        };
      } finally {
        statement.destroySync();
      }
    };
    try {
      return await run();
    } catch (error) {
      if (error instanceof PercussError) throw error;
      throw refused(
        `${messageOf(error)}\nTables: ${tables.join(', ')}. Their columns: DESCRIBE ${tables[0] ?? 'models'}.`,
      );
    }
  });
}

async function parquetFiles(folder: string): Promise<string[]> {
  let names: string[];
  try {
    names = await readdir(folder);
  } catch (error) {
    throw new PercussError('NOT_FOUND', `there is no folder of tables at ${folder}: ${messageOf(error)}`, {
      cause: error,
    });
  }
  const files = names.filter((name) => name.endsWith('.parquet')).sort();
  if (files.length === 0) {
    throw new PercussError(
      'NOT_FOUND',
      `${folder} holds no .parquet file; expected the tables of a study, such as models.parquet. ` +
        'Give the folder `tables` that `percuss run` or `percuss report` wrote.',
    );
  }
  return files.map((name) => join(resolve(folder), name));
}

/** Creates the views, then locks the database: only the files behind the views stay readable. */
async function createViews(connection: DuckDBConnection, files: readonly string[]): Promise<string[]> {
  const names = files.map((file) => basename(file, '.parquet'));
  // read_parquet takes patterns; a bracket makes one of a pattern's characters stand for itself.
  const patterns = files.map((file) => file.replace(/[[*?]/g, '[$&]'));
  for (const [i, name] of names.entries()) {
    await connection.run(
      `CREATE VIEW ${identifier(name)} AS SELECT * FROM read_parquet(${literal(patterns[i] ?? '')})`,
    );
  }
  const allowed = [...new Set([...files, ...patterns])].map(literal).join(', ');
  await connection.run(`SET allowed_paths = [${allowed}]`);
  await connection.run('SET enable_external_access = false');
  await connection.run('SET lock_configuration = true');
  return names;
}

function refused(reason: string): PercussError {
  return new PercussError('USAGE', `the query was not run: ${reason}`);
}

function toJson(value: JS): Json {
  if (value === null || typeof value === 'string' || typeof value === 'boolean') return value;
  if (typeof value === 'number') return Number.isFinite(value) ? value : String(value);
  if (typeof value === 'bigint') return Number.isSafeInteger(Number(value)) ? Number(value) : value.toString();
  if (value instanceof Date) return value.toISOString();
  if (Array.isArray(value)) return value.map(toJson);
  if (ArrayBuffer.isView(value)) return Buffer.from(value.buffer, value.byteOffset, value.byteLength).toString('hex');
  return Object.fromEntries(Object.entries(value).map(([key, entry]) => [key, toJson(entry)]));
}
