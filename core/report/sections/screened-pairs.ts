import type { ScreenRow } from '../../tables/schema.js';
import { grouped, type ReportContext } from '../context.js';
import { dataTable } from '../data-table.js';
import type { Block } from '../figure.js';
import { html, type Html } from '../html.js';
import { count, interval, percentWithInterval, significant, withInterval } from '../number-format.js';

/** Where pairs are screened: how much of what is large was missed, and what the screen cannot see. Nothing elsewhere. */
export function screenedPairs({ input, level }: ReportContext): Block[] {
  const all = input.tables.screens;
  const excess = all.filter(({ measure }) => measure === 'excess');
  const shown = excess.length > 0 ? excess : all.filter(({ measure }) => measure === 'kl');
  if (shown.length === 0) return [];
  const said = [...grouped(shown, ({ model, ablation, fill }) => JSON.stringify([model, ablation, fill])).values()];
  return [
    html`<p class="small"><b>Pairs were screened.</b></p>`,
    ...said.map((rows) => html`<p class="small">${sentenceOf(rows, level)}</p>`),
    html`<p class="small">
      The screen looks at what each of two does alone. Back-up between two that are harmless alone is what it is blind
      to: of that, the random pairs alone speak. Means over pairs weigh each random pair by how many it stands for.
    </p>`,
    numbers(all),
  ];
}

/** Of the rank in the middle: a third of what was kept. */
function sentenceOf(rows: readonly ScreenRow[], level: string): string {
  const row = rows[Math.floor((rows.length - 1) / 2)] as ScreenRow;
  const what = row.measure === 'excess' ? 'an excess' : 'an interaction of KL';
  const run = `${row.model} · ${row.ablation}, filled with ${row.fill}: ${count(row.kept)} pairs ran for the damage of their two, and ${row.random === row.rest ? `all other ${count(row.rest)}, too` : `${count(row.random)} of the other ${count(row.rest)} by chance`}.`;
  if (row.missed === null) return `${run} What was missed is not known.`;
  const missed = `Of these others, an estimated ${significant(row.missed)} ${interval(row.missed_low, row.missed_high)} have ${what} beyond ± ${significant(row.threshold)} nat, as ${count(row.found)} of the kept ones have`;
  return row.share === null
    ? `${run} ${missed}.`
    : `${run} ${missed}: ${percentWithInterval(row.share, row.share_low, row.share_high)} of the large ones were kept (exact ${level} intervals for the pairs of this study as measured, each for itself).`;
}

const numbers = (rows: readonly ScreenRow[]): Html =>
  dataTable('What the screen of pairs missed', rows, [
    { head: 'network', cell: (row) => row.model },
    { head: 'ablation', cell: (row) => `${row.ablation}, filled with ${row.fill}` },
    { head: 'measure', cell: (row) => row.measure },
    { head: 'kept', numeric: true, cell: (row) => count(row.kept) },
    { head: 'others', numeric: true, cell: (row) => count(row.rest) },
    { head: 'of these at random', numeric: true, cell: (row) => count(row.random) },
    { head: 'rank', numeric: true, cell: (row) => count(row.rank) },
    { head: 'as large as (nat)', numeric: true, cell: (row) => significant(row.threshold) },
    { head: 'kept, as large', numeric: true, cell: (row) => count(row.found) },
    { head: 'random, larger', numeric: true, cell: (row) => count(row.beyond) },
    { head: 'missed', numeric: true, cell: (row) => withInterval(row.missed, row.missed_low, row.missed_high) },
    { head: 'share kept', numeric: true, cell: (row) => percentWithInterval(row.share, row.share_low, row.share_high) },
  ]);
