import { visible } from '../../visible.js';
import type { KernelRow } from '../../tables/schema.js';
import { absent, asksFor } from '../absent.js';
import { present, type ReportContext } from '../context.js';
import { tableBox } from '../data-table.js';
import type { Section } from '../figure.js';
import { html, markup, type Html } from '../html.js';
import { count, counted, significant, withInterval } from '../number-format.js';

/** Rows that stand there without script, and that a page of the script shows. */
const PAGE = 200;
/** Rows that the file holds at most: those with the most damage. All are in the Parquet table. */
const MOST = 100_000;

/** One column: its text, and what the script sorts by and prints. */
interface KernelColumn {
  readonly head: string;
  readonly has: (row: KernelRow) => boolean;
  readonly text: (row: KernelRow) => string;
  /** A text, or a number with the ends of its interval. */
  readonly value: (row: KernelRow) => string | readonly (number | null)[];
}

const always = (): boolean => true;

/** A number with its interval, where that is known. */
function numberColumn(
  head: string,
  of: (row: KernelRow) => readonly [number | null, (number | null)?, (number | null)?],
  print: (row: KernelRow) => string = (row) => {
    const [value, low = null, high = null] = of(row);
    return withInterval(value, low, high);
  },
): KernelColumn {
  return { head, has: (row) => present(of(row)[0]), text: print, value: (row) => of(row).map((one) => one ?? null) };
}

const columns: readonly KernelColumn[] = [
  { head: 'network', has: always, text: (row) => row.model, value: (row) => row.model },
  { head: 'layer', has: always, text: (row) => row.layer, value: (row) => row.layer },
  numberColumn(
    'channel',
    ({ channel }) => [channel],
    ({ channel }) => String(channel),
  ),
  numberColumn('damage (nat)', (row) => [row.kl, row.kl_low, row.kl_high]),
  numberColumn('flips (share)', ({ flips }) => [flips]),
  numberColumn('replaceability', (row) => [
    row.replaceability_same,
    row.replaceability_same_low,
    row.replaceability_same_high,
  ]),
  numberColumn(
    'predicted damage (nat)',
    ({ linearised }) => [linearised],
    ({ linearised }) => significant(linearised),
  ),
  { head: 'state', has: ({ state }) => state !== 'ok', text: (row) => row.state, value: (row) => row.state },
];

/** Every kernel that was removed alone: which matter, which can go. */
export function kernels(context: ReportContext): Section {
  const section = { id: 'kernels', title: 'Every kernel' };
  const rows = context.input.tables.kernels.filter(({ state }) => state !== 'missing');
  if (rows.length === 0) {
    return absent(section, {
      needs: html`an ablation of single kernels (<code>mode: each</code>)`,
      asked: asksFor(context, 'each'),
    });
  }
  const sorted = rows.toSorted((a, b) => damageOf(b) - damageOf(a)).slice(0, MOST);
  const shown = columns.filter(({ has }) => sorted.some(has));
  return {
    ...section,
    blocks: [
      html`<p>
        ${idle(rows)} Damage: mean over images of KL(baseline ‖ lesioned) with zero in the kernel’s place; brackets hold
        ${context.level} intervals for images like these, one kernel at a time, so that of many some miss. The order is
        that of the estimates. ${rows.length > MOST ? html`The ${count(MOST)} with the most damage stand here.` : null}
      </p>`,
      table(sorted, shown),
    ],
  };
}

/** What is not finite stands before all else. */
const damageOf = ({ kl, non_finite }: KernelRow): number => kl ?? ((non_finite ?? 0) > 0 ? Infinity : -1);

/** How many can go at no price. */
function idle(rows: readonly KernelRow[]): string {
  const free = rows.filter(({ state }) => state === 'no-op').length;
  return free === 0
    ? `Each of the ${counted(rows.length, 'kernel')} that were removed alone changes something on some image.`
    : `${counted(free, 'kernel')} of ${count(rows.length)} that were removed alone ${free === 1 ? 'changes' : 'change'} nothing on any of these images (no-op), and can go at no price on them.`;
}

function table(rows: readonly KernelRow[], shown: readonly KernelColumn[]): Html {
  const printed = shown.map(({ head, text, value }) => ({
    head,
    numeric: typeof value(rows[0] as KernelRow) !== 'string',
    cell: text,
  }));
  return html`<div class="explorer" data-page="${PAGE}">
      <p class="tools" hidden>
        <label>Only <input type="search" placeholder="network or layer" /></label>
        <button type="button" data-step="-1">Previous</button>
        <button type="button" data-step="1">Next</button>
        <output></output>
      </p>
      ${tableBox('Every kernel', rows.slice(0, PAGE), printed)} ${data(rows, shown)}
    </div>
    ${
      rows.length > PAGE
        ? html`<p class="small">
            Without script the first ${PAGE} of ${count(rows.length)} rows stand here; the table
            <code>kernels</code> has all.
          </p>`
        : null
    }`;
}

/** What the script sorts and prints: columns of numbers and of places in a list of texts. */
function data(rows: readonly KernelRow[], shown: readonly KernelColumn[]): Html {
  const parts = shown.map(({ head, value }) => {
    const values = rows.map(value);
    if (typeof values[0] !== 'string') return { head, values: values.map((own) => short(own as (number | null)[])) };
    const texts = [...new Set(values as string[])];
    const places = new Map(texts.map((text, place) => [text, place]));
    return { head, texts: texts.map(visible), values: values.map((text) => places.get(text as string)) };
  });
  const json = JSON.stringify(parts).replaceAll('<', '\\u003c');
  return html`<script type="application/json">
    ${markup(json)}
  </script>`;
}

/** As many digits as are shown; without its interval where there is none. */
function short(values: readonly (number | null)[]): number | null | readonly (number | null)[] {
  const rounded = values.map((one) => (one === null || !Number.isFinite(one) ? null : Number(one.toPrecision(4))));
  const [value = null, low = null] = rounded;
  return low === null ? value : rounded;
}
