import type { ModelRow } from '../../tables/schema.js';
import type { ReportContext } from '../context.js';
import { absent } from '../absent.js';
import { dataTable } from '../data-table.js';
import { tickSwatch, whiskerSwatch, type Section } from '../figure.js';
import { html } from '../html.js';
import { count, percent, percentWithInterval } from '../number-format.js';
import { nameMargins, panelWidth, plot, shortLabels } from '../plot.js';

/** Baselines: the accuracy of the intact networks, against what the study expected. */
export async function baselines(context: ReportContext): Promise<Section> {
  const { input } = context;
  const rows = input.tables.models;
  const section = { id: 'baselines', title: 'Baselines' };
  if (rows.length === 0) {
    return absent(section, { needs: html`a network that runs`, asked: input.study.models.length > 0 });
  }
  return {
    ...section,
    blocks: [
      ...(input.warnings.length === 0
        ? []
        : [
            html`<div class="warnings">
              <ul>
                ${input.warnings.map((warning) => html`<li>${warning}</li>`)}
              </ul>
            </div>`,
          ]),
      {
        kind: 'figure',
        id: 'fig-baselines',
        title: 'Accuracy of the intact networks.',
        panels: [
          {
            title: '',
            body: await plot('fig-baselines', 'Accuracy of the intact networks', accuracySpec(context), nameMargins),
          },
        ],
        legend: [
          ...context.legend(rows.map((row) => row.model)),
          { label: `${context.level} interval`, swatch: whiskerSwatch },
          { label: 'expected', swatch: tickSwatch() },
        ],
        note: 'Share of images classified correctly, with exact intervals (Clopper and Pearson); the upright tick is what the study stated beforehand.',
        reading:
          'A network whose tick lies inside its interval was imported and fed as its author did; the axis does not start at zero.',
      },
      dataTable('Baselines', rows, [
        { head: 'network', cell: (row) => row.model },
        { head: 'images', numeric: true, cell: (row) => count(row.images) },
        {
          head: `accuracy [${context.level}]`,
          numeric: true,
          cell: (row) => percentWithInterval(row.accuracy, row.accuracy_low, row.accuracy_high),
        },
        { head: 'expected', numeric: true, cell: (row) => percent(row.accuracy_expected) },
        { head: 'verdict', cell: (row) => verdictOf(context, row) },
      ]),
    ],
  };
}

/** Accuracies with their intervals, a line a network. */
function accuracySpec(context: ReportContext) {
  const rows = context.input.tables.models;
  const values = rows.map((row) => ({
    model: row.model,
    accuracy: row.accuracy,
    low: row.accuracy_low,
    high: row.accuracy_high,
    expected: row.accuracy_expected,
  }));
  const y = {
    field: 'model',
    type: 'nominal',
    sort: null,
    title: 'Network',
    axis: { labelExpr: shortLabels(rows.map((row) => row.model)), maxExtent: 96 },
  } as const;
  return {
    width: panelWidth - 60,
    height: 34 * rows.length,
    data: { values },
    encoding: { y },
    layer: [
      {
        mark: { type: 'rule', strokeWidth: 2 },
        encoding: {
          x: {
            field: 'low',
            type: 'quantitative',
            title: 'Accuracy (% of images)',
            scale: { zero: false, nice: true, padding: 8 },
            axis: { format: '~%', grid: true, tickCount: 5 },
          },
          x2: { field: 'high' },
          color: context.color,
        },
      },
      {
        mark: { type: 'tick', thickness: 2, size: 20, color: 'var(--ink)' },
        encoding: { x: { field: 'expected', type: 'quantitative' } },
      },
      {
        mark: { type: 'point', filled: true, size: 70, opacity: 1 },
        encoding: { x: { field: 'accuracy', type: 'quantitative' }, color: context.color, shape: context.shape },
      },
    ],
  } as const;
}

/** Whether a network is as accurate as the study expected, in words. */
function verdictOf({ input }: ReportContext, row: ModelRow): string {
  if (row.accuracy_expected === null) return 'nothing expected';
  const off = Math.abs(row.accuracy - row.accuracy_expected);
  const tolerance = input.study.models.find((model) => model.name === row.model)?.expect?.within ?? 0.02;
  return off <= tolerance + 1e-12 ? `as expected (± ${percent(tolerance)})` : `off by ${percent(off)}`;
}
