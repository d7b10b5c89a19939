import type { ModelRow } from '../../tables/schema.js';
import { grouped, type ReportContext } from '../context.js';
import { mainCurveSet } from '../curves.js';
import { dataTable } from '../data-table.js';
import { lookSwatch, type Section } from '../figure.js';
import { halving, printHalving } from '../halving.js';
import { html } from '../html.js';
import { bracket, count, percentWithInterval, significant, withInterval } from '../number-format.js';

/** The table across models: one row a network. */
export function models(context: ReportContext): Section {
  const rows = context.input.tables.models;
  const section = { id: 'models', title: 'Across networks' };
  if (rows.length === 0) return { ...section, blocks: [html`<p class="none">No network has results yet.</p>`] };
  const curves = mainCurveSet(context.input.tables);
  const removed = grouped(
    context.input.tables.kernels.filter(({ state }) => state !== 'missing'),
    ({ model }) => model,
  );
  // Kernels that an adaptive ablation stopped early are not judged.
  const judged = ({ model, images }: ModelRow): number =>
    (removed.get(model) ?? []).filter((kernel) => kernel.images === images).length;
  const half = (model: string, accuracy: number) =>
    printHalving(halving(curves?.rows.filter((row) => row.model === model) ?? [], accuracy));
  return {
    ...section,
    blocks: [
      html`<p>
        One row a network; brackets hold ${context.level} intervals, but for R², where “a to b” is from what the fit
        knows of other bases to what it knows of its own: the value lies between. “Null” is the same network with
        weights shuffled within its layers.
      </p>`,
      dataTable('Across networks', rows, [
        { head: 'network', cell: (row) => html`${lookSwatch(context.look(row.model))} ${row.model}` },
        { head: 'parameters', numeric: true, cell: (row) => count(row.parameters) },
        { head: 'MACs / image', numeric: true, cell: (row) => count(row.macs) },
        { head: 'layers', numeric: true, cell: (row) => count(row.layers) },
        { head: 'kernels', numeric: true, cell: (row) => count(row.kernels) },
        { head: 'images', numeric: true, cell: (row) => count(row.images) },
        {
          head: 'accuracy',
          numeric: true,
          cell: (row) => percentWithInterval(row.accuracy, row.accuracy_low, row.accuracy_high),
        },
        {
          head: 'robustness area',
          numeric: true,
          cell: (row) => withInterval(row.robustness_area, row.robustness_low, row.robustness_high),
        },
        { head: 'accuracy halves at', numeric: true, cell: (row) => half(row.model, row.accuracy) },
        {
          head: 'repaired (nat)',
          numeric: true,
          cell: (row) => withInterval(row.kl_repaired, row.kl_repaired_low, row.kl_repaired_high),
        },
        { head: 'SR', numeric: true, cell: (row) => withInterval(row.sr, row.sr_low, row.sr_high) },
        { head: 'SR, null', numeric: true, cell: (row) => significant(row.sr_null) },
        {
          head: 'SR, excess',
          numeric: true,
          cell: (row) => withInterval(row.sr_excess, row.sr_excess_low, row.sr_excess_high),
        },
        { head: 'R², same site', numeric: true, cell: (row) => bracket(row.r2_same_low, row.r2_same_high) },
        { head: 'null', numeric: true, cell: (row) => significant(row.r2_same_null) },
        { head: 'R², far sites', numeric: true, cell: (row) => bracket(row.r2_far_low, row.r2_far_high) },
        { head: 'null', numeric: true, cell: (row) => significant(row.r2_far_null) },
        { head: 'reliability of KL', numeric: true, cell: (row) => significant(row.reliability_kl) },
        {
          head: 'dead',
          numeric: true,
          cell: (row) => (row.dead_kernels === null ? '–' : `${count(row.dead_kernels)} of ${count(judged(row))}`),
        },
        { head: 'silent', numeric: true, cell: (row) => count(row.silent_kernels) },
      ]),
      html`<p class="small">
        Robustness area: mean of accuracy over intact accuracy along the removed fractions measured. Repaired: what
        later residual blocks take back of the damage of removing one, mean over blocks. SR: systemic redundancy. R²:
        how well other kernels predict a kernel’s signature. Dead: of the kernels that were removed alone, those that
        change nothing on any image; silent: no answer to any impulse.
      </p>`,
    ],
  };
}
