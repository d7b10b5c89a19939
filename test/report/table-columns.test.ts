import { expect, test } from 'vitest';
import { renderReport } from '../../core/report/report.js';
import { syntheticInput } from './fixture.js';
import { textOf } from './reading.js';

interface Column {
  readonly head: string;
  /** Whether head and cells are set as numbers: to the right, in figures of equal width. */
  readonly numeric: boolean;
  readonly cells: readonly string[];
}

/** Tables of a report, column by column but for the first, which heads the rows. */
function columnsOf(html: string): Column[] {
  return [...html.matchAll(/<table>([\s\S]*?)<\/table>/g)].flatMap(([, table = '']) => {
    const [head = [], ...rows] = [...table.matchAll(/<tr>([\s\S]*?)<\/tr>/g)].map(([, row = '']) => [
      ...row.matchAll(/<t([hd])([^>]*)>([\s\S]*?)<\/t[hd]>/g),
    ]);
    return head.slice(1).map(([, , attributes = '', text = ''], i): Column => {
      const own = rows.map((row) => row[i + 1] ?? []);
      const numeric = attributes.includes('class="num"');
      for (const [, , cell = ''] of own) expect(cell.includes('class="num"'), textOf(text)).toBe(numeric);
      return { head: textOf(text), numeric, cells: own.map(([, , , cell = '']) => textOf(cell)) };
    });
  });
}

const isNumber = (cell: string): boolean => /^(–|[−\d[][\d.,%[\] −×⁰¹²³⁴⁵⁶⁷⁸⁹⁻/]*( of \d+)?)$/.test(cell);

test('columns that hold numbers, and no others, are set as such, in every table; figures can be linked to', async () => {
  const html = await renderReport(syntheticInput());
  const columns = columnsOf(html).filter(({ cells }) => cells.some((cell) => /\d/.test(cell)));
  expect(columns.length).toBeGreaterThan(80);
  const others = columns.filter(({ numeric, cells }) => numeric !== cells.every(isNumber));
  // Lists of what was asked; `beyond 20 %`; ranges of nulls, and brackets of R², `0.41 to 0.46`.
  expect([...new Set(others.map(({ head, numeric }) => `${head}: ${numeric}`))]).toEqual([
    'accuracy halves at: true',
    'R², same site: true',
    'R², far sites: true',
    'from … to: true',
    'R²: true',
    'fractions: false',
  ]);
  expect([...html.matchAll(/<figure id="([^"]*)"/g)].map(([, id]) => id)).toEqual([
    'fig-replaceability',
    'fig-interaction',
    'fig-contrast',
    'fig-contrast-distance',
    'fig-compensation',
    'fig-sr',
    'fig-matrix',
    'fig-between',
    'fig-between-map',
    'fig-curves-accuracy',
    'fig-curves-kl',
    'fig-kernel-kl',
    'fig-layer-accuracy',
    'fig-responses',
    'fig-scatter',
    'fig-forest',
    'fig-baselines',
    'fig-fills',
    'fig-learning',
  ]);
});
