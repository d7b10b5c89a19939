import type { PreviewCheckRow } from '../../tables/schema.js';
import type { ReportContext } from '../context.js';
import { absent } from '../absent.js';
import { dataTable } from '../data-table.js';
import type { Section } from '../figure.js';
import type { LeadingPredictions } from '../gathered/leading-predictions.js';
import { html, type Html } from '../html.js';
import { count, significant, withInterval } from '../number-format.js';

/** What gradients said beforehand; apart from what was measured, and called predicted throughout. */
export function preview(context: ReportContext): Section {
  const section = { id: 'preview', title: 'Predicted: the preview' };
  const { tables, gathered } = context.input;
  if (gathered.predictions.length === 0) {
    return absent(section, { needs: html`a preview by <code>percuss preview SPEC</code>` });
  }
  return {
    ...section,
    blocks: [
      html`<p>
        Predicted, not measured: each lesion’s change of the logits to first order, by gradients of the intact network,
        then KL of exactly that change, image by image. What several removals change is added up. No other section rests
        on these numbers.
      </p>`,
      checked(tables.preview_checks),
      ...gathered.predictions.map(leading),
    ],
  };
}

function checked(checks: readonly PreviewCheckRow[]): Html {
  return dataTable('How the preview agrees with a few exact lesions', checks, [
    { head: 'network', cell: ({ model }) => model },
    { head: 'predicted conditions', numeric: true, cell: (row) => count(row.predicted) },
    { head: 'of these run exactly', numeric: true, cell: ({ lesions }) => count(lesions) },
    { head: 'on images', numeric: true, cell: ({ images }) => count(images) },
    {
      head: 'rank correlation',
      numeric: true,
      cell: (row) => withInterval(row.spearman, row.spearman_low, row.spearman_high),
    },
    { head: 'measured over predicted KL, median', numeric: true, cell: ({ ratio }) => significant(ratio) },
  ]);
}

/** The largest predictions of one ablation. */
function leading({ title, rows }: LeadingPredictions): Html {
  const table = dataTable(`Largest predicted damages of ${title}`, rows, [
    { head: 'removed', cell: ({ channels }) => channels },
    {
      head: 'predicted KL (nat)',
      numeric: true,
      cell: (row) => withInterval(row.predicted_kl, row.predicted_kl_low, row.predicted_kl_high),
    },
  ]);
  return html`<h3>Largest predicted damages: ${title}</h3>
    ${table}`;
}
