import { largest, smallest } from '../../extremes.js';
import { comparedFill } from '../../spec/words/estimands.js';
import { fills as fillWords } from '../../spec/words/fills.js';
import type { AblationRow } from '../../tables/schema.js';
import { wordsOf } from '../../word-table.js';
import { grouped, type ReportContext } from '../context.js';
import { dataTable } from '../data-table.js';
import { lineSwatch, type Section } from '../figure.js';
import { html } from '../html.js';
import { count, counted, interval, significant } from '../number-format.js';
import { panelHeight, panelWidth, plot } from '../plot.js';
import { replaceabilityFigure } from './replaceability.js';

const most = 1200;

/** The damage of the same channels with either fill; null where it is not known of every image. */
interface Twins {
  readonly model: string;
  readonly zero: number | null;
  readonly other: number | null;
}

interface Pair {
  readonly model: string;
  readonly zero: number;
  readonly other: number;
}

/** Fills are compared on the same images: those of a condition that has a KL on all of them. */
const comparable = (row: AblationRow): number | null =>
  row.state !== 'partial' && row.non_finite === 0 ? row.kl : null;

const isKnown = (twins: Twins): twins is Pair => twins.zero !== null && twins.other !== null;

/** One panel: a point a condition, on one scale for all networks. */
function fillSpec(context: ReportContext, pairs: readonly Pair[], other: string, domain: readonly number[]) {
  const drawn = pairs.filter((pair) => pair.zero > 0 && pair.other > 0);
  const step = Math.ceil(drawn.length / most);
  const axis = (field: string, title: string) => ({
    field,
    type: 'quantitative',
    title,
    scale: { type: 'log', domain, nice: false },
    axis: { tickCount: 4, format: '~g', grid: true },
  });
  const [x, y] = [
    axis('zero', `KL, filled with ${comparedFill} (nat)`),
    axis('other', `KL, filled with ${other} (nat)`),
  ];
  return {
    width: panelWidth,
    height: panelHeight + 30,
    data: { values: drawn.filter((_, k) => k % step === 0) },
    layer: [
      {
        data: { values: domain.map((value) => ({ zero: value, other: value })) },
        mark: { type: 'line', color: 'var(--ink-2)', strokeWidth: 1, strokeDash: [4, 4] },
        encoding: { x, y },
      },
      {
        mark: { type: 'point', filled: true, size: 22, opacity: 0.5 },
        encoding: { x, y, color: context.color, shape: context.shape },
      },
    ],
  };
}

/** Zero against another fill: the same channels removed, something else in their place. */
export async function fills(context: ReportContext): Promise<Section> {
  const section = { id: 'fills', title: 'What stands in their place' };
  const replaceable = await replaceabilityFigure(context);
  const more = replaceable ? [replaceable] : [];
  const other = wordsOf(fillWords).find(
    (fill) => fill !== comparedFill && pairsOf(context.input.tables.ablations, fill).some(isKnown),
  );
  if (other === undefined) {
    return {
      ...section,
      blocks: [
        html`<p class="none">
          No condition has a damage on all its images both with zero and with another fill, so they cannot be compared.
        </p>`,
        ...more,
      ],
    };
  }
  const twins = pairsOf(context.input.tables.ablations, other);
  const all = twins.filter(isKnown);
  const lost = twins.length - all.length;
  const groups = grouped(all, (pair) => pair.model);
  const positive = all.flatMap((pair) => [pair.zero, pair.other]).filter((value) => value > 0);
  const domain = [smallest([...positive, 1]) / 1.5, largest([...positive, 1e-6]) * 1.5];
  const panels = [];
  for (const [i, [model, pairs]] of [...groups].entries()) {
    panels.push({
      title: `${model}: n = ${count(pairs.length)}`,
      body: await plot(
        `fig-fills-${i}`,
        `Damage with ${other} against damage with zero in ${model}`,
        fillSpec(context, pairs, other, domain),
      ),
    });
  }
  const rows = [...groups].map(([model, pairs]) => {
    const ratios = pairs.filter((pair) => pair.zero > 0).map((pair) => pair.other / pair.zero);
    return {
      model,
      n: ratios.length,
      milder: ratios.filter((ratio) => ratio < 1).length / Math.max(1, ratios.length),
      median: quantile(ratios, 0.5),
      low: quantile(ratios, 0.25),
      high: quantile(ratios, 0.75),
    };
  });
  return {
    ...section,
    blocks: [
      {
        kind: 'figure',
        id: 'fig-fills',
        title: `Damage with ${other} in place of zero.`,
        panels,
        legend: [
          ...context.legend([...groups.keys()]),
          { label: 'equal damage', swatch: lineSwatch('var(--ink-2)', '4 4') },
        ],
        note: `One point a condition: the same channels, filled with zero and with ${other}; both axes are logarithmic, conditions without any damage are left out of the picture.${
          lost === 0
            ? ''
            : ` ${counted(lost, 'pair')} of conditions ${lost === 1 ? 'has' : 'have'} no KL on every image, and ${lost === 1 ? 'is' : 'are'} left out.`
        }`,
        reading:
          'A point below the dashed line is a kernel that zero punishes more than its loss deserves: its constant part could be replaced, so the damage was reliance and not lack of redundancy.',
        numbers: dataTable('Ratio of damage between fills', rows, [
          { head: 'network', cell: (row) => row.model },
          { head: 'pairs', numeric: true, cell: (row) => count(row.n) },
          { head: `median of KL(${other}) / KL(zero)`, numeric: true, cell: (row) => significant(row.median) },
          { head: 'middle half', numeric: true, cell: (row) => interval(row.low, row.high) || '–' },
          { head: `share milder with ${other}`, numeric: true, cell: (row) => significant(row.milder) },
        ]),
      },
      ...more,
    ],
  };
}

/** Conditions with fill zero and their twins with another fill: same network, ablation and place among those of their fill. */
function pairsOf(ablations: readonly AblationRow[], other: string): Twins[] {
  const keyOf = (row: AblationRow): string =>
    JSON.stringify([
      row.model,
      row.ablation,
      row.mode,
      row.unit,
      row.channels,
      row.removed,
      row.fraction,
      row.trial,
      row.spread,
    ]);
  const twins = new Map<string, AblationRow>();
  // Of several draws the first stands for all.
  for (const row of ablations) if (row.fill === other && !twins.has(keyOf(row))) twins.set(keyOf(row), row);
  return ablations.flatMap((row) => {
    const twin = row.fill === comparedFill ? twins.get(keyOf(row)) : undefined;
    return twin === undefined ? [] : [{ model: row.model, zero: comparable(row), other: comparable(twin) }];
  });
}

function quantile(values: readonly number[], share: number): number | null {
  if (values.length === 0) return null;
  const sorted = values.toSorted((a, b) => a - b);
  const at = share * (sorted.length - 1);
  const low = sorted[Math.floor(at)] ?? 0;
  const high = sorted[Math.ceil(at)] ?? low;
  return low + (at - Math.floor(at)) * (high - low);
}
