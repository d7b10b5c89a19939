import { largest, smallest } from '../../extremes.js';
import { grouped, present, type ReportContext } from '../context.js';
import { absent, asksFor } from '../absent.js';
import { dataTable } from '../data-table.js';
import { lineSwatch, lostItem, whiskerSwatch, type Figure, type Section } from '../figure.js';
import { html } from '../html.js';
import { count, counted, interval, percent, significant } from '../number-format.js';
import { layerName } from '../gathered/layer-losses.js';
import { LOST_AT, lostMark, panelHeight, panelWidth, plot } from '../plot.js';

const x = {
  field: 'depth',
  type: 'quantitative',
  title: 'Normalised depth (0 first site, 1 last)',
  scale: { domain: [0, 1], padding: 6 },
  axis: { tickCount: 5 },
} as const;

/** Sensitivity per layer, along normalised depth. */
export async function sensitivity(context: ReportContext): Promise<Section> {
  const layers = context.input.tables.layers;
  const blocks = [await kernelDamage(context), await layerDamage(context)].filter((figure) => figure !== undefined);
  const section = { id: 'sensitivity', title: 'Sensitivity along the depth' };
  if (blocks.length === 0) {
    return absent(section, { needs: html`an ablation of <code>mode: each</code>`, asked: asksFor(context, 'each') });
  }
  const numbers = dataTable('Layers', layers, [
    { head: 'layer', cell: (row) => row.layer },
    { head: 'network', cell: (row) => row.model },
    { head: 'depth', numeric: true, cell: (row) => significant(row.normalised_depth) },
    { head: 'kernels', numeric: true, cell: (row) => count(row.kernels) },
    { head: 'KL, one kernel (nat)', numeric: true, cell: (row) => significant(row.kernel_kl) },
    { head: context.level, numeric: true, cell: (row) => interval(row.kernel_kl_low, row.kernel_kl_high) || '–' },
    { head: 'KL, whole layer (nat)', numeric: true, cell: (row) => significant(row.layer_kl) },
    { head: 'accuracy without it', numeric: true, cell: (row) => percent(row.layer_accuracy) },
    { head: 'dead', numeric: true, cell: (row) => count(row.dead_kernels) },
    { head: 'linearity', numeric: true, cell: (row) => significant(row.linearity) },
  ]);
  return { ...section, blocks: blocks.map((figure, i) => (i === 0 ? { ...figure, numbers } : figure)) };
}

/** Mean damage of the kernels of one layer. */
interface KernelPoint {
  readonly model: string;
  readonly depth: number;
  readonly mean: number;
  readonly low: number;
  readonly high: number;
}

/** One panel: a network, with the others behind it. */
function kernelSpec(context: ReportContext, points: readonly KernelPoint[], model: string, domain: readonly number[]) {
  const y = {
    field: 'mean',
    type: 'quantitative',
    title: 'Mean KL of one kernel (nat)',
    scale: { type: 'log', domain, nice: false },
    axis: { tickCount: 4, format: '~g' },
  };
  return {
    width: panelWidth,
    height: panelHeight - 30,
    layer: [
      {
        data: { values: points.filter((point) => point.model !== model) },
        mark: { type: 'line', color: 'var(--faint)', strokeWidth: 1.2 },
        encoding: { x, y, detail: { field: 'model', type: 'nominal' } },
      },
      {
        data: { values: points.filter((point) => point.model === model) },
        encoding: { x, color: context.color },
        layer: [
          {
            mark: { type: 'rule', strokeWidth: 1.6, opacity: 0.55 },
            encoding: { y: { ...y, field: 'low' }, y2: { field: 'high' } },
          },
          { mark: { type: 'line', strokeWidth: 1.8 }, encoding: { y } },
          { mark: { type: 'point', filled: true, size: 34, opacity: 1 }, encoding: { y, shape: context.shape } },
        ],
      },
    ],
  };
}

