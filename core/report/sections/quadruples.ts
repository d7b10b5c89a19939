import type { ContrastRow } from '../../tables/schema.js';
import { grouped, present, unique, type ReportContext } from '../context.js';
import { absent, asksFor } from '../absent.js';
import { dataTable } from '../data-table.js';
import { axisNumbers, estimates } from '../estimates.js';
import { lineSwatch, whiskerSwatch, type Figure, type Section } from '../figure.js';
import { html, type Html } from '../html.js';
import { count, counted, significant, withInterval } from '../number-format.js';
import { nameMargins, panelHeight, panelWidth, plot, shortLabels } from '../plot.js';

/** Two kernels in each of two layers: whether back-up lies across the depth or within layers. */
export async function quadruples(context: ReportContext): Promise<Section> {
  const section = { id: 'quadruples', title: 'Across the depth, or within layers?' };
  const rows = context.input.tables.contrasts;
  if (rows.length === 0) {
    return absent(section, {
      needs: html`an ablation of <code>mode: quadruples</code>`,
      asked: asksFor(context, 'quadruples'),
    });
  }
  const known = rows.filter(isKnown);
  const figures = [await overall(context, known), await byDistance(context, known)].filter((one) => one !== undefined);
  const [first, ...others] = figures;
  if (first === undefined) {
    return {
      ...section,
      blocks: [html`<p class="none">${leftOut(rows)} No contrast has an interval.</p>`, numbers(rows)],
    };
  }
  return { ...section, blocks: [{ ...first, numbers: numbers(rows) }, ...others] };
}

/** A mean that exists, with its interval. */
type KnownRow = ContrastRow & { contrast: number; low: number; high: number; distance: number };

const isKnown = (row: ContrastRow): row is KnownRow =>
  present(row.contrast) && present(row.low) && present(row.high) && present(row.distance);

/** How many quadruples have no part in any mean; empty where all have. */
function leftOut(rows: readonly ContrastRow[]): string {
  const lost = rows.filter((row) => row.part === 'all').reduce((sum, row) => sum + row.left_out, 0);
  return lost === 0
    ? ''
    : `${counted(lost, 'quadruple')} ${lost === 1 ? 'is' : 'are'} left out, since outputs are not finite on some image, or a cell failed.`;
}

const setName = (row: Pick<ContrastRow, 'ablation' | 'fill'>): string => `${row.ablation}: filled with ${row.fill}`;

const ends = (rows: readonly KnownRow[]): readonly number[] => rows.flatMap(({ low, high }) => [low, high]);

/** The contrast of all quadruples: one line a network. */
async function overall(context: ReportContext, known: readonly KnownRow[]): Promise<Figure | undefined> {
  const rows = known.filter((row) => row.part === 'all');
  if (rows.length === 0) return undefined;
  const panels = [];
  for (const [i, [title, own]] of [...grouped(rows, setName)].entries()) {
    const names = own.map((row) => row.model);
    const x = (field: string) => ({
      field,
      type: 'quantitative',
      title: 'Excess across layers less within (nat)',
      scale: { padding: 8 },
      axis: { tickCount: 4, ...axisNumbers(ends(own)), grid: true },
    });
    const y = {
      field: 'model',
      type: 'nominal',
      title: 'Network',
      sort: names,
      axis: { labelExpr: shortLabels(names), grid: false, ticks: false, minExtent: 96, maxExtent: 96 },
    };
    const spec = {
      width: panelWidth - 52,
      height: Math.max(60, 34 * own.length),
      data: { values: own.map(({ model, contrast, low, high }) => ({ model, contrast, low, high })) },
      layer: [
        {
          data: { values: [{ zero: 0 }] },
          mark: { type: 'rule', color: 'var(--axis)', strokeDash: [2, 3] },
          encoding: { x: x('zero') },
        },
        {
          mark: { type: 'rule', strokeWidth: 1.8 },
          encoding: { y, x: x('low'), x2: { field: 'high' }, color: context.color },
        },
        {
          mark: { type: 'point', filled: true, size: 60, opacity: 1 },
          encoding: { y, x: x('contrast'), color: context.color, shape: context.shape },
        },
      ],
    };
    panels.push({
      title,
      body: await plot(`fig-contrast-${i}`, `Contrast of quadruples: ${title}`, spec, nameMargins),
    });
  }
  return {
    kind: 'figure',
    id: 'fig-contrast',
    title: 'Do kernels of different layers back each other up more than those of one layer?',
    panels,
    legend: [
      ...context.legend(unique(rows.map((row) => row.model))),
      { label: `${context.level} interval for images, kernels and layers like these`, swatch: whiskerSwatch },
      { label: 'no difference', swatch: lineSwatch('var(--axis)', '2 3') },
    ],
    note: `Quadruples: two kernels in each of two layers; the excess of the two pairs across the layers less that of the two within, so that what kernels, layers and a gradient along the depth add to a pair cancels. All fifths of the distance count alike. ${leftOut(rows)}`.trimEnd(),
    reading:
      'Right of the dashed line back-up lies across the depth rather than within layers; left of it kernels find their substitutes in their own layer, or kernels of layers that matter much multiply what they do.',
  };
}

