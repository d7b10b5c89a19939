import type { LayerRow } from '../../tables/schema.js';
import { unique, type ReportContext } from '../context.js';
import { dataTable } from '../data-table.js';
import { estimates } from '../estimates.js';
import { whiskerSwatch, type Figure } from '../figure.js';
import { count, withInterval } from '../number-format.js';
import { panelHeight, panelWidth, plot } from '../plot.js';

/** Replaceability of one layer or network from one kind of other kernels. */
interface Told {
  readonly model: string;
  readonly value: number;
  readonly low: number | null;
  readonly high: number | null;
}

interface Columns {
  readonly model: string;
  readonly replaceability_same: number | null;
  readonly replaceability_same_low: number | null;
  readonly replaceability_same_high: number | null;
  readonly replaceability_earlier: number | null;
  readonly replaceability_earlier_low: number | null;
  readonly replaceability_earlier_high: number | null;
}

/** From which kernels, and how a row says it. */
const sources = [
  {
    title: 'From the kernels that stay at the site',
    head: 'from the same site',
    of: (row: Columns): Omit<Told, 'model' | 'value'> & { readonly value: number | null } => ({
      value: row.replaceability_same,
      low: row.replaceability_same_low,
      high: row.replaceability_same_high,
    }),
  },
  {
    title: 'From kernels of sites before it',
    head: 'from earlier sites',
    of: (row: Columns): Omit<Told, 'model' | 'value'> & { readonly value: number | null } => ({
      value: row.replaceability_earlier,
      low: row.replaceability_earlier_low,
      high: row.replaceability_earlier_high,
    }),
  },
] as const;

type Source = (typeof sources)[number];

/** What others make up for of the damage of single kernels, layer by layer; undefined where no study asked. */
export async function replaceabilityFigure(context: ReportContext): Promise<Figure | undefined> {
  const { layers, models } = context.input.tables;
  const asked = sources.filter((source) => layers.some((row) => source.of(row).value !== null));
  if (asked.length === 0) return undefined;
  const panels = [];
  for (const [i, source] of asked.entries()) panels.push(await panelOf(context, source, i));
  const shown = unique(
    layers.filter((row) => asked.some((source) => source.of(row).value !== null)).map(({ model }) => model),
  );
  const cell = (row: Columns, { of }: Source): string => {
    const { value, low, high } = of(row);
    return low === null || high === null ? '–' : withInterval(value, low, high);
  };
  return {
    kind: 'figure',
    id: 'fig-replaceability',
    title: 'What others make up for of the damage of single kernels.',
    panels,
    legend: [
      ...context.legend(shown),
      { label: `${context.level} interval for images like these`, swatch: whiskerSwatch },
    ],
    note: 'Kernels are left out one at a time, with what others say about them in their place (a ridge regression that is fitted on the reference images) and with their mean: 1 less the KL summed over the kernels of a layer with the former over that with the latter. Layers whose damage with the mean is not told from 0 are not resolved: they have no point, and no number below.',
    reading:
      'At 1 nothing is lost that the others do not say, at 0 they say nothing; below 0 what they say does more harm than the mean.',
    numbers: dataTable(
      'Replaceability',
      [
        ...models
          .filter(({ model }) => shown.includes(model))
          .map((row) => ({ ...row, layer: 'all', size: row.kernels })),
        ...layers.filter(({ model }) => shown.includes(model)).map((row) => ({ ...row, size: row.kernels })),
      ],
      [
        { head: 'network', cell: (row) => row.model },
        { head: 'layer', cell: (row) => row.layer },
        { head: 'kernels', numeric: true, cell: (row) => count(row.size) },
        ...asked.map((source) => ({
          head: source.head,
          numeric: true,
          cell: (row: Columns) => cell(row, source),
        })),
      ],
    ),
  };
}

function panelOf(context: ReportContext, { title, of }: Source, at: number): Promise<Figure['panels'][number]> {
  const values = context.input.tables.layers.flatMap((row: LayerRow) => {
    const told = of(row);
    return told.value === null || told.low === null || told.high === null
      ? []
      : [{ model: row.model, depth: row.normalised_depth, ...told }];
  });
  const x = {
    field: 'depth',
    type: 'quantitative',
    title: 'Normalised depth (0 to 1)',
    scale: { domain: [0, 1], padding: 10 },
    axis: { tickCount: 5 },
  };
  const y = { field: 'value', type: 'quantitative', title: 'Replaceability (share)', axis: { tickCount: 5 } };
  const spec = { width: panelWidth, height: panelHeight - 20, data: { values }, layer: estimates(context, x, y) };
  return plot(`fig-replaceability-${at}`, `Replaceability by depth: ${title}`, spec).then((body) => ({ title, body }));
}
