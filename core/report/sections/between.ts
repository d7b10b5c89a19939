import { largest, smallest } from '../../extremes.js';
import type { BetweenRow } from '../../tables/schema.js';
import { grouped, present, type ReportContext } from '../context.js';
import { absent } from '../absent.js';
import { dataTable } from '../data-table.js';
import { lineSwatch, rampLegend, type Figure, type Section } from '../figure.js';
import { html } from '../html.js';
import { bracket, count, counted, significant } from '../number-format.js';
import { panelHeight, panelWidth, plot } from '../plot.js';
import { siteMap } from '../site-map.js';
import { faintness } from './long-range.js';

/** Pairs of networks that are drawn; the others stand in the table alone. */
const DRAWN = 12;

/** What a line of the figure is. */
const lines = { r2: 'R², lower end', none: 'the same from shuffled networks', cka: 'CKA of activations' } as const;
const dashes: { readonly [L in keyof typeof lines]: readonly number[] } = { r2: [], none: [2, 3], cka: [8, 4] };

/** Networks against each other, site by site at equal depth. */
export async function between(context: ReportContext): Promise<Section> {
  const section = { id: 'between', title: 'Between networks' };
  const groups = [
    ...grouped(context.input.tables.between, (row) => JSON.stringify([row.model_a, row.model_b])).values(),
  ];
  if (groups.length === 0) {
    return absent(section, { needs: html`a second network, and impulses that both get (<code>impulses:</code>)` });
  }
  const known = groups.filter((rows) => rows.some((row) => present(row.r2_low) || present(row.cka)));
  const mapped = groups.filter((rows) => rows.some((row) => present(row.rarefied)));
  const alone = groups.length - known.length;
  const apart =
    alone === 0
      ? null
      : html`<p>
          ${counted(alone, 'ordered pair')} of networks ${alone === 1 ? 'has' : 'have'} nothing in common to compare:
          other impulses, base images or positions, and other reference images or fewer than 100.
        </p>`;
  return {
    ...section,
    blocks: [
      apart,
      known.length > 0 ? await atEqualDepth(context, known) : null,
      mapped.length > 0 ? await siteBySite(context, mapped) : null,
    ].filter((block) => block !== null),
  };
}

async function atEqualDepth(context: ReportContext, groups: readonly (readonly BetweenRow[])[]): Promise<Figure> {
  const pairs = groups.map((rows) => rows.filter((row) => row.nearest));
  const panels = [];
  for (const [i, rows] of pairs.slice(0, DRAWN).entries()) {
    const [first] = rows;
    if (!first) continue;
    const title = `${first.model_a} from ${first.model_b}`;
    panels.push({
      title,
      body: await plot(`fig-between-${i}`, `${title}: R² and CKA by depth`, spec(context, first.model_a, rows)),
    });
  }
  const more = pairs.length - panels.length;
  return {
    kind: 'figure',
    id: 'fig-between',
    title: 'How much of one network another one holds, at equal depth.',
    panels,
    legend: Object.entries(lines).map(([name, label]) => ({
      label,
      swatch: lineSwatch('var(--ink-2)', dashes[name as keyof typeof lines].join(' ')),
    })),
    note: html`Each site of the first network against the site of the other that is nearest in normalised depth. R²:
    mean over kernels of how well the other site’s predict them on the same impulses, as a fit to other bases predicts
    it; the band reaches up to what a fit to the very bases gives, so that on average the value lies within it. Shuffled
    networks stand in the place of the second. CKA: debiased, of the activations on the same images, which says how
    alike two spaces are as a whole, not which kernels another network has.
    ${more > 0 ? `${counted(more, 'more pair')} of networks ${more === 1 ? 'stands' : 'stand'} in the table.` : ''}`,
    reading:
      'Where R² lies well above the line of shuffled networks, kernels of the other network answer these impulses alike; CKA may be high where single kernels are not shared.',
    numbers: dataTable('Networks against each other at equal depth, means over sites', pairs, [
      { head: 'network', cell: ([row]) => row?.model_a ?? '–' },
      { head: 'from', cell: ([row]) => row?.model_b ?? '–' },
      { head: 'sites', numeric: true, cell: (rows) => count(rows.length) },
      { head: 'R²', numeric: true, cell: (rows) => bracket(meanOf(rows, 'r2_low'), meanOf(rows, 'r2_high')) },
      {
        head: 'resolved',
        numeric: true,
        cell: (rows) => {
          const known = rows.filter((row) => row.r2_resolved !== null);
          return known.length === 0 ? '–' : `${known.filter((row) => row.r2_resolved).length} of ${known.length}`;
        },
      },
      { head: 'shuffled', numeric: true, cell: (rows) => significant(meanOf(rows, 'r2_null')) },
      { head: 'excess', numeric: true, cell: (rows) => significant(meanOf(rows, 'r2_excess')) },
      { head: 'CKA', numeric: true, cell: (rows) => significant(meanOf(rows, 'cka')) },
      { head: 'images', numeric: true, cell: ([row]) => (present(row?.examples) ? count(row.examples) : '–') },
    ]),
  };
}

