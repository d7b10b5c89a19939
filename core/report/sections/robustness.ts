import { smallest } from '../../extremes.js';
import { present, unique, type ReportContext } from '../context.js';
import { curveSets, type CurveSet } from '../curves.js';
import { halving, printHalving } from '../halving.js';
import { absent, asksFor } from '../absent.js';
import { dataTable } from '../data-table.js';
import { bandSwatch, lineSwatch, lostItem, type Figure, type Section } from '../figure.js';
import { html, type Html } from '../html.js';
import { count, counted, percent, percentWithInterval, withInterval } from '../number-format.js';
import { LOST_AT, lostMark, panelHeight, panelWidth, plot } from '../plot.js';

/** Robustness curves: networks over one another, as more and more is removed. */
export async function robustness(context: ReportContext): Promise<Section> {
  const sets = curveSets(context.input.tables);
  const section = { id: 'robustness', title: 'Robustness curves' };
  if (sets.length === 0) {
    return absent(section, {
      needs: html`an ablation of <code>mode: random</code> or <code>cumulative</code>`,
      asked: asksFor(context, 'random', 'cumulative'),
    });
  }
  const models = unique(sets.flatMap((set) => set.rows.map((row) => row.model)));
  const lost = sets.some((set) => set.rows.some((row) => row.non_finite > 0));
  const legend = [
    ...context.legend(models),
    { label: `${context.level} interval`, swatch: bandSwatch },
    ...(lost ? [lostItem] : []),
  ];
  const chance = chanceLevel(context);
  const figure = async (
    measure: 'accuracy' | 'kl',
    texts: Pick<Figure, 'title' | 'note' | 'reading'>,
  ): Promise<Figure> => {
    const panels = [];
    for (const [i, set] of sets.entries()) {
      panels.push({ title: describe(set), body: await panel(context, set, measure, `fig-curves-${measure}-${i}`) });
    }
    return {
      kind: 'figure',
      id: `fig-curves-${measure}`,
      panels,
      legend:
        measure === 'accuracy' && chance !== undefined
          ? [...legend, { label: `chance (${percent(chance)})`, swatch: lineSwatch('var(--axis)', '2 3') }]
          : legend,
      ...texts,
    };
  };
  return {
    ...section,
    blocks: [
      {
        ...(await figure('accuracy', {
          title: 'Accuracy as kernels, layers or blocks are removed.',
          note: `Mean accuracy over the conditions of each removed fraction; the intact network stands at 0.${withoutCells(sets)}`,
          reading:
            'The longer a curve stays high, the more of the network can be removed before it fails; where bands overlap, the order of two networks is open.',
        })),
        numbers: numbers(context, sets),
      },
      await figure('kl', {
        title: 'Damage as kernels, layers or blocks are removed.',
        note: 'Mean over images and conditions of KL(baseline ‖ lesioned), on a logarithmic axis.',
        reading:
          'Lower is more robust, and an equal step upwards is an equal factor of damage; this measure sees changes of the output long before any prediction flips.',
      }),
    ],
  };
}

/** What is said of points that lack conditions; nothing where none does. */
function withoutCells(sets: readonly CurveSet[]): string {
  const rows = sets.flatMap((set) => set.rows);
  const missing = rows.reduce((sum, row) => sum + row.missing, 0);
  const empty = rows.filter((row) => row.conditions === 0).length;
  return missing === 0
    ? ''
    : ` ${counted(missing, 'condition')} ${missing === 1 ? 'is' : 'are'} not in the means, since cells failed${empty === 0 ? '' : `; ${counted(empty, 'fraction')} ${empty === 1 ? 'has' : 'have'} no point for that`}.`;
}

