import type { CompensationRow } from '../../tables/schema.js';
import { grouped, present, unique, type ReportContext } from '../context.js';
import { absent, asksFor } from '../absent.js';
import { dataTable } from '../data-table.js';
import { axisNumbers, estimates } from '../estimates.js';
import { whiskerSwatch, type Figure, type Section } from '../figure.js';
import { html, type Html } from '../html.js';
import { count, counted, significant, withInterval } from '../number-format.js';
import { panelHeight, panelWidth, plot } from '../plot.js';

/** What later residual branches repair of the removal of one, along the depth. */
export async function compensation(context: ReportContext): Promise<Section> {
  const section = { id: 'compensation', title: 'What later blocks repair' };
  const rows = context.input.tables.compensation;
  if (rows.length === 0) {
    return absent(section, {
      needs: html`an ablation of <code>mode: compensation</code>; only networks with skips have a direct effect`,
      asked: asksFor(context, 'compensation'),
    });
  }
  // The last branch has nothing behind it: its 0 is by definition, and no point.
  const known = rows.filter(isKnown).filter((row) => row.behind > 0);
  if (known.length === 0) {
    return { ...section, blocks: [html`<p class="none">No repair is known.</p>`, numbers(rows)] };
  }
  const panels = await panelsOf(context, known);
  return {
    ...section,
    blocks: [
      {
        kind: 'figure',
        id: 'fig-compensation',
        title: 'How much of the damage of a block do later blocks repair?',
        panels,
        legend: [
          ...context.legend(unique(known.map((row) => row.model))),
          { label: `${context.level} interval over images`, swatch: whiskerSwatch },
        ],
        note: `Direct: KL without the block, every later branch held at what it adds in the intact network on the same image; total: the same with these computing on. ${unknownOf(rows)}`.trimEnd(),
        reading:
          'Above the dashed line later blocks take back a part of what the removal does; below it they carry the damage on and enlarge it.',
        numbers: numbers(rows),
      },
    ],
  };
}

/** One panel an ablation and fill. */
async function panelsOf(context: ReportContext, known: readonly KnownRow[]): Promise<Figure['panels']> {
  const panels = [];
  for (const [i, [title, own]] of [...grouped(known, setName)].entries()) {
    const x = {
      field: 'depth',
      type: 'quantitative',
      title: 'Normalised depth (0 to 1)',
      scale: { domain: [0, 1], padding: 10 },
      axis: { tickCount: 5 },
    };
    const y = {
      field: 'repaired',
      type: 'quantitative',
      title: 'Direct less total damage (nat)',
      axis: { tickCount: 5, ...axisNumbers(own.flatMap((row) => [row.kl_repaired_low, row.kl_repaired_high])) },
    };
    const values = own.map((row) => ({
      model: row.model,
      depth: row.depth,
      repaired: row.kl_repaired,
      low: row.kl_repaired_low,
      high: row.kl_repaired_high,
    }));
    const spec = {
      width: panelWidth,
      height: panelHeight - 20,
      data: { values },
      layer: estimates(context, x, y),
    };
    panels.push({ title, body: await plot(`fig-compensation-${i}`, `Repair along the depth: ${title}`, spec) });
  }
  return panels;
}

type KnownRow = CompensationRow & { kl_repaired: number; kl_repaired_low: number; kl_repaired_high: number };

const isKnown = (row: CompensationRow): row is KnownRow =>
  present(row.kl_repaired) && present(row.kl_repaired_low) && present(row.kl_repaired_high);

const setName = (row: CompensationRow): string => `${row.ablation}: filled with ${row.fill}`;

/** How many branches have no point though something is behind them; empty where all have. */
function unknownOf(rows: readonly CompensationRow[]): string {
  const lost = rows.filter((row) => row.behind > 0 && !isKnown(row)).length;
  return lost === 0
    ? ''
    : `${counted(lost, 'block')} ${lost === 1 ? 'has' : 'have'} no point, since outputs are not finite on some image, or a cell failed.`;
}

function numbers(rows: readonly CompensationRow[]): Html {
  return dataTable('Compensation', rows, [
    { head: 'network', cell: (row) => row.model },
    { head: 'ablation', cell: (row) => setName(row) },
    { head: 'block', cell: (row) => row.block },
    { head: 'blocks behind', numeric: true, cell: (row) => count(row.behind) },
    { head: 'KL in all (nat)', numeric: true, cell: (row) => significant(row.kl_total) },
    { head: 'KL directly (nat)', numeric: true, cell: (row) => significant(row.kl_direct) },
    {
      head: 'repaired (nat)',
      numeric: true,
      cell: (row) => withInterval(row.kl_repaired, row.kl_repaired_low, row.kl_repaired_high),
    },
    {
      head: 'repaired of the logit',
      numeric: true,
      cell: (row) => withInterval(row.logit_repaired, row.logit_repaired_low, row.logit_repaired_high),
    },
  ]);
}