/** Every site of a network against every site of another. */
async function siteBySite(context: ReportContext, groups: readonly (readonly BetweenRow[])[]): Promise<Figure> {
  const panels = [];
  for (const [i, rows] of groups.slice(0, DRAWN).entries()) {
    const [first] = rows as readonly [BetweenRow];
    const title = `${first.model_a} from ${first.model_b}`;
    const drawn = {
      value: (row: BetweenRow) => row.rarefied,
      limit: 1,
      faint: (row: BetweenRow) => row.rarefied_discovered !== true,
      isOneNetwork: false,
      titles: ['Site of the first network (by depth)', 'Site of the second one (by depth)'],
    } as const;
    panels.push({ title, body: await siteMap(`fig-between-map-${i}`, `${title}: R² site by site`, rows, drawn) });
  }
  const more = groups.length - panels.length;
  return {
    kind: 'figure',
    id: 'fig-between-map',
    title: 'Which site of one network another one holds.',
    panels,
    key: rampLegend('sequential', 'R² (share of variance)', ['0', '0.5', '1']),
    legend: [],
    note: html`Each site of the first network, a row, from each site of the second, a column: R² of at most eight
    kernels from as many, on other bases than those of the fit, so that it is lower than that of whole sites above. What
    is below 0 is drawn as 0. Shuffled networks stand in the place of the second. ${faintness(context)}
    ${more > 0 ? `${counted(more, 'more pair')} of networks ${more === 1 ? 'stands' : 'stand'} in the table between.` : ''}`,
    reading:
      'A diagonal that is not faint is a network that holds at each depth what the other one has there; what lies beside it is held earlier or later.',
    numbers: dataTable('Networks against each other, site by site', groups, [
      { head: 'network', cell: ([row]) => row?.model_a ?? '–' },
      { head: 'from', cell: ([row]) => row?.model_b ?? '–' },
      {
        head: 'kernels',
        numeric: true,
        cell: (rows) => count(rows.find((row) => row.rarefied_kernels)?.rarefied_kernels ?? null),
      },
      { head: 'pairs', numeric: true, cell: (rows) => count(rows.filter((row) => present(row.rarefied)).length) },
      {
        head: 'discovered',
        numeric: true,
        cell: (rows) => count(rows.filter((row) => row.rarefied_discovered === true).length),
      },
      { head: 'largest excess', numeric: true, cell: (rows) => significant(strongest(rows)?.rarefied_excess) },
      { head: 'predicted', cell: (rows) => strongest(rows)?.site_a ?? '–' },
      { head: 'from site', cell: (rows) => strongest(rows)?.site_b ?? '–' },
      { head: 'R² there', numeric: true, cell: (rows) => significant(strongest(rows)?.rarefied) },
    ]),
  };
}

/** The row of the largest excess; undefined where there is none. */
function strongest(rows: readonly BetweenRow[]): BetweenRow | undefined {
  return rows
    .filter((row) => present(row.rarefied_excess))
    .toSorted((a, b) => (b.rarefied_excess ?? 0) - (a.rarefied_excess ?? 0))[0];
}

/** Over the sites that have it; null where none has. */
function meanOf(
  rows: readonly BetweenRow[],
  column: 'r2_low' | 'r2_high' | 'r2_null' | 'r2_excess' | 'cka',
): number | null {
  const known = rows.map((row) => row[column]).filter(present);
  return known.length === 0 ? null : known.reduce((sum, value) => sum + value, 0) / known.length;
}

function spec(context: ReportContext, model: string, rows: readonly BetweenRow[]): Readonly<Record<string, unknown>> {
  const columns = { r2: 'r2_low', none: 'r2_null', cka: 'cka' } as const;
  const values = rows.map((row) => ({ depth: row.depth_a, low: row.r2_low, high: row.r2_high }));
  const points = (Object.keys(lines) as (keyof typeof lines)[]).flatMap((line) =>
    rows.flatMap((row) => {
      const value = row[columns[line]];
      return present(value) ? [{ line, depth: row.depth_a, value }] : [];
    }),
  );
  const ends = [...points.map(({ value }) => value), ...values.map(({ high }) => high).filter(present)];
  const color = context.look(model).color;
  const x = {
    field: 'depth',
    type: 'quantitative',
    title: 'Normalised depth (0 first site, 1 last)',
    scale: { domain: [0, 1], padding: 6 },
    axis: { tickCount: 5 },
  };
  const y = {
    field: 'value',
    type: 'quantitative',
    title: 'R², CKA (1: the same)',
    scale: { domain: [Math.min(0, smallest([0, ...ends])), Math.max(1, largest([1, ...ends]))] },
    axis: { tickCount: 5 },
  };
  return {
    width: panelWidth,
    height: panelHeight,
    layer: [
      {
        data: { values: values.filter(({ low, high }) => present(low) && present(high)) },
        mark: { type: 'area', color, opacity: 0.18 },
        encoding: { x, y: { ...y, field: 'low' }, y2: { field: 'high' } },
      },
      {
        data: { values: points },
        mark: { type: 'line', color, strokeWidth: 1.8 },
        encoding: {
          x,
          y,
          strokeDash: {
            field: 'line',
            type: 'nominal',
            scale: {
              domain: Object.keys(lines),
              range: Object.values(dashes).map((dash) => (dash.length > 0 ? [...dash] : [1, 0])),
            },
            legend: null,
          },
        },
      },
    ],
  };
}
