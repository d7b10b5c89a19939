import { architectureOf } from '../../training-name.js';
import type { LayerRow } from '../../tables/schema.js';
import { grouped, unique, type ReportContext } from '../context.js';
import { absent } from '../absent.js';
import { dataTable } from '../data-table.js';
import { estimates } from '../estimates.js';
import { lineSwatch, whiskerSwatch, type Figure, type Panel, type Section } from '../figure.js';
import { html } from '../html.js';
import { count, withInterval } from '../number-format.js';
import { panelHeight, panelWidth, plot, type PlotSpec } from '../plot.js';

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
  readonly replaceability_constant: number | null;
  readonly replaceability_constant_low: number | null;
  readonly replaceability_constant_high: number | null;
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
  {
    title: 'By the best constant, from no kernel',
    head: 'by a constant',
    of: (row: Columns): Omit<Told, 'model' | 'value'> & { readonly value: number | null } => ({
      value: row.replaceability_constant,
      low: row.replaceability_constant_low,
      high: row.replaceability_constant_high,
    }),
  },
] as const;

type Source = (typeof sources)[number];

/** Whether a network can do without single kernels once the others say what they can about them. */
export async function replaceability(context: ReportContext): Promise<Section> {
  const section = { id: 'replaceability', title: 'What the other kernels can say in their place' };
  const figure = await replaceabilityFigure(context);
  return figure
    ? { ...section, blocks: [figure] }
    : absent(section, {
        needs: html`to an ablation of <code>mode: each</code>: <code>fill: [mean, substitute]</code>`,
        asked: context.input.study.ablations.some(({ fill }) => fill.includes('substitute')),
      });
}

/** What others make up for of the damage of single kernels, layer by layer; undefined where no study asked. */
async function replaceabilityFigure(context: ReportContext): Promise<Figure | undefined> {
  const { layers, models } = context.input.tables;
  const asked = sources.filter((source) => layers.some((row) => source.of(row).value !== null));
  if (asked.length === 0) return undefined;
  let panels: readonly Panel[] = [];
  for (const [i, source] of asked.entries()) panels = [...panels, ...(await panelsOf(context, source, i))];
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
      ...(shown.length > TOGETHER ? [{ label: 'the other networks', swatch: lineSwatch('var(--faint)') }] : []),
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

/** So many networks stand over one another; of more, each architecture has a panel of its own, the others faint behind it. */
const TOGETHER = 3;

async function panelsOf(context: ReportContext, { title, of }: Source, at: number): Promise<Panel[]> {
  const points = context.input.tables.layers.flatMap((row: LayerRow) => {
    const { value, low, high } = of(row);
    return value === null || low === null || high === null
      ? []
      : [{ model: row.model, depth: row.normalised_depth, value, low, high }];
  });
  const apart = [...grouped(points, ({ model }) => architectureOf(model)).keys()];
  const drawing = (name: string, own: readonly Point[], behind: readonly Point[], id: string) =>
    plot(`fig-replaceability-${id}`, `Replaceability by depth: ${name}`, specOf(context, own, behind));
  if (unique(points.map(({ model }) => model)).length <= TOGETHER)
    return [{ title, body: await drawing(title, points, [], String(at)) }];
  const panels: Panel[] = [];
  for (const [i, architecture] of apart.entries()) {
    const belongs = ({ model }: Point): boolean => architectureOf(model) === architecture;
    const name = `${architecture}: ${title.charAt(0).toLowerCase()}${title.slice(1)}`;
    const behind = points.filter((point) => !belongs(point));
    panels.push({ title: name, body: await drawing(name, points.filter(belongs), behind, `${at}-${i}`) });
  }
  return panels;
}

/** Replaceability of one layer of a network. */
interface Point {
  readonly model: string;
  readonly depth: number;
  readonly value: number;
  readonly low: number;
  readonly high: number;
}

function specOf(context: ReportContext, own: readonly Point[], behind: readonly Point[]): PlotSpec {
  const x = {
    field: 'depth',
    type: 'quantitative',
    title: 'Normalised depth (0 to 1)',
    scale: { domain: [0, 1], padding: 10 },
    axis: { tickCount: 5 },
  };
  const y = { field: 'value', type: 'quantitative', title: 'Replaceability (share)', axis: { tickCount: 5 } };
  // A training has a line of its own in the colour of its architecture.
  const detail = { field: 'model', type: 'nominal' };
  return {
    width: panelWidth,
    height: panelHeight - 20,
    layer: [
      {
        data: { values: behind },
        mark: { type: 'line', color: 'var(--faint)', strokeWidth: 1 },
        encoding: { x, y, detail },
      },
      { data: { values: own }, layer: estimates(context, x, y) },
    ],
  };
}
