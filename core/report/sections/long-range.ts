import { largest } from '../../extremes.js';
import {
  similarityMeasure,
  similarityNames,
  type SimilarityMeasure,
  type SimilarityName,
} from '../../analysis/similarity.js';
import type { SimilarityRow } from '../../tables/schema.js';
import { grouped, present, unique, type ReportContext } from '../context.js';
import { dataTable } from '../data-table.js';
import { hollowSwatch, rampLegend, whiskerSwatch, type Block, type Figure, type Section } from '../figure.js';
import { html, type Html } from '../html.js';
import { significant, withInterval } from '../number-format.js';
import { nameMargins, panelWidth, plot, shortLabels } from '../plot.js';
import { rasterUrl } from '../raster.js';

/** The matrices of every measure between sites, by network, and systemic redundancy against its null. */
export async function longRange(context: ReportContext): Promise<Section> {
  const section = { id: 'long-range', title: 'Long-range redundancy' };
  const groups = grouped(context.input.tables.similarity, (row) => row.model);
  const blocks: Block[] = [];
  if (groups.size === 0) {
    blocks.push(
      html`<p class="none">No responses to impulses were compared between sites, so there is no matrix to show.</p>`,
    );
  } else {
    for (const name of similarityNames) {
      const own = [...groups.values()].flat().filter((row) => present(row[name]));
      if (own.length > 0)
        blocks.push(
          await matrices(
            name,
            grouped(own, (row) => row.model),
          ),
        );
    }
  }
  const systemic = await systemicRedundancy(context);
  blocks.push(systemic ?? html`<p class="none">Systemic redundancy was not measured.</p>`);
  return { ...section, blocks };
}

/** What the two sites of a pair are called. */
interface Roles {
  readonly a: string;
  readonly b: string;
  /** Heads of the columns of numbers. */
  readonly heads: readonly [a: string, b: string];
}

const roles: { readonly [D in SimilarityMeasure['direction']]: Roles } = {
  regression: { a: 'predicted', b: 'predicting', heads: ['predicted', 'from'] },
  symmetric: { a: 'first', b: 'second', heads: ['first', 'second'] },
};

/** One measure: its matrix for each network, and what is left of it after the null. */
async function matrices(name: SimilarityName, groups: ReadonlyMap<string, readonly SimilarityRow[]>): Promise<Figure> {
  const { symbol, excess, scale, title, note, direction } = similarityMeasure(name);
  const { a, b, heads } = roles[direction];
  const rows = [...groups.values()].flat();
  const limit = largest([0.05, ...rows.map((row) => Math.abs(row[excess] ?? 0))]);
  const panels = [];
  for (const [i, [model, own]] of [...groups].entries()) {
    panels.push({
      title: `${model}: ${symbol}`,
      body: await matrix(`fig-matrix-${i}-${name}`, `${symbol} between the sites of ${model}`, own, direction, {
        value: (row) => row[name],
        limit: 1,
      }),
    });
    panels.push({
      title: `${model}: excess over the null`,
      body: own.some((row) => present(row[excess]))
        ? await matrix(
            `fig-matrix-${i}-${excess}`,
            `Excess of ${symbol} between the sites of ${model}`,
            own,
            direction,
            { value: (row) => row[excess], limit },
          )
        : html`<p class="none">No null network was run, so there is no excess.</p>`,
    });
  }
  const strongest = [...groups].map(([model, own]) => {
    const apart = own.filter((row) => row.site_a !== row.site_b && present(row[excess]));
    return { model, row: apart.toSorted((x, y) => (y[excess] ?? 0) - (x[excess] ?? 0))[0], n: own.length };
  });
  return {
    kind: 'figure',
    id: name === similarityNames[0] ? 'fig-matrix' : `fig-matrix-${name}`,
    title,
    panels,
    key: html`${rampLegend('sequential', `${symbol} (${scale})`, ['0', '0.5', '1'])}${rampLegend(
      'diverging',
      `Excess (difference of ${symbol})`,
      [`−${significant(limit, 2)}`, '0', `+${significant(limit, 2)}`],
    )}`,
    legend: [],
    note: `${note}; the excess is what is left after the same in networks with shuffled weights. A negative ${symbol} is drawn as 0.`,
    reading: `Each row is a ${a} site and each column a ${b} one, both in order of depth: colour far from the diagonal in the right-hand pictures is redundancy across depth that chance and architecture do not explain.`,
    numbers: dataTable(
      name === similarityNames[0] ? 'Strongest long-range pairs' : `Strongest long-range pairs by ${symbol}`,
      strongest,
      [
        { head: 'network', cell: (entry) => entry.model },
        { head: 'pairs', numeric: true, cell: (entry) => String(entry.n) },
        { head: 'largest excess', numeric: true, cell: (entry) => significant(entry.row?.[excess]) },
        { head: heads[0], cell: (entry) => entry.row?.site_a ?? '–' },
        { head: heads[1], cell: (entry) => entry.row?.site_b ?? '–' },
        { head: `${symbol} there`, numeric: true, cell: (entry) => significant(entry.row?.[name]) },
        { head: 'null', numeric: true, cell: (entry) => significant(entry.row?.[`${name}_null`]) },
      ],
    ),
  };
}

