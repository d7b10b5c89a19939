import { decode } from 'fast-png';
import { describe, expect, test } from 'vitest';
import { contextOf, grouped, present, unique } from '../../core/report/context.js';
import { dataTable } from '../../core/report/data-table.js';
import { lineSwatch, lookSwatch, rampLegend, renderFigure, type Figure } from '../../core/report/figure.js';
import { escapeHtml, html, markup } from '../../core/report/html.js';
import {
  count,
  counted,
  interval,
  listed,
  percent,
  percentWithInterval,
  significant,
  withInterval,
} from '../../core/report/number-format.js';
import { lookAt, shapePaths, shapes } from '../../core/report/palette.js';
import { shortLabels } from '../../core/report/plot.js';
import { rasterUrl } from '../../core/report/raster.js';
import { studyJson } from '../../core/report/summary.js';
import type { Tables } from '../../core/tables/schema.js';
import { emptyInput, emptyTables, syntheticInput } from './fixture.js';
import { shown } from './shown.js';
import { ablationRow, coverageRow, curveRow, modelRow, predictorRow } from './hand-rows.js';
import { tablesIn, textOf } from './reading.js';

const plain = (text: string): string => text.replace(/\s/g, ' ');

describe('numbers', () => {
  test.each([
    [undefined, '–'],
    [Number.POSITIVE_INFINITY, '–'],
    [0.001, '0.00100'],
    [0.000999, '9.99 × 10⁻⁴'],
    [-0.000_012_3, '−1.23 × 10⁻⁵'],
    [9_999_999, '10 000 000'],
    [1e7, '1.00 × 10⁷'],
    [1.5e12, '1.50 × 10¹²'],
    [1234, '1230'],
    [9995, '10 000'],
    [99.95, '100'],
  ])('%s is %s', (value, text) => expect(plain(significant(value))).toBe(text));
  test('of other digits', () => {
    expect(significant(0.0456, 2)).toBe('0.046');
    expect(plain(significant(0.0000456, 1))).toBe('5 × 10⁻⁵');
  });
  test.each([
    [0, '0'],
    [1, '1'],
    [-1, '−1'],
    [-123_456, '−123 456'],
    [10_000, '10 000'],
    [1_234_567, '1 234 567'],
    [null, '–'],
    [undefined, '–'],
  ])('the count %s is %s', (value, text) => expect(plain(count(value))).toBe(text));
  test('counted have their noun in the singular for one only', () => {
    expect([0, 1, 2].map((n) => counted(n, 'cell'))).toEqual(['0 cells', '1 cell', '2 cells']);
    expect(counted(2, 'box', 'boxes')).toBe('2 boxes');
  });
  test.each([
    [undefined, '–'],
    [Number.NaN, '–'],
    [0.001, '0.1 %'],
    [0.00099, '0.1 %'],
    [0.0009, '0.09 %'],
    [-0.0004, '−0.04 %'],
    [-0.5, '−50.0 %'],
    [-1, '−100 %'],
    [1.5, '150.0 %'],
  ])('the share %s is %s', (value, text) => expect(plain(percent(value))).toBe(text));
  test('have their interval, if both ends are known', () => {
    expect(withInterval(0.312, 0.29, 0.33)).toBe('0.312 [0.290, 0.330]');
    expect(withInterval(0.312, 0.29, null)).toBe('0.312');
    expect(withInterval(null, null, 0.33)).toBe('–');
    expect(plain(percentWithInterval(0.91, 0.882, 0.932))).toBe('91.0 % [88.2, 93.2]');
    expect(plain(percentWithInterval(0.91, null, 0.932))).toBe('91.0 %');
    expect(interval(1, 2, String)).toBe('[1, 2]');
    expect(interval(1, null)).toBe('');
  });
  test('and names in lists', () => {
    expect([listed([]), listed(['a']), listed(['a', 'b']), listed(['a', 'b', 'c'])]).toEqual([
      '',
      'a',
      'a and b',
      'a, b and c',
    ]);
  });
});

describe('markup', () => {
  test('escapes text and keeps what is markup already', () => {
    expect(escapeHtml(`<a href="x">'&'</a>`)).toBe('&lt;a href=&quot;x&quot;&gt;&#39;&amp;&#39;&lt;/a&gt;');
    expect(html`<p>${'<b>'}${null}${3}${[markup('<i>'), ['&']]}</p>`.text).toBe('<p>&lt;b&gt;3<i>&amp;</p>');
    expect(html``.text).toBe('');
  });
});

