import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { describe, expect, test } from 'vitest';
import { printText } from '../../core/tables/print.js';

const run = promisify(execFile);
const writeMany = fileURLToPath(new URL('fixtures/write-many.mjs', import.meta.url));

describe('a table of a million rows', () => {
  test('goes to Parquet without being held: a process whose memory holds few of them writes it', async () => {
    const { stdout } = await run(process.execPath, ['--max-old-space-size=64', writeMany, '1000000']);
    expect(Number(stdout)).toBeGreaterThan(1_000_000);
  });
});

test('a query’s result of more rows than a call takes arguments is printed', () => {
  const rows = Array.from({ length: 130_000 }, (_, i) => [i]);
  const text = printText({ columns: [{ name: 'index', type: 'BIGINT' }], rows });
  expect(text.endsWith('130000 rows\n')).toBe(true);
});
