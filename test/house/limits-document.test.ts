import { expect, test } from 'vitest';
import { limits, type Limit } from '../../core/limits.js';
import { read } from './sources.js';

const grouped = (count: number): string => String(count).replace(/\B(?=(\d{3})+$)/g, ',');

/** A bound as the document has it: bytes by powers of 1024. */
function bound({ value, unit }: Limit): string {
  if (unit !== 'bytes') return `${grouped(value)} ${unit}`;
  const [divisor, name] = value % 2 ** 30 === 0 ? [2 ** 30, 'GiB'] : [2 ** 20, 'MiB'];
  return `${value / divisor} ${name}`;
}

test('docs/limits.md shows every row of core/limits.ts, in its order, and no other', () => {
  const rows = Object.entries<Limit>(limits).map(
    ([name, limit]) => `| \`${name}\` | ${bound(limit)} | ${limit.what} |`,
  );
  const section = read('docs/limits.md').split('## How much is taken')[1]?.split('\n## ')[0] ?? '';
  expect(section.split('\n').filter((line) => line.startsWith('| `'))).toEqual(rows);
});