/** The contrast against distance in depth: one panel an ablation and fill. */
async function byDistance(context: ReportContext, known: readonly KnownRow[]): Promise<Figure | undefined> {
  const rows = known.filter((row) => row.part === 'distance');
  if (rows.length === 0) return undefined;
  const panels = [];
  for (const [i, [title, own]] of [...grouped(rows, setName)].entries()) {
    const x = {
      field: 'distance',
      type: 'quantitative',
      title: 'Distance in normalised depth (0 to 1)',
      scale: { domain: [0, 1], padding: 10 },
      axis: { tickCount: 5 },
    };
    const y = {
      field: 'contrast',
      type: 'quantitative',
      title: 'Excess across less within (nat)',
      axis: { tickCount: 5, ...axisNumbers(ends(own)) },
    };
    const spec = {
      width: panelWidth,
      height: panelHeight - 20,
      data: {
        values: own.map(({ model, distance, contrast, low, high }) => ({ model, distance, contrast, low, high })),
      },
      layer: estimates(context, x, y),
    };
    panels.push({ title, body: await plot(`fig-contrast-distance-${i}`, `Contrast against distance: ${title}`, spec) });
  }
  return {
    kind: 'figure',
    id: 'fig-contrast-distance',
    title: 'The same, by how far the two layers lie apart.',
    panels,
    legend: [
      ...context.legend(unique(rows.map((row) => row.model))),
      { label: `${context.level} interval for images, kernels and layers like these`, swatch: whiskerSwatch },
    ],
    note: 'Means over the quadruples of a fifth of the distances; those of fewer than five layers have no interval, and no point. Intervals hold one by one, not for all distances together.',
    reading:
      'A line that falls from left to right says that back-up across layers, against that within them, is between neighbours.',
  };
}

function numbers(rows: readonly ContrastRow[]): Html {
  return dataTable('Contrasts of quadruples', rows, [
    { head: 'network', cell: (row) => row.model },
    { head: 'ablation', cell: (row) => setName(row) },
    {
      head: 'distance',
      cell: (row) =>
        row.part === 'all' ? 'all' : `${significant(row.distance_low, 2)} to ${significant(row.distance_high, 2)}`,
    },
    { head: 'quadruples', numeric: true, cell: (row) => count(row.quadruples) },
    { head: 'left out', numeric: true, cell: (row) => count(row.left_out) },
    { head: 'layers', numeric: true, cell: (row) => count(row.layers) },
    { head: 'contrast (nat)', numeric: true, cell: (row) => withInterval(row.contrast, row.low, row.high) },
    { head: 'degrees of freedom', numeric: true, cell: (row) => significant(row.freedom) },
  ]);
}
