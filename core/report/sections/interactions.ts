import type { InteractionRow, PairRow } from '../../tables/schema.js';
import { grouped, present, unique, type ReportContext } from '../context.js';
import { absent, asksFor } from '../absent.js';
import { dataTable } from '../data-table.js';
import { axisNumbers, estimates } from '../estimates.js';
import { hollowSwatch, whiskerSwatch, type Block, type Figure, type Section } from '../figure.js';
import { LISTED } from '../gathered/strongest-pairs.js';
import { html, type Html } from '../html.js';
import { count, counted, significant, withInterval } from '../number-format.js';
import { screenedPairs } from './screened-pairs.js';
import { panelHeight, panelWidth, plot } from '../plot.js';

/** Pairs of units: what removing two does beyond what the two alone add up to in the logits, within layers and across them. */
export async function interactions(context: ReportContext): Promise<Section> {
  const section = { id: 'interactions', title: 'Two at a time: what pairs do beyond what they add up to' };
  const all = context.input.tables.interactions;
  const rows = all.filter((row) => row.measure === 'excess');
  if (rows.length === 0) {
    return all.length === 0
      ? absent(section, {
          needs: html`an ablation of <code>mode: pairs</code>`,
          asked: asksFor(context, 'pairs'),
        })
      : absent(section, {
          needs: html`<code>keep: logits</code> to the ablation of pairs, since excess follows from outputs`,
        });
  }
  const known = rows.filter(isKnown);
  if (known.length === 0) {
    return {
      ...section,
      blocks: [
        html`<p class="none">${leftOut(rows)} No excess is known.</p>`,
        numbers(rows),
        ...screenedPairs(context),
      ],
    };
  }
  return {
    ...section,
    blocks: [await byDistance(context, known, rows), ...strongest(context), ...screenedPairs(context)],
  };
}

/** A mean that exists, with its interval. */
type KnownRow = InteractionRow & { interaction: number; low: number; high: number; distance: number };

const isKnown = (row: InteractionRow): row is KnownRow =>
  present(row.interaction) && present(row.low) && present(row.high) && present(row.distance);

/** How many pairs have no part in any mean; empty where all have. */
function leftOut(rows: readonly InteractionRow[]): string {
  const pairs = rows
    .filter((row) => row.part === 'layer' || row.part === 'across')
    .reduce((sum, row) => sum + row.left_out, 0);
  return pairs === 0
    ? ''
    : `${counted(pairs, 'pair')} ${pairs === 1 ? 'is' : 'are'} left out, since outputs are not finite on some image, or a cell failed.`;
}

const setName = (row: Pick<InteractionRow, 'ablation' | 'unit' | 'fill'>): string =>
  `${row.ablation}: ${row.unit}s, filled with ${row.fill}`;

/** Mean excess against distance in depth: one panel a network and ablation. */
async function byDistance(
  context: ReportContext,
  known: readonly KnownRow[],
  rows: readonly InteractionRow[],
): Promise<Figure> {
  const drawn = known.filter((row) => row.part === 'layer' || row.part === 'distance');
  const panels = [];
  for (const [i, [title, own]] of [...grouped(drawn, (row) => `${row.model} · ${setName(row)}`)].entries()) {
    const values = own.map(({ model, part, distance, interaction, low, high }) => ({
      model,
      part,
      distance,
      interaction,
      low,
      high,
    }));
    const x = {
      field: 'distance',
      type: 'quantitative',
      title: 'Distance in normalised depth (0 to 1)',
      scale: { domain: [0, 1], padding: 10 },
      axis: { tickCount: 5 },
    };
    const y = {
      field: 'interaction',
      type: 'quantitative',
      title: 'Mean excess (nat)',
      axis: { tickCount: 5, ...axisNumbers(values.flatMap(({ low, high }) => [low, high])) },
    };
    const marks = { color: context.color, x };
    const spec = {
      width: panelWidth,
      height: panelHeight - 20,
      data: { values },
      layer: [
        ...estimates(context, x, y, "datum.part === 'distance'"),
        {
          transform: [{ filter: "datum.part === 'layer'" }],
          mark: { type: 'point', filled: false, fill: 'var(--page)', size: 64, strokeWidth: 1.8, opacity: 1 },
          encoding: { ...marks, y },
        },
      ],
    };
    panels.push({ title, body: await plot(`fig-interaction-${i}`, `Excess against distance: ${title}`, spec) });
  }
  return {
    kind: 'figure',
    id: 'fig-interaction',
    title: 'What two removals do beyond what their changes of the logits add up to, by how far apart they lie.',
    panels,
    legend: [
      ...context.legend(unique(drawn.map((row) => row.model))),
      { label: 'pairs of one layer', swatch: hollowSwatch() },
      { label: `${context.level} interval over pairs, the units they share, and images`, swatch: whiskerSwatch },
    ],
    note: `Excess: KL of both removed, less the KL that the logits would have if the changes of each removed alone added up, image by image; means over the pairs of a fifth of the distances, and, hollow at 0, over those of one layer. ${leftOut(rows)}`.trimEnd(),
    reading:
      'Above zero two units cover for each other: the second removal finds no substitute, which is back-up; below zero the loss of one has already cost what the other needs, which is occlusion; two that merely push the output the same way stay at zero.',
    numbers: numbers(rows),
  };
}

