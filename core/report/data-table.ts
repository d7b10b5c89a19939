import { html, type Content, type Html } from './html.js';

/** A column of a table in the report. */
export interface TableColumn<Row> {
  readonly head: string;
  /** Numbers stand to the right, in figures of equal width. */
  readonly numeric?: boolean;
  readonly cell: (row: Row) => Content;
}

/**
 * A table that scrolls inside its own box. The first column heads its rows. Stacked, on a narrow screen, each row is a list of its
 * cells under their heads: for tables that must be read whole.
 */
export function dataTable<Row>(
  label: string,
  rows: readonly Row[],
  columns: readonly TableColumn<Row>[],
  { stacked = false, limit = 400 }: { readonly stacked?: boolean; readonly limit?: number } = {},
): Html {
  return html`${tableBox(label, rows.slice(0, limit), columns, stacked)}
  ${
    rows.length > limit
      ? html`<p class="small">The first ${limit} of ${rows.length} rows; all are in the Parquet tables.</p>`
      : null
  }`;
}

/** A table in its box, every row of it. */
export function tableBox<Row>(
  label: string,
  rows: readonly Row[],
  columns: readonly TableColumn<Row>[],
  stacked = false,
): Html {
  const head = columns.map(
    (column) => html`<th scope="col" ${column.numeric ? html` class="num"` : null}>${column.head}</th>`,
  );
  const body = rows.map(
    (row) =>
      html`<tr>
        ${columns.map((column, i) =>
          i === 0
            ? html`<th scope="row">${column.cell(row)}</th>`
            : html`<td${column.numeric ? html` class="num"` : null}${stacked ? html` data-head="${column.head}"` : null}>${column.cell(row)}</td>`,
        )}
      </tr> `,
  );
  return html`<div class="${stacked ? 'scroll stacked' : 'scroll'}" role="region" aria-label="${label}" tabindex="0">
    <table>
      <thead>
        <tr>
          ${head}
        </tr>
      </thead>
      <tbody>
        ${body}
      </tbody>
    </table>
  </div>`;
}
