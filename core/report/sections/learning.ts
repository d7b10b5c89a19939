import { poolNames, type PoolName } from '../../tables/learning-columns.js';
import type { LearningRow } from '../../tables/schema.js';
import { isResolved } from '../../analysis/ridge.js';
import { grouped, unique, type ReportContext } from '../context.js';
import { absent } from '../absent.js';
import { dataTable } from '../data-table.js';
import { bandSwatch, type Figure, type Section } from '../figure.js';
import { html, type Html } from '../html.js';
import { bracket, count, significant } from '../number-format.js';
import { panelHeight, panelWidth, plot } from '../plot.js';

const titles: { readonly [P in PoolName]: string } = {
  same: 'From kernels of the same site',
  far: 'From kernels of far sites',
};

/** Mean over all kernels of a network, from one kind of pool, by so many base images. */
interface Point {
  readonly model: string;
  readonly pool: PoolName;
  readonly bases: number;
  readonly kernels: number;
  readonly low: number;
  readonly high: number;
}

/** How R² grows with the number of base images, and whether its two ends have met. */
export async function learning(context: ReportContext): Promise<Section> {
  const section = { id: 'learning', title: 'How many base images R² needs' };
  const points = pointsOf(context.input.tables.learning);
  if (points.length === 0) {
    const settled = resolutions(context);
    return settled.length > 0
      ? { ...section, blocks: settled }
      : absent(section, { needs: html`impulses of both signs on several images (<code>base: { images: 64 }</code>)` });
  }
  const panels = [];
  for (const pool of poolNames) {
    const own = points.filter((point) => point.pool === pool);
    if (own.length > 0) panels.push({ title: titles[pool], body: await panel(context, pool, own) });
  }
  const figure: Figure = {
    kind: 'figure',
    id: 'fig-learning',
    title: 'R² of kernels by the number of base images.',
    panels,
    legend: [
      ...context.legend(unique(points.map(({ model }) => model))),
      { label: 'from the lower end (marked) to the upper', swatch: bandSwatch },
    ],
    note: 'Mean over the kernels that have a value at every number of base images (fewer than in other sections, where some have none), from pools of one size. The lower end is scored on base images that were not fitted to, the upper end on those that were.',
    reading:
      'The value for endless base images lies between the ends, as far as the lower one still rises: where a band is wider than 0.1 at its right end, R² is not resolved.',
    numbers: dataTable('R² by base images', points, [
      { head: 'network', cell: (point) => point.model },
      { head: 'predicted from', cell: (point) => titles[point.pool] },
      { head: 'base images', numeric: true, cell: (point) => count(point.bases) },
      { head: 'R²', numeric: true, cell: (point) => bracket(point.low, point.high) },
      { head: 'resolved', cell: (point) => (isResolved(point) ? 'yes' : 'no') },
      { head: 'kernels', numeric: true, cell: (point) => count(point.kernels) },
    ]),
  };
  return { ...section, blocks: [figure, ...resolutions(context)] };
}

const states = new Map([
  ['resolved', 'resolved'],
  ['budget', 'not resolved: the budget is spent'],
  ['undecided', 'undecided: a response failed'],
]);

/** What impulses with `resolve` took, a row a network; nothing where there are none. */
function resolutions({ input }: ReportContext): readonly Html[] {
  const rows = input.tables.resolutions;
  if (rows.length === 0) return [];
  const wide = (wish: number | null): string => (wish === null ? '–' : significant(wish));
  return [
    html`<h3>As many base images as it takes</h3>
      <p class="small">
        Base images were added until brackets were as narrow as the spec wishes, within its budget. The rule looks at
        widths alone; nulls got the same base images as their network.
      </p>
      ${dataTable('Base images that were taken', rows, [
        { head: 'network', cell: (row) => row.model },
        { head: 'impulses', cell: (row) => row.impulse },
        { head: 'ended', cell: (row) => states.get(row.state) ?? row.state },
        { head: 'base images', numeric: true, cell: (row) => `${count(row.images)} of ${count(row.most_images)}` },
        { head: 'positions', numeric: true, cell: (row) => `${count(row.positions)} of ${count(row.most_positions)}` },
        { head: 'R², same site', numeric: true, cell: (row) => bracket(row.r2_same_low, row.r2_same_high) },
        { head: 'R², far sites', numeric: true, cell: (row) => bracket(row.r2_far_low, row.r2_far_high) },
        { head: 'wished', numeric: true, cell: (row) => wide(row.r2_wish) },
        { head: 'SR to plug-in', numeric: true, cell: (row) => bracket(row.sr, row.sr_plugin) },
        { head: 'wished', numeric: true, cell: (row) => wide(row.sr_wish) },
      ])}`,
  ];
}

function pointsOf(rows: readonly LearningRow[]): Point[] {
  const ofPools = poolNames.flatMap((pool) => rows.filter((row) => row.pool === pool).map((row) => ({ ...row, pool })));
  return [...grouped(ofPools, (row) => JSON.stringify([row.model, row.pool, row.bases])).values()].flatMap((own) => {
    const [first] = own;
    if (!first) return [];
    const { model, pool, bases } = first;
    const kernels = own.reduce((sum, row) => sum + row.kernels, 0);
    const mean = (of: (row: LearningRow) => number): number =>
      own.reduce((sum, row) => sum + row.kernels * of(row), 0) / kernels;
    return [{ model, pool, bases, kernels, low: mean((row) => row.r2_low), high: mean((row) => row.r2_high) }];
  });
}

function panel(context: ReportContext, pool: PoolName, values: readonly Point[]): Promise<Html> {
  const y = {
    type: 'quantitative',
    title: 'Mean R² of kernels (share of variance)',
    axis: { tickCount: 5, grid: true },
  };
  const spec = {
    width: panelWidth,
    height: panelHeight,
    data: { values },
    encoding: {
      x: {
        field: 'bases',
        type: 'quantitative',
        title: 'Base images (number)',
        scale: { type: 'log', base: 2, nice: false, padding: 6 },
        axis: { values: unique(values.map(({ bases }) => bases)), format: 'd', grid: false },
      },
      color: context.color,
    },
    layer: [
      {
        mark: { type: 'area', opacity: 0.16 },
        encoding: { y: { field: 'low', ...y }, y2: { field: 'high' }, color: { ...context.color } },
      },
      { mark: { type: 'line', strokeWidth: 1.8 }, encoding: { y: { field: 'low', ...y }, strokeDash: context.dash } },
      { mark: { type: 'line', strokeWidth: 1 }, encoding: { y: { field: 'high', ...y }, strokeDash: context.dash } },
      {
        mark: { type: 'point', filled: true, size: 36, opacity: 1 },
        encoding: { y: { field: 'low', ...y }, shape: context.shape },
      },
    ],
  };
  return plot(`fig-learning-${pool}`, `R² of kernels by base images, ${titles[pool]}`, spec);
}