function numbers(rows: readonly InteractionRow[]): Html {
  const what = (row: InteractionRow): string => {
    if (row.part === 'layer') return 'within a layer';
    if (row.part === 'across') return 'across layers';
    return `distance ${significant(row.distance_low, 2)} to ${significant(row.distance_high, 2)}`;
  };
  return dataTable('Excess of pairs', rows, [
    { head: 'network', cell: (row) => row.model },
    { head: 'ablation', cell: (row) => setName(row) },
    { head: 'pairs', cell: what },
    { head: 'number', numeric: true, cell: (row) => count(row.pairs) },
    { head: 'left out', numeric: true, cell: (row) => count(row.left_out) },
    { head: 'units', numeric: true, cell: (row) => count(row.units) },
    { head: 'KL of the two alone, summed (nat)', numeric: true, cell: (row) => significant(row.singles) },
    {
      head: 'mean excess (nat)',
      numeric: true,
      cell: (row) => withInterval(row.interaction, row.low, row.high),
    },
  ]);
}

/** The pairs that are known to back each other up most, and to depend on each other most. */
function strongest({ input, level }: ReportContext): Block[] {
  const { measured, backUp, occlusion } = input.gathered.pairs;
  const table = (title: string, shown: readonly PairRow[]): Html[] =>
    shown.length === 0
      ? []
      : [
          html`<p class="small"><b>${title}</b></p>
            ${pairTable(title, shown)}`,
        ];
  const tables = [
    ...table('Strongest back-up: together worse than their changes add up to', backUp),
    ...table('Strongest occlusion: the loss of one has already cost what the other needs', occlusion),
  ];
  if (tables.length === 0) return [];
  return [
    ...tables,
    html`<p class="small">
      Up to ${LISTED} pairs of each network whose ${level} interval over images excludes zero, out of ${count(measured)}
      measured. The strongest of many look stronger than they are; other images will show them nearer to zero.
    </p>`,
  ];
}

function pairTable(title: string, rows: readonly PairRow[]): Html {
  const unit = (layer: string, channel: number | null): string => (channel === null ? layer : `${layer}[${channel}]`);
  return dataTable(title, rows, [
    { head: 'one', cell: (row) => unit(row.layer_a, row.channel_a) },
    { head: 'other', cell: (row) => unit(row.layer_b, row.channel_b) },
    { head: 'network', cell: (row) => row.model },
    { head: 'fill', cell: (row) => row.fill },
    { head: 'distance', numeric: true, cell: (row) => significant(row.distance, 2) },
    { head: 'KL, one alone', numeric: true, cell: (row) => significant(row.kl_a) },
    { head: 'other alone', numeric: true, cell: (row) => significant(row.kl_b) },
    { head: 'both', numeric: true, cell: (row) => significant(row.kl_joint) },
    { head: 'both, if they added up', numeric: true, cell: (row) => significant(row.kl_additive) },
    {
      head: 'excess (nat)',
      numeric: true,
      cell: (row) => withInterval(row.excess, row.excess_low, row.excess_high),
    },
  ]);
}
