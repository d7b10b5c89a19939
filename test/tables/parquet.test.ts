import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { isPercussError } from '../../core/errors.js';
import { columns, columnsOf, tableNames } from '../../core/tables/columns.js';
import { withDatabase } from '../../core/tables/database.js';
import { admit, Gate } from '../../core/tables/gate.js';
import { queryTables } from '../../core/tables/query.js';
import { readTable } from '../../core/tables/read-table.js';
import type { CoverageRow } from '../../core/tables/schema.js';
import { TableWriter } from '../../core/tables/table-writer.js';
import { ablationRow, modelRow, writeParquet } from './rows.js';

const coverageRow = (planned: number): CoverageRow => ({
  model: 'net',
  ablation: 'r',
  kind: 'cells',
  planned,
  committed: planned,
  failed: 0,
  no_op: 0,
  images: 1,
});

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "percuss tables [a]'*-"));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

describe('writeParquet', () => {
  test('equal rows give equal bytes, other rows other bytes', async () => {
    const rows = Array.from({ length: 5000 }, (_, i) => ablationRow(i));
    const first = await writeParquet('ablations', rows);
    const second = await writeParquet('ablations', rows);
    expect(Buffer.compare(first, second)).toBe(0);
    const third = await writeParquet('ablations', [...rows.slice(1), ablationRow(0)]);
    expect(Buffer.compare(first, third)).not.toBe(0);
  });

  test('the bytes do not depend on the order of the members of a row', async () => {
    const turned = Object.fromEntries(Object.entries(modelRow).reverse()) as unknown as typeof modelRow;
    expect(Buffer.compare(await writeParquet('models', [modelRow]), await writeParquet('models', [turned]))).toBe(0);
  });

  test('rows come back as they were, in their order, across chunks', async () => {
    const rows = Array.from({ length: 4500 }, (_, i) => ablationRow(i));
    await writeFile(join(folder, 'ablations.parquet'), await writeParquet('ablations', rows));
    const result = await queryTables(folder, 'SELECT * FROM ablations');
    expect(result.columns.map((column) => column.name)).toEqual(Object.keys(columns.ablations));
    const back = result.rows.map((row) => Object.fromEntries(result.columns.map((c, i) => [c.name, row[i]])));
    expect(back).toEqual(rows);
  });

  test('rows of several row groups come back in their order, and take the same bytes however they came', async () => {
    const rows = Array.from({ length: 123_000 }, (_, i) => coverageRow(i));
    const whole = await writeParquet('coverage', rows);
    const parts = await TableWriter.during(async (writer) => {
      for (let from = 0; from < rows.length; from += 20_480)
        await writer.append('coverage', rows.slice(from, from + 20_480));
      return (await writer.finish('coverage')).bytes;
    });
    expect(Buffer.compare(whole, parts)).toBe(0);
    expect(await readTable('coverage', whole)).toEqual(rows);
  });

  test('text survives whatever it holds', async () => {
    const names = [
      `<script>alert("1")</script>`,
      `it's, "quoted"\r\n`,
      'Netz ß 网络 🧠',
      '',
      'NULL',
      "'; DROP TABLE x; --",
      'a\u0000b',
    ];
    const rows = names.map((model) => ({ ...modelRow, model }));
    await writeFile(join(folder, 'models.parquet'), await writeParquet('models', rows));
    const result = await queryTables(folder, 'SELECT model, robustness_low FROM models');
    expect(result.rows).toEqual(names.map((name) => [name, null]));
  });

  test.each(tableNames)('an empty table %s has its columns and no rows', async (table) => {
    const path = join(folder, `${table}-empty.parquet`);
    await writeFile(path, await writeParquet(table, []));
    const result = await queryTables(folder, `SELECT column_name, column_type FROM (DESCRIBE "${table}-empty")`);
    expect(result.rows).toEqual(Object.entries(columns[table]).map(([name, column]) => [name, column.type]));
    expect((await queryTables(folder, `SELECT count(*) FROM "${table}-empty"`)).rows).toEqual([[0]]);
    await rm(path);
  });

  test('the file names the version, and the unit of every column', async () => {
    const path = join(folder, 'meta.parquet');
    await writeFile(path, await writeParquet('curves', []));
    const value = await withDatabase({ memory: '256MB' }, async (connection) => {
      const pattern = path.replace(/[[*?]/g, '[$&]').replaceAll("'", "''");
      const reader = await connection.runAndReadAll(
        `SELECT decode(value) FROM parquet_kv_metadata('${pattern}') WHERE decode(key) = 'percuss'`,
      );
      return String(reader.getRowsJS()[0]?.[0]);
    });
    await rm(path);
    expect(JSON.parse(value)).toMatchObject({ version: 3, table: 'curves', columns: { kl: { unit: 'nat' } } });
  });

  test.each([
    ['NaN', { ...modelRow, accuracy: Number.NaN }, 'row 0, column accuracy'],
    ['a fractional count', { ...modelRow, kernels: 1.5 }, 'column kernels'],
    ['a missing member', { ...modelRow, model: undefined as unknown as string }, 'column model'],
    ['null where none is allowed', { ...modelRow, macs: null as unknown as number }, 'column macs'],
  ])('%s is refused with its place', async (_, row, place) => {
    const error = await writeParquet('models', [row]).catch((thrown: unknown) => thrown);
    expect(isPercussError(error) && error.code).toBe('BUG');
    expect(String(error)).toContain(place);
  });
});

describe('the gate into tables', () => {
  test('lets a number that is not finite in as missing, where a column may be empty', async () => {
    const broken = { ...ablationRow(0), kl: Number.NaN, kl_low: -Infinity, effect: Infinity, kl_high: -0 };
    const values = new Gate('ablations').admit(broken, 0);
    const row = Object.fromEntries(columnsOf('ablations').map(([name], i) => [name, values[i]]));
    expect(row).toEqual({ ...broken, kl: null, kl_low: null, effect: null, kl_high: 0 });
    await expect(writeParquet('ablations', [broken])).resolves.toBeInstanceOf(Uint8Array);
  });

  test('every number of every table is finite or missing behind it', () => {
    for (const table of tableNames) {
      for (const [name, column] of columnsOf(table)) {
        for (const value of [Number.NaN, Infinity, -Infinity]) {
          const through = (): unknown => admit(value, column, () => name);
          if (column.nullable) expect(through()).toBeNull();
          else expect(through).toThrow(name);
        }
      }
    }
  });
});

test('a column that does not fit its row type does not compile', () => {
  // @ts-expect-error accuracy is a number
  const wrong: (typeof columns)['models']['accuracy']['type'] = 'VARCHAR';
  expect(wrong).not.toBe(columns.models.accuracy.type);
});
