import { largest } from '../extremes.js';
import type { ReportContext } from './context.js';
import type { PlotSpec } from './plot.js';

/** How an axis prints numbers whose largest is so far from 0: small ones by powers of ten, 0 as it is. */
export const axisNumbers = (values: readonly number[]): { readonly labelExpr: string } => ({
  labelExpr: `datum.value === 0 ? '0' : format(datum.value, '${largest(values.map(Math.abs)) < 1e-3 ? '.1~e' : '~g'}')`,
});

/**
 * Layers of estimates around 0 along some quantity: a dashed line at 0, intervals from the fields `low` to `high`, a line and
 * points by network. `joined`: a Vega expression for the estimates that have a line and points here; all unless told.
 */
export function estimates(context: ReportContext, x: PlotSpec, y: PlotSpec, joined?: string): readonly PlotSpec[] {
  const marks = { color: context.color, x };
  const filter = joined === undefined ? {} : { transform: [{ filter: joined }] };
  return [
    {
      data: { values: [{ zero: 0 }] },
      mark: { type: 'rule', color: 'var(--axis)', strokeDash: [2, 3] },
      encoding: { y: { ...y, field: 'zero' } },
    },
    {
      mark: { type: 'rule', strokeWidth: 1.6, opacity: 0.6 },
      encoding: { ...marks, y: { ...y, field: 'low' }, y2: { field: 'high' } },
    },
    { ...filter, mark: { type: 'line', strokeWidth: 1.8 }, encoding: { ...marks, y, strokeDash: context.dash } },
    {
      ...filter,
      mark: { type: 'point', filled: true, size: 46, opacity: 1 },
      encoding: { ...marks, y, shape: context.shape },
    },
  ];
}
