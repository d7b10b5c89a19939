import { quantities, type QuantityName } from '../../analysis/quantities.js';
import type { ArchitectureRow } from '../../tables/schema.js';
import { wordsOf } from '../../word-table.js';
import {
  architectureOrder,
  intraclassSentence,
  openOrders,
  trainingsEach,
  type ArchitectureOrder,
} from '../architecture-order.js';
import type { ReportContext } from '../context.js';
import { absent } from '../absent.js';
import { dataTable } from '../data-table.js';
import { lineSwatch, whiskerSwatch, type Figure, type Panel, type Section } from '../figure.js';
import { html, type Html } from '../html.js';
import { count, interval, significant, withInterval } from '../number-format.js';
import { nameMargins, panelWidth, plot } from '../plot.js';

const titles: { readonly [Q in QuantityName]: string } = {
  accuracy: 'Accuracy of the intact network',
  robustness_area: 'Robustness area',
  kernel_kl: 'Mean damage of one kernel',
  replaceability_same: 'Replaceability from the same site',
  replaceability_earlier: 'Replaceability from earlier sites',
  kl_repaired: 'Repaired by later blocks',
  contrast: 'Back-up across layers less within',
  sr: 'Systemic redundancy',
  sr_excess: 'Systemic redundancy beyond shuffled weights',
  r2_same_low: 'R² from the same site, lower end',
  r2_far_low: 'R² from far sites, lower end',
};

/** What is said of architectures, of which the study has several trainings each. */
export async function architectures(context: ReportContext): Promise<Section> {
  const section = { id: 'architectures', title: 'Architectures' };
  const { tables } = context.input;
  const orders = wordsOf(quantities).flatMap((quantity) => architectureOrder(tables, quantity) ?? []);
  const [first] = orders;
  if (first === undefined) {
    return absent(section, {
      needs: html`<code>trainings: [a1.onnx, a2.onnx, …]</code> in the place of a network’s file: what is said here is
        of files, and of no architecture`,
    });
  }
  return {
    ...section,
    blocks: [
      html`<p>
        Each number is a mean over trainings of an architecture (${trainingsEach(first.rows)}). Its ${context.level}
        interval is for other trainings and other images like these: images are shared by all networks, and paired where
        two are compared.
      </p>`,
      await figureOf(context, orders),
      html`${orders.map((order) => orderParagraph(order, context.level))}`,
      differencesTable(context),
    ],
  };
}

const unitOf = (quantity: QuantityName): string =>
  ['1', 'R²', 'share'].includes(quantities[quantity].unit) ? '' : ` (${quantities[quantity].unit})`;

function orderParagraph(order: ArchitectureOrder, level: string): Html {
  const said = [openOrders(order, level), intraclassSentence(order)].filter(Boolean).join(' ');
  const from = order.rows.map((row) => row.architecture).join(' > ');
  return html`<p><b>${titles[order.quantity]}:</b> ${from}. ${said}</p>`;
}

async function figureOf({ level }: ReportContext, orders: readonly ArchitectureOrder[]): Promise<Figure> {
  const panels: Panel[] = [];
  for (const [i, order] of orders.entries()) panels.push(await panelOf(order, i));
  return {
    kind: 'figure',
    id: 'fig-architectures',
    title: 'Architectures, by means over their trainings.',
    panels,
    legend: [
      { label: `mean over trainings, with its ${level} interval`, swatch: whiskerSwatch },
      { label: 'from the least to the greatest of the trainings', swatch: lineSwatch('var(--m0)') },
    ],
    note: 'Intervals count as drawn the trainings and the images (of redundancy, the base images; of R² and of quadruples, trainings alone).',
    reading:
      'Where bars overlap, a single training of the one may have more than one of the other; which architecture has more on average the differences below tell.',
    numbers: dataTable(
      'Architectures',
      orders.flatMap(({ rows }) => rows),
      [
        { head: 'architecture', cell: (row) => row.architecture },
        { head: 'quantity', cell: (row) => titles[row.quantity as QuantityName] },
        { head: 'trainings', numeric: true, cell: (row) => count(row.trainings) },
        { head: 'mean', numeric: true, cell: (row) => withInterval(row.estimate, row.low, row.high) },
        {
          head: 'least to greatest',
          numeric: true,
          cell: (row) => `${significant(row.least)} to ${significant(row.greatest)}`,
        },
        { head: 'between trainings (sd)', numeric: true, cell: (row) => significant(row.between_sd) },
        {
          head: 'intraclass correlation',
          numeric: true,
          cell: (row) => withInterval(row.icc, row.icc_low, row.icc_high),
        },
      ],
    ),
  };
}

async function panelOf({ quantity, rows }: ArchitectureOrder, at: number): Promise<Panel> {
  const names = rows.map((row) => row.architecture);
  const y = { field: 'architecture', type: 'nominal', sort: names, title: null, axis: { labelLimit: 108 } };
  const scale = { zero: false, nice: true, padding: 6 };
  const x = { type: 'quantitative', scale, title: `${titles[quantity]}${unitOf(quantity)}`, axis: { tickCount: 5 } };
  const values = rows.map(({ architecture, estimate, low, high, least, greatest }: ArchitectureRow) => ({
    architecture,
    estimate,
    low,
    high,
    least,
    greatest,
  }));
  const spec = {
    width: panelWidth - 60,
    height: Math.max(60, 26 * rows.length),
    data: { values },
    encoding: { y },
    layer: [
      {
        mark: { type: 'rule', strokeWidth: 7, opacity: 0.35, color: 'var(--m0)' },
        encoding: { x: { ...x, field: 'least' }, x2: { field: 'greatest' } },
      },
      {
        mark: { type: 'rule', strokeWidth: 1.6, color: 'var(--ink-2)' },
        encoding: { x: { ...x, field: 'low' }, x2: { field: 'high' } },
      },
      {
        mark: { type: 'point', filled: true, size: 46, opacity: 1, color: 'var(--ink)' },
        encoding: { x: { ...x, field: 'estimate' } },
      },
    ],
  };
  const label = `${titles[quantity]} by architecture, mean over trainings`;
  return { title: titles[quantity], body: await plot(`fig-architectures-${at}`, label, spec, nameMargins) };
}

function differencesTable({ input, level }: ReportContext): Html {
  const rows = input.tables.architecture_differences;
  if (rows.length === 0) return html`<p>There is one such architecture, and none to compare it with.</p>`;
  return html`<details>
    <summary>Differences between architectures</summary>
    ${dataTable('Differences between architectures', rows, [
      { head: 'architectures', cell: (row) => `${row.architecture} − ${row.other}` },
      { head: 'quantity', cell: (row) => titles[row.quantity as QuantityName] },
      {
        head: `difference, ${level}`,
        numeric: true,
        cell: (row) => withInterval(row.difference, row.low, row.high),
      },
      { head: 'all at once', numeric: true, cell: (row) => interval(row.all_low, row.all_high) },
      { head: 'order', cell: (row) => (row.settled ? 'settled' : 'open') },
    ])}
    <p class="small">
      “All at once”: the intervals that hold together for all pairs of one quantity; an order is settled where this one
      does not hold 0.
    </p>
  </details>`;
}
