import type { KernelRow, PredictorRow } from '../../tables/schema.js';
import { grouped, present, type ReportContext } from '../context.js';
import { absent } from '../absent.js';
import { dataTable } from '../data-table.js';
import { lineSwatch, tickSwatch, whiskerSwatch, type Block, type Figure, type Section } from '../figure.js';
import { html } from '../html.js';
import { mainPredictor, predictorValue } from '../main-predictor.js';
import { count, counted, significant, withInterval } from '../number-format.js';
import { nameMargins, panelHeight, panelWidth, plot, shortLabels } from '../plot.js';

/** A scatter plot of more kernels than this shows every k-th of them. */
const most = 1200;

/** Predictors against damage: the scatter of the main one, and all of them with intervals and their ceiling. */
export async function predictors(context: ReportContext): Promise<Section> {
  const rows = context.input.tables.predictors.filter((row) => present(row.spearman));
  const section = { id: 'predictors', title: 'Does the cheap test predict the expensive one?' };
  if (rows.length === 0) {
    return absent(section, {
      needs: html`an ablation of single kernels (<code>mode: each</code>) over three layers or more, and for measures of
        responses <code>impulses:</code>`,
    });
  }
  const blocks: Block[] = [];
  const { withoutGradients } = context.input;
  if (withoutGradients.length > 0)
    blocks.push(html`<p class="small">Without predictors by gradients: ${withoutGradients.join('; ')}.</p>`);
  const scatter = await scatterFigure(context);
  if (scatter) blocks.push(scatter);
  blocks.push(await forest(context, rows));
  return { ...section, blocks };
}

async function scatterFigure(context: ReportContext): Promise<Figure | undefined> {
  const main = mainPredictor(context.input.tables);
  if (main === undefined) return undefined;
  const scattered = `Damage of each kernel (filled with ${main.fill}) against ${main.predictor}.`;
  const lost = context.input.tables.kernels.filter((row) => (row.non_finite ?? 0) > 0).length;
  const panels = [];
  let thinned = false;
  for (const [i, [model, kernels]] of [...grouped(context.input.tables.kernels, (row) => row.model)].entries()) {
    const points = ranksWithinSites(kernels, main.predictor);
    if (points.length === 0) continue;
    const step = Math.ceil(points.length / most);
    thinned ||= step > 1;
    const axis = (field: string, title: string) => ({
      field,
      type: 'quantitative',
      title,
      scale: { domain: [0, 1] },
      axis: { tickCount: 5, grid: true },
    });
    const found = main.rows.find((row) => row.model === model);
    const spec = {
      width: panelWidth,
      height: panelHeight + 30,
      data: { values: points.filter((_, k) => k % step === 0).map((point) => ({ ...point, model })) },
      layer: [
        {
          data: {
            values: [
              { x: 0, y: 0 },
              { x: 1, y: 1 },
            ],
          },
          mark: { type: 'line', color: 'var(--ink-2)', strokeWidth: 1, strokeDash: [4, 4] },
          encoding: {
            x: axis('x', `Rank of ${main.predictor} within its site (0 to 1)`),
            y: axis('y', 'Rank of KL within its site (0 to 1)'),
          },
        },
        {
          mark: { type: 'point', filled: true, size: 22, opacity: 0.55 },
          encoding: {
            x: { field: 'x', type: 'quantitative' },
            y: { field: 'y', type: 'quantitative' },
            color: context.color,
            shape: context.shape,
          },
        },
      ],
    };
    panels.push({
      title: `${model}: ρ = ${found ? withInterval(found.spearman, found.low, found.high) : '–'}, n = ${count(points.length)}`,
      body: await plot(`fig-scatter-${i}`, `Rank of damage against rank of ${main.predictor} in ${model}`, spec),
    });
  }
  if (panels.length === 0) return undefined;
  return {
    kind: 'figure',
    id: 'fig-scatter',
    title: scattered,
    panels,
    legend: [
      ...context.legend(main.rows.map((row) => row.model)),
      { label: 'equal ranks', swatch: lineSwatch('var(--ink-2)', '4 4') },
    ],
    note: `One point a kernel, ranked among the kernels of its own site, so that differences between layers play no part, and spread within the width of its rank.${
      lost > 0
        ? ` ${counted(lost, 'kernel')} whose removal leaves outputs that are not finite ${lost === 1 ? 'has' : 'have'} no point and no part in ρ.`
        : ''
    }${thinned ? ` Of networks with more than ${most} kernels, evenly spaced ones are drawn.` : ''}`,
    reading:
      'Points along the dashed diagonal mean that the cheap measure orders the kernels of a layer as their removal does; an even cloud means that it says nothing.',
  };
}

/**
 * Ranks among the kernels of a site, scaled to [0, 1] and spread evenly within a rank's own width, so that kernels of equal
 * rank do not hide each other; kernels without a KL on every image, and sites with fewer than 4 others, are left out, as in the table.
 */
function ranksWithinSites(kernels: readonly KernelRow[], predictor: string): { x: number; y: number }[] {
  let placed = 0;
  return [...grouped(kernels, (row) => row.site).values()].flatMap((site) => {
    const pairs = site.flatMap((row) => {
      const x = predictorValue(row, predictor);
      return x !== null && row.kl !== null && row.non_finite === 0 ? [{ x, y: row.kl }] : [];
    });
    if (pairs.length < 4) return [];
    const xs = midRanks(pairs.map((pair) => pair.x));
    const ys = midRanks(pairs.map((pair) => pair.y));
    return pairs.map((_, i) => {
      placed += 1;
      // Multiples of the plastic number's powers fill the unit square evenly, without chance.
      const [dx, dy] = [(placed * 0.7548776662466927) % 1, (placed * 0.5698402909980532) % 1];
      return { x: ((xs[i] ?? 0) + dx) / pairs.length, y: ((ys[i] ?? 0) + dy) / pairs.length };
    });
  });
}