/** What is drawn of a row, and the number at the end of the colours. */
interface Drawn {
  readonly value: (row: SimilarityRow) => number | null;
  readonly limit: number;
}

async function matrix(
  id: string,
  label: string,
  rows: readonly SimilarityRow[],
  direction: SimilarityMeasure['direction'],
  { value, limit }: Drawn,
): Promise<Html> {
  const depths = new Map(
    rows.flatMap((row) => [[row.site_a, row.depth_a] as const, [row.site_b, row.depth_b] as const]),
  );
  const sites = [...depths.keys()].sort((a, b) => (depths.get(a) ?? 0) - (depths.get(b) ?? 0));
  const place = new Map(sites.map((site, i) => [site, i]));
  const values = new Float64Array(sites.length ** 2).fill(Number.NaN);
  for (const row of rows) {
    const found = value(row);
    if (found !== null)
      values[(place.get(row.site_a) ?? 0) * sites.length + (place.get(row.site_b) ?? 0)] =
        limit === 1 ? Math.max(0, found) : found;
  }
  const side = panelWidth - 70;
  // At most some 18 labels fit on a side.
  const step = Math.ceil(sites.length / 18);
  const labels = sites.filter((_, i) => i % step === 0);
  const axis = (title: string, angle: number) => ({
    title,
    grid: false,
    domain: true,
    ticks: true,
    values: labels,
    labelAngle: angle,
    labelFontSize: 10,
    labelExpr: shortLabels(sites),
    minExtent: 84,
    maxExtent: 84,
    labelOverlap: false,
  });
  const band = (field: string, title: string, angle: number) => ({
    field,
    type: 'nominal',
    scale: { domain: sites, paddingInner: 0, paddingOuter: 0 },
    axis: axis(title, angle),
  });
  return plot(
    id,
    label,
    {
      width: side,
      height: side,
      data: { values: [{ a: sites[0], b: sites[0] }] },
      view: { stroke: 'var(--axis)' },
      layer: [
        {
          mark: {
            type: 'image',
            width: side,
            height: side,
            aspect: false,
            smooth: false,
            align: 'left',
            baseline: 'top',
          },
          encoding: {
            url: { value: rasterUrl(values, sites.length, sites.length, limit) },
            x: { value: 0 },
            y: { value: 0 },
          },
        },
        {
          mark: { type: 'rect', opacity: 0 },
          encoding: {
            x: band('b', `${capital(roles[direction].b)} site (by depth)`, -60),
            y: band('a', `${capital(roles[direction].a)} site (by depth)`, 0),
          },
        },
      ],
    },
    { left: 118, bottom: 116 },
  );
}

const capital = (word: string): string => word.charAt(0).toUpperCase() + word.slice(1);

async function systemicRedundancy(context: ReportContext): Promise<Figure | undefined> {
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
      'What counts is how far a filled marker lies to the right of its hollow one: that much of the redundancy was learned, the rest comes with the architecture.',
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
