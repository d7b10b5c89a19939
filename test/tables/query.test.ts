import { mkdtemp, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { isPercussError } from '../../core/errors.js';
import { printCsv, printJson, printText } from '../../core/tables/print.js';
import { queryTables } from '../../core/tables/query.js';
import { ablationRow, modelRow, writeParquet } from './rows.js';

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'percuss-query-'));
  await writeFile(join(folder, 'models.parquet'), await writeParquet('models', [modelRow]));
  const rows = Array.from({ length: 100 }, (_, i) => ablationRow(i));
  await writeFile(join(folder, 'ablations.parquet'), await writeParquet('ablations', rows));
  await writeFile(join(folder, 'secret.csv'), 'a,b\n1,2\n');
});
afterAll(() => rm(folder, { recursive: true, force: true }));

describe('queryTables', () => {
  test('joins the tables of a study', async () => {
    const result = await queryTables(
      folder,
      'SELECT m.model, count(*) AS conditions, max(a.correct) AS best FROM models m JOIN ablations a USING (model) GROUP BY 1',
    );
    expect(result).toEqual({
      columns: [
        { name: 'model', type: 'VARCHAR' },
        { name: 'conditions', type: 'BIGINT' },
        { name: 'best', type: 'BIGINT' },
      ],
      rows: [['resnet20', 100, 455]],
    });
  });

  test.each(['DESCRIBE models', 'SUMMARIZE models', 'SHOW TABLES', 'FROM models', "VALUES (1, 'a')"])(
    'reads with %s',
    async (sql) => expect((await queryTables(folder, sql)).rows.length).toBeGreaterThan(0),
  );

  test('lists, structs, dates and large integers become JSON', async () => {
    const result = await queryTables(
      folder,
      "SELECT [1, 2], {a: 1}, DATE '2020-01-02', 9007199254740993::BIGINT, 'x'::BLOB, 'inf'::DOUBLE",
    );
    expect(result.rows).toEqual([[[1, 2], { a: 1 }, '2020-01-02T00:00:00.000Z', '9007199254740993', '78', 'Infinity']]);
  });

  test.each([
    ['another file', () => `SELECT * FROM read_csv('${join(folder, 'secret.csv')}')`],
    ['a file of the system', () => "SELECT * FROM read_text('/etc/passwd')"],
    ['a folder', () => "SELECT * FROM glob('/etc/*')"],
    ['the network', () => "SELECT * FROM read_parquet('https://example.invalid/x.parquet')"],
    ['writing a file', () => `COPY models TO '${join(folder, 'out.csv')}'`],
    ['writing under EXPLAIN', () => `EXPLAIN ANALYZE COPY models TO '${join(folder, 'models.parquet')}'`],
    ['creating', () => 'CREATE TABLE x AS SELECT 1'],
    ['an extension', () => 'INSTALL httpfs'],
    ['a setting', () => 'SET enable_external_access = true'],
    ['a second database', () => `ATTACH '${join(folder, 'x.db')}'`],
    ['two statements', () => 'SELECT 1; SELECT 2'],
    ['nothing', () => ' '],
  ])('%s is refused', async (_, sql) => {
    const before = await stat(join(folder, 'models.parquet'));
    const error = await queryTables(folder, sql()).catch((thrown: unknown) => thrown);
    expect(isPercussError(error) && error.code).toBe('USAGE');
    expect((await stat(join(folder, 'models.parquet'))).mtimeMs).toBe(before.mtimeMs);
  });

  test('a mistake names the tables there are', async () => {
    await expect(queryTables(folder, 'SELECT * FROM model')).rejects.toThrow(/Tables: ablations, models/);
  });

  test('a folder without tables is named', async () => {
    await expect(queryTables(join(folder, 'nowhere'), 'SELECT 1')).rejects.toThrow(/no folder of tables at .*nowhere/);
  });
});

describe('printing', () => {
  const result = {
    columns: [
      { name: 'model', type: 'VARCHAR' },
      { name: 'kl', type: 'DOUBLE' },
    ],
    rows: [
      ['a,"b"\n', 0.0123456],
      ['网络', null],
    ],
  };

  test('text is aligned and holds no control characters', () => {
    expect(printText(result)).toBe(
      ['model        kl', '──────  ───────', 'a,"b"·  0.01235', '网络          –', '2 rows', ''].join('\n'),
    );
  });

  test('CSV quotes after RFC 4180', () => {
    expect(printCsv(result)).toBe('model,kl\r\n"a,""b""\n",0.0123456\r\n网络,\r\n');
  });

  const shownAs = (value: unknown): string =>
    printCsv({ columns: [{ name: 'x', type: 'VARCHAR' }], rows: [[value as string]] }).slice(3, -2);

  test.each([
    ['=1+1', `"'=1+1"`],
    ['+1', `"'+1"`],
    ['-1+1', `"'-1+1"`],
    ['-x', `"'-x"`],
    ['@SUM(A1)', `"'@SUM(A1)"`],
    ['\t=1', `"'\t=1"`],
    ['\rx', `"'\\x0dx"`],
    ['\nx', `"'\nx"`],
    [' =1', `"' =1"`],
    ['\u200b=1', `"'\\u{200b}=1"`],
    ['＝1', `"'＝1"`],
    ['＋1', `"'＋1"`],
    ['－1', `"'－1"`],
    ['＠x', `"'＠x"`],
    ['=HYPERLINK("http://x","y")', `"'=HYPERLINK(""http://x"",""y"")"`],
    ['\u001b[2J', `"\\x1b[2J"`],
    [-1.5, '-1.5'],
    [-0.00001, '-0.00001'],
    [1e300, '1e+300'],
    ['-9007199254740993', '-9007199254740993'],
    ['-Infinity', '-Infinity'],
    ['-1.5e-7', '-1.5e-7'],
    ['layer-1', 'layer-1'],
    ['a=b', 'a=b'],
    [true, 'true'],
  ])('CSV shows %j as %s, which no spreadsheet takes for a formula', (value, expected) => {
    expect(shownAs(value)).toBe(expected);
  });

  test('column names are quoted as values are', () => {
    const named = { columns: [{ name: '=1', type: 'VARCHAR' }], rows: [['\u001b]0;x\u0007']] };
    expect(printCsv(named)).toMatch(/^"'=1"\r\n/);
    expect(printText({ ...named, columns: [{ name: '\u001b[2J', type: 'VARCHAR' }] })).toMatch(
      /^\\x1b\[2J\s*\n─+\n\\x1b\]0;x\\x07\n/,
    );
    const json = printJson({ ...named, rows: [['\u009b2J\u202e\u007f']] });
    expect(json).toContain('\\u009b2J\\u202e\\u007f');
    expect(JSON.parse(json)).toEqual([{ '=1': '\u009b2J\u202e\u007f' }]);
  });

  test('JSON is full precision, one object a row', () => {
    expect(JSON.parse(printJson(result))).toEqual([
      { model: 'a,"b"\n', kl: 0.0123456 },
      { model: '网络', kl: null },
    ]);
    expect(printJson({ columns: [], rows: [] })).toBe('[]\n');
  });
});
