import { describe, expect, test } from 'vitest';
import type { Html } from '../../core/report/html.js';
import { coverage } from '../../core/report/sections/coverage.js';
import type { ReportInput } from '../../core/report/input.js';
import { coverageRow } from './hand-rows.js';
import { contextWith, tablesIn, textOf, whole } from './reading.js';

const paragraphs = (block: Html): string[] =>
  [...block.text.matchAll(/<(p|h3)[ >][\s\S]*?<\/\1>/g)].map(([text]) => textOf(text));

describe('coverage', () => {
  const of = (rows: ReturnType<typeof coverageRow>[], own: Partial<ReportInput> = {}) =>
    coverage(contextWith({ coverage: rows }, own));
  const cell =
    'A cell is one condition on one chunk of up to 250 images; one that several parts ask for counts in each of them, and is computed once. Profiles, responses and nulls are counted like cells.';

  test('says how many cells are stored, failed and missing, and lists the parts that are not whole', () => {
    const section = of([
      coverageRow({ planned: 8, committed: 4, failed: 2, no_op: 1 }),
      coverageRow({ model: 'b', ablation: 'baseline', kind: 'baseline', planned: 2, committed: 2, images: 1000 }),
    ]);
    expect(paragraphs(whole(section))[0]).toBe(
      `6 of 10 cells are stored (60.0 %); 2 failed after every try and 2 are still missing. ${cell}`,
    );
    expect(tablesIn(whole(section))).toEqual([
      [
        ['network', 'part', 'kind', 'stored', 'cells', 'failed', 'no-op', 'images'],
        ['resnet20', 'each-kernel', 'cells', '', '4 / 8', '2', '1', '500'],
      ],
    ]);
    const text = whole(section).text.replace(/\s+/g, ' ');
    expect(text).toContain('aria-label="50.0 % stored"');
    expect(text).toContain('width:50.0%"></span ><span class="bad" style="width:25.0%');
  });
  test('is one line where all is stored, with what this run computed', () => {
    const section = of([coverageRow({ planned: 3, committed: 3 })], { cells: { computed: 12_345, reused: 6 } });
    expect(paragraphs(whole(section))).toEqual([
      `All 3 cells are stored. This run computed 12 345 and took 6 from the store. ${cell}`,
    ]);
    expect(tablesIn(whole(section))).toEqual([]);
    expect(textOf(whole(of([coverageRow({ planned: 1, committed: 1 })])))).toContain('The one cell is stored.');
    expect(textOf(whole(of([coverageRow({ planned: 3, committed: 1, failed: 2 })])))).toContain(
      '(33.3 %); 2 failed after every try and none is missing.',
    );
  });
  test('keeps apart what changed nothing', () => {
    const section = of([coverageRow({ planned: 3, committed: 3, no_op: 2 })]);
    expect(tablesIn(whole(section))[0]).toHaveLength(2);
    expect(textOf(whole(section))).toContain('kept apart as “no-op”, never counted as robust');
  });
  test('of nothing planned says so', () => {
    expect(textOf(whole(of([])))).toBe('Nothing has been planned or computed yet, so there is nothing to cover.');
  });
  test('lists warnings, also where there is nothing else', () => {
    for (const rows of [[], [coverageRow({})]]) {
      expect(textOf(whole(of(rows, { warnings: ['a', 'b'] })))).toContain('2 warnings a b');
    }
    expect(of([]).title + of([coverageRow({})]).title).toBe('CoverageCoverage');
    expect([of([]).id, of([coverageRow({})]).id]).toEqual(['coverage', 'coverage']);
  });
});