/** Damage of single kernels: one panel a network, the others behind it in grey, on one scale. */
async function kernelDamage(context: ReportContext): Promise<Figure | undefined> {
  const rows = context.input.tables.layers.flatMap((row) =>
    present(row.kernel_kl) && row.kernel_kl > 0 ? [{ ...row, kernel_kl: row.kernel_kl }] : [],
  );
  const models = [...grouped(rows, (row) => row.model).keys()];
  if (rows.length === 0) return undefined;
  const floor = smallest(rows.map((row) => row.kernel_kl)) / 2;
  const top = largest(rows.map((row) => Math.max(row.kernel_kl, row.kernel_kl_high ?? 0))) * 1.2;
  const points = rows.map((row) => ({
    model: row.model,
    depth: row.normalised_depth,
    mean: row.kernel_kl,
    low: Math.max(row.kernel_kl_low ?? row.kernel_kl, floor),
    high: Math.max(row.kernel_kl_high ?? row.kernel_kl, floor),
  }));
  const panels = [];
  for (const [i, model] of models.entries()) {
    panels.push({
      title: model,
      body: await plot(
        `fig-kernel-kl-${i}`,
        `Damage of one kernel along the depth of ${model}`,
        kernelSpec(context, points, model, [floor, top]),
      ),
    });
  }
  const left = context.input.tables.layers.filter((row) => row.kernel_kl === 0).length;
  const broken = new Set(
    context.input.tables.kernels
      .filter((row) => (row.non_finite ?? 0) > 0)
      .map((row) => JSON.stringify([row.model, row.layer])),
  );
  const lost = context.input.tables.layers.filter(
    (row) => row.kernel_kl === null && broken.has(JSON.stringify([row.model, row.layer])),
  ).length;
  return {
    kind: 'figure',
    id: 'fig-kernel-kl',
    title: 'Damage of a single kernel, layer by layer.',
    panels,
    legend: [
      ...context.legend(models),
      { label: `${context.level} interval over kernels`, swatch: whiskerSwatch },
      ...(models.length > 1 ? [{ label: 'the other networks', swatch: lineSwatch('var(--faint)') }] : []),
    ],
    note: `Each kernel alone is set to zero; shown is the mean over the kernels of a layer of KL(baseline ‖ lesioned), on a logarithmic axis.${
      left > 0
        ? ` ${counted(left, 'layer')} without any measurable damage ${left === 1 ? 'has' : 'have'} no point.`
        : ''
    }${
      lost > 0
        ? ` ${counted(lost, 'layer')} ${lost === 1 ? 'has' : 'have'} no point, since the removal of some kernel leaves outputs that are not finite.`
        : ''
    }`,
    reading:
      'Points high up are layers of which the network misses even one kernel; a flat, low line means that no depth is special.',
  };
}

/** Accuracy after the loss of a whole layer. */
async function layerDamage(context: ReportContext): Promise<Figure | undefined> {
  const { layerLosses } = context.input.gathered;
  const values = context.input.tables.layers.flatMap((row) => {
    if (!present(row.layer_accuracy)) return [];
    const condition = layerLosses.get(layerName(row.model, row.layer));
    return [
      {
        model: row.model,
        depth: row.normalised_depth,
        accuracy: row.layer_accuracy,
        lost: (condition?.non_finite ?? 0) > 0,
        low: condition?.accuracy_low ?? row.layer_accuracy,
        high: condition?.accuracy_high ?? row.layer_accuracy,
      },
    ];
  });
  if (values.length === 0) return undefined;
  const y = {
    field: 'accuracy',
    type: 'quantitative',
    title: 'Accuracy without the layer (%)',
    scale: { domain: [0, 1] },
    axis: { format: '~%', tickCount: 5 },
  };
  const spec = {
    width: panelWidth,
    height: panelHeight,
    data: { values },
    encoding: { x, y, color: context.color },
    layer: [
      {
        mark: { type: 'rule', strokeWidth: 1.4, opacity: 0.45 },
        encoding: { y: { ...y, field: 'low' }, y2: { field: 'high' } },
      },
      { mark: { type: 'line', strokeWidth: 1.4, opacity: 0.8 }, encoding: { strokeDash: context.dash } },
      { mark: { type: 'point', filled: true, size: 40, opacity: 1 }, encoding: { shape: context.shape } },
      { transform: [{ filter: 'datum.lost' }], mark: lostMark, encoding: { y: { value: LOST_AT } } },
    ],
  };
  return {
    kind: 'figure',
    id: 'fig-layer-accuracy',
    title: 'Accuracy after the loss of a whole layer.',
    panels: [{ title: '', body: await plot('fig-layer-accuracy', 'Accuracy without a layer along the depth', spec) }],
    legend: [
      ...context.legend([...grouped(values, (value) => value.model).keys()]),
      { label: `${context.level} interval over images`, swatch: whiskerSwatch },
      ...(values.some(({ lost }) => lost) ? [lostItem] : []),
    ],
    note: 'All kernels of one layer are set to zero, one condition a layer.',
    reading:
      'A point near the intact accuracy is a layer that the network can do without; a point near chance is a layer on which everything rests.',
  };
}
