import { quantile } from '../../analysis/moments.js';
import { comparedFill } from '../../spec/words/estimands.js';
import { fills as fillWords } from '../../spec/words/fills.js';
import { wordsOf } from '../../word-table.js';
import type { ReportContext } from '../context.js';
import { absent } from '../absent.js';
import { dataTable } from '../data-table.js';
import { lineSwatch, type Section } from '../figure.js';
import type { FillPairs, FillTwins } from '../gathered/fill-twins.js';
import { html } from '../html.js';
import { count, counted, interval, significant } from '../number-format.js';
import { panelHeight, panelWidth, plot } from '../plot.js';

const most = 1200;

/** One panel: a point a condition, on one scale for all networks. */
function fillSpec(
  context: ReportContext,
  { model, pairs }: { readonly model: string; readonly pairs: FillPairs },
  other: string,
  domain: readonly number[],
) {
  const drawn = places(pairs, (zero, own) => zero > 0 && own > 0);
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
    data: {
      values: Array.from(
        drawn.filter((_, k) => k % step === 0),
        (place) => ({ model, zero: pairs.zero[place] as number, other: pairs.other[place] as number }),
      ),
    },
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
  const section = { id: 'fills', title: 'Does it matter what stands in their place?' };
  const other = wordsOf(fillWords).find(
    (fill) => fill !== comparedFill && (context.input.gathered.fillTwins.get(fill)?.pairs.size ?? 0) > 0,
  );
  if (other === undefined) {
    return absent(section, { needs: html`a second fill to an ablation: <code>fill: [${comparedFill}, mean]</code>` });
  }
  const { pairs: groups, lost } = context.input.gathered.fillTwins.get(other) as FillTwins;
  const [least, greatest] = positiveRange(groups.values());
  const domain = [Math.min(least, 1) / 1.5, Math.max(greatest, 1e-6) * 1.5];
  const panels = [];
  for (const [i, [model, pairs]] of [...groups].entries()) {
    panels.push({
      title: `${model}: n = ${count(pairs.zero.length)}`,
      body: await plot(
        `fig-fills-${i}`,
        `Damage with ${other} against damage with zero in ${model}`,
        fillSpec(context, { model, pairs }, other, domain),
      ),
    });
  }
  const rows = [...groups].map(([model, pairs]) => {
    const ratios = Float64Array.from(
      places(pairs, (zero) => zero > 0),
      (place) => (pairs.other[place] as number) / (pairs.zero[place] as number),
    ).sort();
    const share = (p: number): number | null => (ratios.length === 0 ? null : quantile(ratios, p));
    return {
      model,
      n: ratios.length,
      milder: ratios.filter((ratio) => ratio < 1).length / Math.max(1, ratios.length),
      median: share(0.5),
      low: share(0.25),
      high: share(0.75),
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
    ],
  };
}

/** Numbers of the pairs of which something holds. */
function places({ zero, other }: FillPairs, holds: (zero: number, other: number) => boolean): Uint32Array {
  return new Uint32Array(zero.length)
    .map((_, place) => place)
    .filter((place) => holds(zero[place] as number, other[place] as number));
}

/** The least and the greatest damage above 0; ∞ and −∞ where there is none. */
function positiveRange(groups: Iterable<FillPairs>): readonly [number, number] {
  let [least, greatest] = [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY];
  for (const pairs of groups) {
    for (const values of [pairs.zero, pairs.other]) {
      for (const value of values) {
        if (value <= 0) continue;
        least = Math.min(least, value);
        greatest = Math.max(greatest, value);
      }
    }
  }
  return [least, greatest];
}
