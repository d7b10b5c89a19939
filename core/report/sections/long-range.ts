import { largest } from '../../extremes.js';
import {
  similarityMeasure,
  similarityNames,
  type SimilarityMeasure,
  type SimilarityName,
} from '../../analysis/similarity.js';
import type { SimilarityRow } from '../../tables/schema.js';
import { grouped, present, type ReportContext } from '../context.js';
import { absent } from '../absent.js';
import { dataTable } from '../data-table.js';
import { rampLegend, type Block, type Figure, type Section } from '../figure.js';
import { html } from '../html.js';
import { percent, significant } from '../number-format.js';
import { siteMap } from '../site-map.js';
import { nullNumbers, systemicRedundancy } from './systemic.js';

/** The matrices of every measure between sites, by network, and systemic redundancy against its null. */
export async function longRange(context: ReportContext): Promise<Section> {
  const section = { id: 'long-range', title: 'Long-range redundancy' };
  const groups = grouped(context.input.tables.similarity, (row) => row.model);
  const blocks: Block[] = [];
  const systemic = await systemicRedundancy(context);
  if (systemic) blocks.push(systemic);
  for (const name of similarityNames) {
    const own = [...groups.values()].flat().filter((row) => present(row[name]));
    if (own.length > 0)
      blocks.push(
        await matrices(
          context,
          name,
          grouped(own, (row) => row.model),
        ),
      );
  }
  const nulls = nullNumbers(context);
  if (nulls) blocks.push(nulls);
  if (blocks.length === 0) {
    return absent(section, {
      needs: html`<code>impulses:</code> with reference images as base (<code>base: { images: 64 }</code>)`,
      asked: context.input.study.impulses.length > 0,
    });
  }
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
async function matrices(
  context: ReportContext,
  name: SimilarityName,
  groups: ReadonlyMap<string, readonly SimilarityRow[]>,
): Promise<Figure> {
  const { symbol, excess, scale, title, note, direction } = similarityMeasure(name);
  const { a, b, heads } = roles[direction];
  const axes = {
    isOneNetwork: true,
    titles: [`${capital(a)} site (by depth)`, `${capital(b)} site (by depth)`],
  } as const;
  const rows = [...groups.values()].flat();
  const limit = largest([0.05, ...rows.map((row) => Math.abs(row[excess] ?? 0))]);
  const panels = [];
  for (const [i, [model, own]] of [...groups].entries()) {
    panels.push({
      title: `${model}: ${symbol}`,
      body: await siteMap(`fig-matrix-${i}-${name}`, `${symbol} between the sites of ${model}`, own, {
        ...axes,
        value: (row) => row[name],
        limit: 1,
      }),
    });
    panels.push({
      title: `${model}: excess over the null`,
      body: own.some((row) => present(row[excess]))
        ? await siteMap(`fig-matrix-${i}-${excess}`, `Excess of ${symbol} between the sites of ${model}`, own, {
            ...axes,
            // What is not predicted at all is not redundant, however badly nulls predict it.
            value: (row) => ((row[name] ?? 0) > 0 ? row[excess] : null),
            limit,
            faint: (row) => row[`${name}_discovered`] === false,
          })
        : html`<p class="none">No shuffled network was run, so there is no excess.</p>`,
    });
  }
  const strongest = [...groups].map(([model, own]) => {
    const apart = own.filter((row) => row.site_a !== row.site_b && present(row[excess]));
    const predicted = apart.filter((row) => (row[name] ?? 0) > 0);
    const discovered = own.filter((row) => row.site_a !== row.site_b && row[`${name}_discovered`] === true);
    const row = predicted.toSorted((x, y) => (y[excess] ?? 0) - (x[excess] ?? 0))[0];
    return { model, row, n: own.length, apart: apart.length, discovered: discovered.length };
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
    note: `${note}; the excess is what is left after the mean of the same in networks with shuffled weights. A negative ${symbol} is drawn as 0, and has no excess. ${faintness(context)}`,
    reading: `Each row is a ${a} site and each column a ${b} one, both in order of depth: colour far from the diagonal in the right-hand pictures that is not faint is redundancy across depth that networks with shuffled weights do not have.`,
    numbers: dataTable(
      name === similarityNames[0] ? 'Strongest long-range pairs' : `Strongest long-range pairs by ${symbol}`,
      strongest,
      [
        { head: 'network', cell: (entry) => entry.model },
        { head: 'pairs', numeric: true, cell: (entry) => String(entry.n) },
        { head: 'discovered apart', numeric: true, cell: (entry) => `${entry.discovered} of ${entry.apart}` },
        { head: 'largest excess', numeric: true, cell: (entry) => significant(entry.row?.[excess]) },
        { head: heads[0], cell: (entry) => entry.row?.site_a ?? '–' },
        { head: heads[1], cell: (entry) => entry.row?.site_b ?? '–' },
        { head: `${symbol} there`, numeric: true, cell: (entry) => significant(entry.row?.[name]) },
        { head: 'null', numeric: true, cell: (entry) => significant(entry.row?.[`${name}_null`]) },
        { head: 'its spread (sd)', numeric: true, cell: (entry) => significant(entry.row?.[`${name}_null_sd`]) },
      ],
    ),
  };
}

/** What a faint cell is, in words. */
export function faintness({ input }: ReportContext): string {
  const { fdr } = input.study.analysis;
  return `Faint are pairs of sites that are not discovered: not above what such networks have, at a false discovery rate of ${percent(fdr)} over all pairs; at this rate fewer than ${Math.ceil(1 / fdr - 1e-9) - 1} of them discover nothing.`;
}

const capital = (word: string): string => word.charAt(0).toUpperCase() + word.slice(1);