async function panel(context: ReportContext, set: CurveSet, measure: 'accuracy' | 'kl', id: string): Promise<Html> {
  const intact = new Map(context.input.tables.models.map((row) => [row.model, row]));
  const measured = set.rows.flatMap((row) => {
    const mean = row[measure];
    const [low, high] = [row[`${measure}_low`] ?? mean, row[`${measure}_high`] ?? mean];
    return present(mean) && present(low) && present(high)
      ? [{ model: row.model, fraction: row.fraction, mean, low, high }]
      : [];
  });
  const lost = set.rows.filter((row) => row.non_finite > 0).map(({ model, fraction }) => ({ model, fraction }));
  const origin = unique(set.rows.map((row) => row.model)).flatMap((model) => {
    const row = intact.get(model);
    const known = set.rows.some((curve) => curve.model === model && curve.fraction === 0);
    return measure === 'kl' || row === undefined || known
      ? []
      : [{ model, fraction: 0, mean: row.accuracy, low: row.accuracy_low, high: row.accuracy_high }];
  });
  const floor = smallest([...measured.filter((row) => row.mean > 0).map((row) => row.mean), 1]) / 3;
  // A logarithmic axis has no zero: what is not above zero lies on its floor.
  const onLog = (value: number): number => Math.max(value, floor);
  const values =
    measure === 'accuracy'
      ? [...origin, ...measured].sort((a, b) => a.fraction - b.fraction)
      : measured.map((row) => ({ ...row, mean: onLog(row.mean), low: onLog(row.low), high: onLog(row.high) }));
  const y =
    measure === 'accuracy'
      ? { title: 'Accuracy (% of images)', scale: { domain: [0, 1] }, axis: { format: '~%', tickCount: 5 } }
      : { title: 'KL divergence (nat)', scale: { type: 'log', nice: true }, axis: { tickCount: 5, format: '~g' } };
  const chance = measure === 'accuracy' ? chanceLevel(context) : undefined;
  const spec = {
    width: panelWidth,
    height: panelHeight,
    data: { values },
    encoding: {
      x: {
        field: 'fraction',
        type: 'quantitative',
        title: `Removed fraction of ${set.unit}s (%)`,
        scale: { zero: measure === 'accuracy', nice: false, padding: 6 },
        axis: { format: '~%', tickCount: 6 },
      },
      color: context.color,
    },
    layer: [
      ...(chance === undefined
        ? []
        : [
            {
              data: { values: [{ chance }] },
              mark: { type: 'rule', color: 'var(--axis)', strokeDash: [2, 3] },
              encoding: { x: null, color: null, y: { field: 'chance', type: 'quantitative', ...y } },
            },
          ]),
      {
        mark: { type: 'area', opacity: 0.16 },
        encoding: {
          y: { field: 'low', type: 'quantitative', ...y },
          y2: { field: 'high' },
          color: { ...context.color },
        },
      },
      {
        mark: { type: 'line', strokeWidth: 2 },
        encoding: { y: { field: 'mean', type: 'quantitative' }, strokeDash: context.dash },
      },
      {
        mark: { type: 'point', filled: true, size: 46, opacity: 1 },
        encoding: { y: { field: 'mean', type: 'quantitative' }, shape: context.shape },
      },
      ...(lost.length === 0 ? [] : [{ data: { values: lost }, mark: lostMark, encoding: { y: { value: LOST_AT } } }]),
    ],
  };
  return plot(
    id,
    `${measure === 'accuracy' ? 'Accuracy' : 'KL divergence'} against removed fraction: ${describe(set)}`,
    spec,
  );
}

/** Accuracy of guessing, where all image sets of the networks have equally many classes. */
function chanceLevel({ input }: ReportContext): number | undefined {
  const used = new Set(input.study.models.map((model) => model.data));
  const classes = unique(input.study.data.filter((set) => used.has(set.name)).map((set) => set.classes?.length));
  const [only] = classes;
  return classes.length === 1 && only !== undefined && only > 1 ? 1 / only : undefined;
}

function describe(set: CurveSet): string {
  return `${set.ablation}: ${[set.mode === 'random' ? null : set.mode, set.spread, `filled with ${set.fill}`].filter(Boolean).join(', ')}`;
}

function numbers(context: ReportContext, sets: readonly CurveSet[]): Html {
  const intact = new Map(context.input.tables.models.map((row) => [row.model, row.accuracy]));
  const rows = sets.flatMap((set) =>
    unique(set.rows.map((row) => row.model)).map((model) => {
      const own = set.rows.filter((row) => row.model === model);
      return { set, model, own, half: halving(own, intact.get(model)), last: own.at(-1) };
    }),
  );
  return dataTable('Robustness curves', rows, [
    { head: 'curve', cell: (row) => describe(row.set) },
    { head: 'network', cell: (row) => row.model },
    { head: 'accuracy halves at', numeric: true, cell: (row) => printHalving(row.half) },
    { head: 'largest fraction', numeric: true, cell: (row) => percent(row.last?.fraction) },
    {
      head: 'accuracy there',
      numeric: true,
      cell: ({ last }) => (last ? percentWithInterval(last.accuracy, last.accuracy_low, last.accuracy_high) : '–'),
    },
    {
      head: 'KL there (nat)',
      numeric: true,
      cell: ({ last }) => (last ? withInterval(last.kl, last.kl_low, last.kl_high) : '–'),
    },
    {
      head: 'conditions',
      numeric: true,
      cell: (row) => count(row.own.reduce((sum, curve) => sum + curve.conditions, 0)),
    },
    { head: 'missing', numeric: true, cell: (row) => count(row.own.reduce((sum, curve) => sum + curve.missing, 0)) },
    {
      head: 'not finite (conditions × images)',
      numeric: true,
      cell: (row) => count(row.own.reduce((sum, curve) => sum + curve.non_finite, 0)),
    },
  ]);
}
