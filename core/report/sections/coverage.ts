import type { CoverageRow } from '../../tables/schema.js';
import type { ReportContext } from '../context.js';
import { dataTable } from '../data-table.js';
import type { Section } from '../figure.js';
import { html, type Html } from '../html.js';
import { count, counted, percent } from '../number-format.js';

/** Coverage: how much of what was asked for is there. */
export function coverage({ input }: ReportContext): Section {
  const rows = input.tables.coverage;
  const sum = (field: 'planned' | 'committed' | 'failed' | 'no_op'): number =>
    rows.reduce((total, row) => total + row[field], 0);
  const [planned, committed, failed] = [sum('planned'), sum('committed'), sum('failed')];
  const warnings =
    input.warnings.length === 0
      ? html``
      : html`<div class="warnings">
          <b>${counted(input.warnings.length, 'warning')}</b>
          <ul>
            ${input.warnings.map((warning) => html`<li>${warning}</li>`)}
          </ul>
        </div>`;
  const section = { id: 'coverage', title: 'Coverage' };
  if (rows.length === 0) {
    return {
      ...section,
      blocks: [
        html`<p class="none">Nothing has been planned or computed yet, so there is nothing to cover.</p>`,
        warnings,
      ],
    };
  }
  const missing = planned - committed - failed;
  const problems = rows.filter((row) => row.committed < row.planned || row.failed > 0 || row.no_op > 0);
  return {
    ...section,
    blocks: [
      html`<p>
        ${
          missing === 0 && failed === 0
            ? planned === 1
              ? 'The one cell is stored.'
              : `All ${counted(planned, 'cell')} are stored.`
            : `${count(committed)} of ${counted(planned, 'cell')} are stored (${percent(planned === 0 ? 1 : committed / planned)}); ${
                failed === 0 ? 'none failed' : `${count(failed)} failed after every try`
              }${missing > 0 ? ` and ${count(missing)} are still missing` : ' and none is missing'}.`
        }
        ${
          input.cells === null
            ? null
            : `This run computed ${count(input.cells.computed)} and took ${count(input.cells.reused)} from the store. `
        }A
        cell is one condition on one chunk of up to 250 images; one that several parts ask for counts in each of them,
        and is computed once. Profiles, responses and nulls are counted like cells.
      </p>`,
      ...(problems.length === 0 ? [] : [problemTable(problems)]),
      warnings,
    ],
  };
}

/** Parts of which something is missing, failed, or changed nothing. */
function problemTable(rows: readonly CoverageRow[]): Html {
  const share = (value: number, of: number) => (of === 0 ? 0 : Math.max(0, Math.min(100, (100 * value) / of)));
  return html`${dataTable('Parts that are incomplete, failed or did nothing', rows, [
      { head: 'network', cell: (row) => row.model },
      { head: 'part', cell: (row) => row.ablation },
      { head: 'kind', cell: (row) => row.kind },
      {
        head: 'stored',
        cell: (row) =>
          html`<span
            class="meter"
            role="img"
            aria-label="${percent(row.planned === 0 ? 1 : row.committed / row.planned)} stored"
            ><span style="width:${share(row.committed, row.planned).toFixed(1)}%"></span
            ><span class="bad" style="width:${share(row.failed, row.planned).toFixed(1)}%"></span
          ></span>`,
      },
      { head: 'cells', numeric: true, cell: (row) => `${count(row.committed)} / ${count(row.planned)}` },
      { head: 'failed', numeric: true, cell: (row) => count(row.failed) },
      { head: 'no-op', numeric: true, cell: (row) => count(row.no_op) },
      { head: 'images', numeric: true, cell: (row) => count(row.images) },
    ])}
    <p class="small">
      A lesion that changed nothing is kept apart as “no-op”, never counted as robust. Parts that are complete are not
      listed; the table <code>coverage</code> has all.
    </p>`;
}