describe('a table', () => {
  const columns = [
    { head: 'name', cell: (row: number) => `row ${row}` },
    { head: 'size', numeric: true, cell: (row: number) => String(row) },
  ];
  test('has a head for each column and for each row, numbers to the right', () => {
    const table = dataTable('sizes <1>', [1, 2], columns);
    expect(tablesIn(table)).toEqual([
      [
        ['name', 'size'],
        ['row 1', '1'],
        ['row 2', '2'],
      ],
    ]);
    expect(table.text).toContain('aria-label="sizes &lt;1&gt;"');
    expect(table.text.match(/<th scope="row">/g)).toHaveLength(2);
    expect(table.text.match(/<th scope="col"\s+class="num">size/g)).toHaveLength(1);
    expect(table.text.match(/<th scope="col"\s*>name/g)).toHaveLength(1);
    expect(table.text.match(/<td class="num">/g)).toHaveLength(2);
    expect(dataTable('t', [1], [columns[0]!, { ...columns[1]!, numeric: false }]).text).toContain('<td>1</td>');
    expect(table.text).not.toContain('rows; all are in');
  });
  test('longer than its limit says so', () => {
    const rows = [1, 2, 3];
    expect(textOf(dataTable('t', rows, columns, { limit: 2 }))).toContain(
      'The first 2 of 3 rows; all are in the Parquet tables.',
    );
    expect(tablesIn(dataTable('t', rows, columns, { limit: 2 }))[0]).toHaveLength(3);
    expect(textOf(dataTable('t', rows, columns, { limit: 3 }))).not.toContain('The first');
    const many = Array.from({ length: 401 }, (_, i) => i);
    expect(textOf(dataTable('t', many, columns))).toContain('The first 400 of 401 rows');
  });
});

describe('a figure', () => {
  const figure: Figure = {
    kind: 'figure',
    id: 'fig-x',
    title: 'Title.',
    panels: [
      { title: 'left', body: html`<svg>1</svg>` },
      { title: '', body: html`<svg>2</svg>` },
    ],
    legend: [{ label: 'a', swatch: lineSwatch('red', '1 2') }],
    key: rampLegend('diverging', 'Scale', ['−1', '0', '1']),
    reading: 'So.',
    note: 'What it is.',
    numbers: html`<table></table>`,
  };
  test('has its panels with their titles, legend, key, caption and numbers', () => {
    const drawn = renderFigure(figure, 7);
    expect(textOf(drawn)).toBe(
      'a Scale −1 0 1 left 1 2 Figure 7. Title. What it is. How to read. So. Numbers behind this figure',
    );
    expect(drawn.text.match(/<h3 class="title">/g)).toHaveLength(1);
    expect(drawn.text).toContain('<figure id="fig-x">');
    expect(drawn.text).toContain('<ul class="legend">');
    expect(drawn.text).toContain('class="ramp-bar diverging"');
    expect(drawn.text).toContain('stroke="red" stroke-width="1.8" stroke-dasharray="1 2"');
  });
  test('without legend, key or numbers has none', () => {
    const { key: _key, numbers: _numbers, ...bare } = figure;
    const drawn = renderFigure({ ...bare, legend: [] }, 1).text;
    expect(drawn).not.toMatch(/<ul|class="key"|<details/);
  });
});

describe('a network looks the same everywhere', () => {
  test('by its place: colour, shape and dash, which together repeat late', () => {
    expect([0, 1, 2, 3, 4, 8].map(lookAt)).toEqual([
      { color: 'var(--m0)', shape: 'circle', dash: [] },
      { color: 'var(--m1)', shape: 'square', dash: [6, 3] },
      { color: 'var(--m2)', shape: 'triangle-up', dash: [2, 2.5] },
      { color: 'var(--m3)', shape: 'diamond', dash: [8, 3, 2, 3] },
      { color: 'var(--m4)', shape: 'cross', dash: [6, 3] },
      { color: 'var(--m0)', shape: 'triangle-up', dash: [2, 2.5] },
    ]);
    expect(new Set(shapes.map((shape) => shapePaths[shape])).size).toBe(6);
    const swatch = lookSwatch(lookAt(3)).text;
    expect(swatch).toContain('stroke-dasharray="8 3 2 3"');
    expect(swatch).toContain(shapePaths.diamond);
    expect(swatch.match(/var\(--m3\)/g)).toHaveLength(2);
  });
  test('and by name, those of the study first, then those that only have results', () => {
    const input = emptyInput();
    const tables: Tables = {
      ...emptyTables,
      models: [modelRow({ model: 'other' })],
      curves: [curveRow({ model: 'more' })],
    };
    const context = contextOf({ ...input, ...shown(tables) });
    expect(context.models).toEqual(['resnet20', 'resnet56', 'plain20', 'mstutorial', 'other', 'more']);
    expect(context.look('plain20')).toEqual(lookAt(2));
    expect(context.look('unheard of')).toEqual(lookAt(6));
    expect(plain(context.level)).toBe('95 %');
    expect(context.legend().map(({ label }) => label)).toEqual(context.models);
    expect(context.legend(['other', 'plain20']).map(({ label, swatch }) => [label, swatch.text])).toEqual([
      ['plain20', lookSwatch(lookAt(2)).text],
      ['other', lookSwatch(lookAt(4)).text],
    ]);
    expect(context.color.scale).toEqual({
      domain: context.models,
      range: [0, 1, 2, 3, 4, 5].map((i) => lookAt(i).color),
    });
    expect(context.shape.scale).toMatchObject({ range: [0, 1, 2, 3, 4, 5].map((i) => lookAt(i).shape) });
    expect(context.dash.scale).toMatchObject({ range: [0, 1, 2, 3, 4, 5].map((i) => lookAt(i).dash) });
    expect(context.dash).toMatchObject({ field: 'model', type: 'nominal', legend: null });
  });
  test('of lists', () => {
    expect(unique(['b', 'a', 'b'])).toEqual(['b', 'a']);
    expect([...grouped(['b1', 'a1', 'b2'], (item) => item[0] as string)]).toEqual([
      ['b', ['b1', 'b2']],
      ['a', ['a1']],
    ]);
    expect([0, null, undefined].map(present)).toEqual([true, false, false]);
  });
});

