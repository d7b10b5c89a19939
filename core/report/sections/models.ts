import { trainingPlace } from '../../training-name.js';
import type { ModelRow } from '../../tables/schema.js';
import { absent } from '../absent.js';
import { grouped, present, type ReportContext } from '../context.js';
import { mainCurveSet } from '../curves.js';
import { dataTable, type TableColumn } from '../data-table.js';
import { lookSwatch, type Section } from '../figure.js';
import { halving, printHalving } from '../halving.js';
import { html, type Html } from '../html.js';
import { bracket, count, percentWithInterval, significant, withInterval } from '../number-format.js';

/** A column of the table across networks; one that no network has a value in does not stand there. */
interface Known extends TableColumn<ModelRow> {
  readonly has?: (row: ModelRow) => boolean;
  /** What it is, below the table. */
  readonly note?: string;
}

/** The table across models: one row a network, with what answers most; the rest behind details. */
export function models(context: ReportContext): Section {
  const rows = context.input.tables.models;
  const section = { id: 'models', title: 'Networks compared' };
  if (rows.length === 0)
    return absent(section, {
      needs: html`a network that its baseline accepts`,
      asked: context.input.study.models.length > 0,
    });
  const table = (label: string, columns: readonly Known[], stacked: boolean): Html =>
    dataTable(label, rows, [name(context), ...columns.filter(({ has }) => !has || rows.some(has))], { stacked });
  return {
    ...section,
    blocks: [
      html`<p>
        One row a network, each one
        file${
          rows.some(({ model }) => trainingPlace(model) !== undefined)
            ? ' (of which some are trainings of one architecture)'
            : ''
        };
        brackets hold ${context.level} intervals for images like these.
      </p>`,
      table('Networks compared', mainColumns, true),
      html`<p class="small">
        ${mainColumns.flatMap(({ has, note }) => (note !== undefined && has && rows.some(has) ? [`${note} `] : []))}
      </p>`,
      html`<details>
        <summary>All numbers of each network</summary>
        ${table('Size and lesions', lesionColumns(context), true)}
        ${rows.some(ofImpulses) ? table('Responses to impulses', responseColumns, true) : null}
        <p class="small">
          R²: how well other kernels predict a kernel’s signature, “a to b” from what the fit knows of other bases to
          what it knows of its own: the value lies between. “Null” is the same network with weights shuffled within its
          layers. Dead: of the kernels that were removed alone, those that change nothing on any image; silent: no
          answer to any impulse.
        </p>
      </details>`,
    ],
  };
}

const name = (context: ReportContext): TableColumn<ModelRow> => ({
  head: 'network',
  cell: (row) => html`${lookSwatch(context.look(row.model))} ${row.model}`,
});

const mainColumns: readonly Known[] = [
  {
    head: 'accuracy',
    numeric: true,
    cell: (row) => percentWithInterval(row.accuracy, row.accuracy_low, row.accuracy_high),
  },
  {
    head: 'robustness area',
    numeric: true,
    has: (row) => present(row.robustness_area),
    note: 'Robustness area: mean of accuracy over intact accuracy along the removed fractions measured.',
    cell: (row) => withInterval(row.robustness_area, row.robustness_low, row.robustness_high),
  },
  {
    head: 'replaceability',
    numeric: true,
    has: (row) => present(row.replaceability_same),
    note: 'Replaceability: the share of the damage of single kernels that goes once the others of the site say what they can in their place.',
    cell: (row) => withInterval(row.replaceability_same, row.replaceability_same_low, row.replaceability_same_high),
  },
  {
    head: 'repaired (nat)',
    numeric: true,
    has: (row) => present(row.kl_repaired),
    note: 'Repaired: what later residual blocks take back of the damage of removing one, mean over blocks.',
    cell: (row) => withInterval(row.kl_repaired, row.kl_repaired_low, row.kl_repaired_high),
  },
  {
    head: 'SR, excess',
    numeric: true,
    has: (row) => present(row.sr_excess),
    note: 'SR, excess: systemic redundancy beyond that of the same network with shuffled weights.',
    cell: (row) => withInterval(row.sr_excess, row.sr_excess_low, row.sr_excess_high),
  },
];

function lesionColumns(context: ReportContext): readonly Known[] {
  const { tables } = context.input;
  const curves = mainCurveSet(tables);
  const removed = grouped(
    tables.kernels.filter(({ state }) => state !== 'missing'),
    ({ model }) => model,
  );
  // Kernels that an adaptive ablation stopped early are not judged.
  const judged = ({ model, images }: ModelRow): number =>
    (removed.get(model) ?? []).filter((kernel) => kernel.images === images).length;
  const half = (row: ModelRow) => halving(curves?.rows.filter(({ model }) => model === row.model) ?? [], row.accuracy);
  return [
    { head: 'parameters', numeric: true, cell: (row) => count(row.parameters) },
    { head: 'MACs / image', numeric: true, cell: (row) => count(row.macs) },
    { head: 'layers', numeric: true, cell: (row) => count(row.layers) },
    { head: 'kernels', numeric: true, cell: (row) => count(row.kernels) },
    { head: 'images', numeric: true, cell: (row) => count(row.images) },
    {
      head: 'accuracy halves at',
      numeric: true,
      has: (row) => half(row) !== undefined,
      cell: (row) => printHalving(half(row)),
    },
    {
      head: 'replaceability, earlier sites',
      numeric: true,
      has: (row) => present(row.replaceability_earlier),
      cell: (row) =>
        withInterval(row.replaceability_earlier, row.replaceability_earlier_low, row.replaceability_earlier_high),
    },
    {
      head: 'reliability of KL',
      numeric: true,
      has: (row) => present(row.reliability_kl),
      cell: (row) => significant(row.reliability_kl),
    },
    {
      head: 'dead',
      numeric: true,
      has: (row) => present(row.dead_kernels),
      cell: (row) => (row.dead_kernels === null ? '–' : `${count(row.dead_kernels)} of ${count(judged(row))}`),
    },
  ];
}

const responseColumns: readonly Known[] = [
  { head: 'SR', numeric: true, cell: (row) => withInterval(row.sr, row.sr_low, row.sr_high) },
  { head: 'SR, null', numeric: true, cell: (row) => significant(row.sr_null) },
  { head: 'R², same site', numeric: true, cell: (row) => bracket(row.r2_same_low, row.r2_same_high) },
  { head: 'null', numeric: true, cell: (row) => significant(row.r2_same_null) },
  { head: 'R², far sites', numeric: true, cell: (row) => bracket(row.r2_far_low, row.r2_far_high) },
  { head: 'null', numeric: true, cell: (row) => significant(row.r2_far_null) },
  { head: 'silent', numeric: true, cell: (row) => count(row.silent_kernels) },
];

const ofImpulses = (row: ModelRow): boolean =>
  present(row.sr) || present(row.r2_same_low) || present(row.silent_kernels);
