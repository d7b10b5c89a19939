import { largest, smallest } from '../../extremes.js';
import type { ExcessMeasure } from '../../tables/excess-columns.js';
import type { ExcessRow, NullRow } from '../../tables/schema.js';
import { grouped, present, unique, type ReportContext } from '../context.js';
import { dataTable } from '../data-table.js';
import { hollowSwatch, whiskerSwatch, type Figure } from '../figure.js';
import type { Html } from '../html.js';
import { mean } from '../../analysis/moments.js';
import { significant, withInterval } from '../number-format.js';
import { nameMargins, panelWidth, plot, shortLabels } from '../plot.js';

/** Systemic redundancy of each network against its nulls; undefined where none was measured. */
export async function systemicRedundancy(context: ReportContext): Promise<Figure | undefined> {
  const values = context.input.tables.models.flatMap((row) =>
    present(row.sr)
      ? [{ model: row.model, sr: row.sr, low: row.sr_low ?? row.sr, high: row.sr_high ?? row.sr, none: row.sr_null }]
      : [],
  );
  if (values.length === 0) return undefined;
  const quantitative = (field: string) => ({
    field,
    type: 'quantitative',
    title: 'Systemic redundancy (of 1)',
    scale: { zero: false, nice: true, padding: 10 },
    axis: { grid: true, tickCount: 5 },
  });
  const body = await plot(
    'fig-sr',
    'Systemic redundancy of each network and its null',
    {
      width: panelWidth - 60,
      height: 36 * values.length,
      data: { values },
      encoding: {
        y: {
          field: 'model',
          type: 'nominal',
          sort: null,
          title: 'Network',
          axis: { labelExpr: shortLabels(values.map((value) => value.model)), maxExtent: 96 },
        },
      },
      layer: [
        {
          mark: { type: 'rule', strokeDash: [2, 2], color: 'var(--axis)' },
          encoding: { x: quantitative('none'), x2: { field: 'sr' } },
        },
        {
          mark: { type: 'rule', strokeWidth: 2 },
          encoding: { x: quantitative('low'), x2: { field: 'high' }, color: context.color },
        },
        {
          mark: { type: 'point', size: 60, strokeWidth: 1.6, color: 'var(--ink-2)' },
          encoding: { x: quantitative('none') },
        },
        {
          mark: { type: 'point', filled: true, size: 70, opacity: 1 },
          encoding: { x: quantitative('sr'), color: context.color, shape: context.shape },
        },
      ],
    },
    nameMargins,
  );
  return {
    kind: 'figure',
    id: 'fig-sr',
    title: 'Systemic redundancy against its null.',
    panels: [{ title: '', body }],
    legend: [
      ...context.legend(unique(values.map((value) => value.model))),
      { label: `${context.level} interval`, swatch: whiskerSwatch },
      { label: 'shuffled weights (null)', swatch: hollowSwatch() },
    ],
    note: '0: the sites respond in orthogonal ways; 1: all lie within the largest. Squares of averages are taken over pairs of different base images, so that the value does not hang on their number; plug-in is what it would be without that. Equally many kernels are drawn at equally many sites of every network, and all networks get the same impulses.',
    reading:
      'What counts is how far a filled marker lies to the right of its hollow one: as far as its interval says, that much came with training, and the rest with the architecture.',
    numbers: systemicNumbers(context),
  };
}

/** The numbers of that figure, a row a network. */
function systemicNumbers(context: ReportContext): Html {
  return dataTable('Systemic redundancy', context.input.tables.models, [
    { head: 'network', cell: (row) => row.model },
    { head: `SR [${context.level}]`, numeric: true, cell: (row) => withInterval(row.sr, row.sr_low, row.sr_high) },
    { head: 'plug-in', numeric: true, cell: (row) => significant(row.sr_plugin) },
    { head: 'null', numeric: true, cell: (row) => withInterval(row.sr_null, row.sr_null_low, row.sr_null_high) },
    {
      head: 'excess',
      numeric: true,
      cell: (row) => withInterval(row.sr_excess, row.sr_excess_low, row.sr_excess_high),
    },
    { head: 'rank p', numeric: true, cell: (row) => significant(row.sr_p) },
    {
      head: 'resolved',
      cell: (row) => (row.sr_resolved === null ? '' : row.sr_resolved ? 'yes' : 'no: more bases are needed'),
    },
  ]);
}

/** What nulls of each kind give, a row a network and kind; undefined where there are none. */
export function nullNumbers({ input }: ReportContext): Html | undefined {
  const rows = input.tables.nulls.filter(({ sr }) => present(sr));
  if (rows.length === 0) return undefined;
  const groups = [...grouped(rows, (row) => JSON.stringify([row.model, row.kind])).values()];
  const against = ([row]: readonly NullRow[], measure: ExcessMeasure): ExcessRow | undefined =>
    input.tables.excess.find((one) => one.model === row?.model && one.kind === row.kind && one.measure === measure);
  const range = (values: readonly number[]): string =>
    values.length === 1 ? '–' : `${significant(smallest(values))} to ${significant(largest(values))}`;
  return dataTable('Redundancy of nulls, by kind, and what the network has more', groups, [
    { head: 'network', cell: ([row]) => row?.model ?? '' },
    { head: 'nulls', cell: ([row]) => row?.kind ?? '' },
    { head: 'number', numeric: true, cell: (own) => String(own.length) },
    { head: 'mean SR', numeric: true, cell: (own) => significant(mean(own.map(({ sr }) => sr ?? 0))) },
    { head: 'from … to', numeric: true, cell: (own) => range(own.map(({ sr }) => sr ?? 0)) },
    {
      head: 'excess of SR',
      numeric: true,
      cell: (own) => {
        const found = against(own, 'sr');
        return withInterval(found?.excess ?? null, found?.excess_low ?? null, found?.excess_high ?? null);
      },
    },
    { head: 'rank p', numeric: true, cell: (own) => significant(against(own, 'sr')?.p) },
    ...(
      [
        ['R², same site', 'r2_same'],
        ['R², far sites', 'r2_far'],
      ] as const
    ).flatMap(([head, measure]) => [
      { head, numeric: true, cell: (own: NullRow[]) => significant(mean(own.flatMap((row) => row[measure] ?? []))) },
      { head: 'excess', numeric: true, cell: (own: NullRow[]) => significant(against(own, measure)?.excess) },
      { head: 'rank p', numeric: true, cell: (own: NullRow[]) => significant(against(own, measure)?.p) },
    ]),
  ]);
}
