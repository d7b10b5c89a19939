import { describe, expect, test } from 'vitest';
import { canonicalJson } from '../../core/canonical.js';
import { mainPredictor } from '../../core/report/main-predictor.js';
import { count, interval, listed, percent, significant } from '../../core/report/number-format.js';
import { rasterUrl } from '../../core/report/raster.js';
import { studyJson } from '../../core/report/summary.js';
import { columnsOf, tableNames } from '../../core/tables/columns.js';
import { renderReport } from '../../core/report/report.js';
import type { AblationRow, Tables } from '../../core/tables/schema.js';
import { decode } from 'fast-png';
import { emptyInput, syntheticInput } from './fixture.js';
import { shown } from './shown.js';

describe('numbers are printed with three significant digits', () => {
  test.each([
    [0.0123456, '0.0123'],
    [12.3456, '12.3'],
    [0.99996, '1.00'],
    [123_456, '123\u202f000'],
    [-0.5, '\u22120.500'],
    [0.000_012_3, '1.23\u202f×\u202f10⁻⁵'],
    [0, '0'],
    [null, '–'],
    [Number.NaN, '–'],
  ])('%s is %s', (value, text) => expect(significant(value)).toBe(text));

  test.each([
    [0.91, '91.0\u202f%'],
    [1, '100\u202f%'],
    [0, '0.0\u202f%'],
    [0.0004, '0.04\u202f%'],
    [null, '–'],
  ])('the share %s is %s', (value, text) => expect(percent(value)).toBe(text));

  test('intervals, counts and lists', () => {
    expect(interval(0.882, 0.932)).toBe('[0.882, 0.932]');
    expect(interval(null, 0.9)).toBe('');
    expect(count(269_722)).toBe('269\u202f722');
    expect(count(9999)).toBe('9999');
    expect(listed(['a', 'b', 'c'])).toBe('a, b and c');
  });
});

test('the main predictor is the one with the strongest mean correlation with KL', () => {
  const rows = syntheticInput().tables.predictors;
  expect(mainPredictor(syntheticInput().tables)?.predictor).toBe('activation-std');
  const turned = rows.map((row) =>
    row.predictor === 'r2-far-low' && row.target === 'kl' ? { ...row, spearman: -0.9 } : row,
  );
  expect(mainPredictor({ ...syntheticInput().tables, predictors: turned })?.predictor).toBe('r2-far-low');
});

test('a picture is clear at zero, blue above and orange below, and full at its limit', () => {
  const url = rasterUrl([0, 2, -1, Number.NaN], 2, 2, 2);
  const { data, channels } = decode(Buffer.from(url.replace('data:image/png;base64,', ''), 'base64'));
  expect(channels).toBe(4);
  const pixel = (i: number) => Array.from(data.slice(4 * i, 4 * i + 4));
  expect(pixel(0)[3]).toBe(0);
  expect(pixel(1)).toEqual([43, 127, 214, 255]);
  expect(pixel(2)).toEqual([226, 112, 32, 128]);
  expect(pixel(3)[3]).toBe(0);
});

test('study.json pins its objects and holds the key numbers', () => {
  const input = syntheticInput({ size: 'full' });
  const summary = studyJson(input);
  expect(summary).toMatchObject({
    version: 1,
    study: 'cifar-resnets',
    id: input.id,
    numericMode: 'onnxruntime-float32-cpu',
    coverage: { planned: 6696, committed: 6690, failed: 2, computed: 41_230, reused: 8770 },
    objects: { stored: [{ name: 'analysis' }] },
    predictor: { name: 'activation-std', target: 'kl' },
  });
  expect(canonicalJson(summary)).toBe(canonicalJson(studyJson(syntheticInput({ size: 'full' }))));
  expect(canonicalJson(studyJson(emptyInput()))).toContain('"predictor":null');
});

describe('outputs that are not finite', () => {
  const input = syntheticInput();
  const findingsWith = (change: (row: AblationRow, index: number) => AblationRow): string[] => {
    const tables = { ...input.tables, ablations: input.tables.ablations.map(change) };
    return (studyJson({ ...input, ...shown(tables) }) as { findings: string[] }).findings;
  };

  test('are told with how many conditions and images, and on how many all were', () => {
    const told = findingsWith((row, i) =>
      i === 3 ? { ...row, non_finite: 7 } : i === 5 ? { ...row, non_finite: row.images, kl: null } : row,
    ).filter((finding) => finding.startsWith('Outputs are not finite'));
    const of = input.tables.ablations.length;
    const { model, images } = input.tables.ablations[5] as AblationRow;
    expect(told).toHaveLength(1);
    expect(told[0]).toContain(
      `in 2 conditions of ${count(of)} (${model}; ${7 + images} images in all, on every image in 1)`,
    );
  });

  test('are not spoken of where there are none', () => {
    expect(findingsWith((row) => row).join(' ')).not.toContain('finite');
  });
});

test('a report of which every number that may be missing is missing has no broken number', async () => {
  const { tables } = syntheticInput();
  const emptied = Object.fromEntries(
    tableNames.map((table) => {
      const empty = columnsOf(table).flatMap(([name, column]) => (column.nullable ? [[name, null] as const] : []));
      return [table, tables[table].map((row) => ({ ...row, ...Object.fromEntries(empty) }))];
    }),
  ) as unknown as Tables;
  const html = await renderReport({ ...syntheticInput(), ...shown(emptied) });
  expect(html.replace(/data:[^"]*/g, '')).not.toMatch(/NaN|Infinity|undefined|<td[^>]*>null</);
  // Sections stand, with tables of what is known.
  expect(html).toContain('No excess is known.');
  expect(html).toContain('No contrast has an interval.');
  expect(html).toContain('No repair is known.');
});

test('what reliability allows is told of all networks that are spoken of, not of the least reliable one', async () => {
  const input = syntheticInput();
  const main = mainPredictor(input.tables);
  const names = main?.rows.map((row) => row.model) ?? [];
  expect(names.length).toBeGreaterThan(1);
  const predictors = input.tables.predictors.map((row) =>
    row.target === main?.target && row.predictor === main.predictor
      ? { ...row, ceiling: row.model === names[0] ? 0.5 : 0.75 }
      : row,
  );
  const html = await renderReport({ ...input, tables: { ...input.tables, predictors } });
  expect(html).toContain('where reliability allows at most 0.500 to 0.750');
  const alike = predictors.map((row) => ({ ...row, ceiling: 0.5 }));
  expect(await renderReport({ ...input, tables: { ...input.tables, predictors: alike } })).toMatch(
    /where reliability allows at most 0\.500[.;]/,
  );
});