/** Ranks from 0; equal values share the mean of their ranks. */
function midRanks(values: readonly number[]): number[] {
  return values.map((value) => {
    const below = values.filter((other) => other < value).length;
    const equal = values.filter((other) => other === value).length;
    return below + (equal - 1) / 2;
  });
}

/** One panel: every predictor of one target, the best on average first, a mark a network. */
function forestSpec(context: ReportContext, models: readonly string[], own: readonly PredictorRow[]) {
  const mean = new Map(
    [...grouped(own, (row) => row.predictor)].map(([name, group]) => [
      name,
      group.reduce((sum, row) => sum + (row.spearman ?? 0), 0) / group.length,
    ]),
  );
  const order = [...mean.keys()].sort((a, b) => (mean.get(b) ?? 0) - (mean.get(a) ?? 0) || (a < b ? -1 : 1));
  const quantitative = (field: string) => ({
    field,
    type: 'quantitative',
    title: 'Rank correlation within sites (Spearman ρ)',
    scale: { domain: [-1, 1] },
    axis: { grid: true, tickCount: 5 },
  });
  const offset = { field: 'model', type: 'nominal', sort: models, scale: { domain: models, paddingOuter: 0.4 } };
  return {
    width: panelWidth - 60,
    height: { step: Math.max(9, Math.min(13, 60 / models.length)), for: 'offset' },
    data: { values: own },
    encoding: {
      y: {
        field: 'predictor',
        type: 'nominal',
        sort: order,
        title: 'Predictor',
        scale: { paddingInner: 0.25 },
        axis: { grid: false, ticks: false, labelExpr: shortLabels(order), maxExtent: 96 },
      },
      yOffset: offset,
    },
    layer: [
      {
        data: { values: [{}] },
        mark: { type: 'rule', color: 'var(--axis)', strokeWidth: 1.4 },
        encoding: { x: { datum: 0, type: 'quantitative', scale: { domain: [-1, 1] } }, y: null, yOffset: null },
      },
      {
        mark: { type: 'rule', strokeWidth: 1.8 },
        encoding: { x: quantitative('low'), x2: { field: 'high' }, color: context.color },
      },
      {
        mark: { type: 'tick', thickness: 2, size: 9, color: 'var(--ink)' },
        encoding: { x: quantitative('ceiling') },
      },
      {
        mark: { type: 'point', filled: true, size: 44, opacity: 1 },
        encoding: { x: quantitative('spearman'), color: context.color, shape: context.shape },
      },
    ],
  };
}

async function forest(context: ReportContext, rows: readonly PredictorRow[]): Promise<Figure> {
  const models = context.models.filter((model) => rows.some((row) => row.model === model));
  const panels = [];
  const hypotheses = grouped(rows, (row) => `${row.target}, filled with ${row.fill}`);
  for (const [i, [hypothesis, own]] of [...hypotheses].entries()) {
    panels.push({
      title: `Target: ${hypothesis}`,
      body: await plot(
        `fig-forest-${i}`,
        `Rank correlations with ${hypothesis}`,
        forestSpec(context, models, own),
        nameMargins,
      ),
    });
  }
  return {
    kind: 'figure',
    id: 'fig-forest',
    title: 'All predictors.',
    panels,
    legend: [
      ...context.legend(models),
      { label: `${context.level} interval`, swatch: whiskerSwatch },
      { label: 'reliability ceiling', swatch: tickSwatch() },
    ],
    note: 'Spearman correlation within sites: mean over sites, which count as drawn from sites like these, and over images. Each interval is of its own; which predictor is best is picked after looking, so that only the lead over all others, with an interval that holds for all comparisons at once, tells it. The ceiling is the highest correlation that the split-half reliability of the damage allows.',
    reading:
      'A correlation is a discovery where its adjusted p says so; how close its marker comes to the black tick says how much of what can be predicted is predicted.',
    numbers: dataTable('Predictors', rows, [
      { head: 'predictor', cell: (row) => row.predictor },
      { head: 'target', cell: (row) => row.target },
      { head: 'fill', cell: (row) => row.fill },
      { head: 'network', cell: (row) => row.model },
      { head: `ρ [${context.level}]`, numeric: true, cell: (row) => withInterval(row.spearman, row.low, row.high) },
      {
        head: `lead (atanh ρ) [${context.level}, all at once]`,
        numeric: true,
        cell: (row) => withInterval(row.lead, row.lead_low, row.lead_high),
      },
      { head: 'between sites (atanh ρ)', numeric: true, cell: (row) => significant(row.between_sites) },
      { head: 'partial ρ', numeric: true, cell: (row) => significant(row.partial) },
      { head: 'p', numeric: true, cell: (row) => significant(row.p) },
      { head: 'p, adjusted', numeric: true, cell: (row) => significant(row.p_adjusted) },
      { head: 'discovery', cell: (row) => (row.discovered === null ? '–' : row.discovered ? 'yes' : 'no') },
      { head: 'reliability', numeric: true, cell: (row) => significant(row.reliability) },
      { head: 'ceiling', numeric: true, cell: (row) => significant(row.ceiling) },
      { head: 'sites', numeric: true, cell: (row) => count(row.sites) },
      { head: 'kernels', numeric: true, cell: (row) => count(row.kernels) },
    ]),
  };
}