test('a picture has a pixel a value, full beyond its limit, clear where the limit is none', () => {
  const pixels = (values: readonly number[], limit: number, height = 1) => {
    const url = rasterUrl(values, height, values.length / height, limit);
    const { data, width, height: rows } = decode(Buffer.from(url.replace('data:image/png;base64,', ''), 'base64'));
    return { width, rows, alpha: values.map((_, i) => data[4 * i + 3]), red: values.map((_, i) => data[4 * i]) };
  };
  expect(pixels([3, -3, 0.5, 0.0001, 0, 1], 1, 2)).toEqual({
    width: 3,
    rows: 2,
    alpha: [255, 255, 128, 0, 0, 255],
    red: [43, 226, 43, 0, 0, 43],
  });
  expect(pixels([1, 2], 0).alpha).toEqual([0, 0]);
});

test('names on an axis are cut to their end from 17 characters on', () => {
  const names = ['1234567890123456', '12345678901234567', 'ä'];
  expect(shortLabels(names)).toBe(
    String.raw`["1234567890123456","\u2026345678901234567","\u00e4"][indexof(["1234567890123456","12345678901234567","\u00e4"],datum.value)]`,
  );
});

test('study.json sums up coverage and outputs that are not finite, and says where each network halves', () => {
  const input = syntheticInput();
  const tables: Tables = {
    ...emptyTables,
    models: [modelRow({ model: 'a', accuracy: 0.8 }), modelRow({ model: 'b', accuracy: 0.8 })],
    curves: [
      curveRow({ model: 'a', fraction: 0.1, accuracy: 0.6, accuracy_low: 0.5, accuracy_high: 0.7 }),
      curveRow({ model: 'a', fraction: 0.2, accuracy: 0.2, accuracy_low: null, accuracy_high: 0.4 }),
    ],
    coverage: [
      coverageRow({ planned: 5, committed: 3, failed: 2, no_op: 1 }),
      coverageRow({ planned: 1, committed: 1 }),
    ],
    ablations: [ablationRow({ non_finite: 2 }), ablationRow({ non_finite: 0 }), ablationRow({ non_finite: 3 })],
    predictors: [predictorRow({ model: 'a', predictor: 'p', spearman: 0.5, low: 0.4, high: 0.6, ceiling: 0.9 })],
  };
  const summary = studyJson({ ...input, ...shown(tables), warnings: ['careful'] }) as Record<string, unknown>;
  expect(summary).toMatchObject({
    seed: 7,
    semantics: 1,
    versions: { percuss: '0.1.0', tables: expect.any(String) as string },
    times: { submitted: '2026-03-01 09:00 UTC' },
    coverage: { planned: 6, committed: 4, failed: 2, noOp: 1, computed: 41_230, reused: 8770 },
    nonFinite: { conditions: 2, images: 5 },
    models: [
      { model: 'a', accuracy_halves: { kind: 'at', fraction: 0.15, low: null, high: { kind: 'at', fraction: 0.2 } } },
      { model: 'b', accuracy_halves: null },
    ],
    predictor: {
      name: 'p',
      target: 'kl',
      mean: 0.5,
      models: { a: { spearman: 0.5, low: 0.4, high: 0.6, ceiling: 0.9 } },
    },
    warnings: ['careful'],
  });
  const { study, provenance } = input;
  expect(summary['objects']).toEqual({
    stored: provenance.objects,
    models: Object.fromEntries(study.models.map(({ name, content }) => [name, content])),
    data: { test: study.data[0]?.chunks.map(({ digest }) => digest), train: [study.data[1]?.chunks[0]?.digest] },
  });
  expect((summary['findings'] as string[]).length).toBeGreaterThan(3);
  expect((studyJson(emptyInput()) as { coverage: object }).coverage).toEqual({
    planned: 0,
    committed: 0,
    failed: 0,
    noOp: 0,
  });
});
