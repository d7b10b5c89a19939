import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, test } from 'vitest';
import { reaches } from '../../bench/performance-document.js';
import type { BenchResult } from '../../bench/record.js';

const root = path.resolve(import.meta.dirname, '../..');
const folder = path.join(root, 'bench/results');
const results = readdirSync(folder)
  .sort()
  .map((name) => [name, JSON.parse(readFileSync(path.join(folder, name), 'utf8')) as BenchResult] as const);

describe('the recorded results', () => {
  test.each(results)('%s are of the bench that their name says, and of a bench that is there', (name, result) => {
    // A bench of several subjects may have a run of each: bench.subject.json.
    expect(name.split('.')[0]).toBe(result.bench);
    expect(name).toMatch(/\.json$/);
    const { scripts } = JSON.parse(readFileSync(path.join(root, 'package.json'), 'utf8')) as {
      scripts: Readonly<Record<string, string>>;
    };
    expect(Object.keys(scripts)).toContain(`bench:${result.bench}`);
    expect(result.command.startsWith(`npm run bench:${result.bench}`)).toBe(true);
  });

  test.each(results)('%s name no place of the machine that measured them', (_, result) => {
    expect(JSON.stringify(result)).not.toMatch(/"[^"]*(^|[ ="])(\/[a-z]+)+/);
  });
});

test('a mark is reached from above or from below, by the median', () => {
  const figure = { what: '', unit: '×', mark: 2 };
  expect(reaches({ ...figure, value: { median: 2.1, low: 1, high: 3 } })).toBe(true);
  expect(reaches({ ...figure, value: 1.9 })).toBe(false);
  expect(reaches({ ...figure, value: 1.9, better: 'lower' })).toBe(true);
  expect(reaches({ what: '', unit: '', value: 1 })).toBeUndefined();
});
