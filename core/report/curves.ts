import type { CurveRow, Tables } from '../tables/schema.js';
import { grouped } from './context.js';

/** Curves that may be compared: same ablation, unit, mode, spread and fill. */
export interface CurveSet {
  readonly key: string;
  readonly ablation: string;
  readonly mode: string;
  readonly unit: string;
  readonly spread: string | null;
  readonly fill: string;
  readonly rows: readonly CurveRow[];
}

export function curveSets(tables: Tables): CurveSet[] {
  const keyOf = (row: CurveRow): string => JSON.stringify([row.ablation, row.mode, row.unit, row.spread, row.fill]);
  return [...grouped(tables.curves, keyOf)].flatMap(([key, rows]) => {
    const [first] = rows;
    if (first === undefined) return [];
    const { ablation, mode, unit, spread, fill } = first;
    return [{ key, ablation, mode, unit, spread, fill, rows: rows.toSorted((a, b) => a.fraction - b.fraction) }];
  });
}

/** The set that answers how robust a network is: all depths before one layer, zero before other fills, random before ordered. */
export function mainCurveSet(tables: Tables): CurveSet | undefined {
  const rank = (set: CurveSet): number =>
    (set.spread === 'all-depths' ? 0 : set.spread === null ? 1 : 2) * 4 +
    (set.fill === 'zero' ? 0 : 2) +
    (set.mode === 'random' ? 0 : 1);
  return curveSets(tables).toSorted((a, b) => rank(a) - rank(b))[0];
}

/** Where a network's accuracy has fallen to half of the intact one. */
export type Halving =
  | { readonly kind: 'at'; readonly fraction: number }
  | { readonly kind: 'before'; readonly fraction: number }
  | { readonly kind: 'beyond'; readonly fraction: number };

/**
 * The removed fraction at which accuracy is half of `intact`, linear between measured fractions and from the intact
 * network at 0; points without an accuracy are passed over. Undefined without a measured fraction. `rows` ascend in fraction.
 */
export function halving(rows: readonly CurveRow[], intact: number | undefined): Halving | undefined {
  const points = rows.flatMap(({ fraction, accuracy }) => (accuracy === null ? [] : [{ fraction, accuracy }]));
  const first = points[0];
  if (first === undefined) return undefined;
  if (intact !== undefined && first.fraction > 0) points.unshift({ fraction: 0, accuracy: intact });
  const half = (intact ?? first.accuracy) / 2;
  for (const [i, point] of points.entries()) {
    if (point.accuracy > half) continue;
    const before = points[i - 1];
    if (before === undefined) return { kind: 'before', fraction: point.fraction };
    const share = (before.accuracy - half) / (before.accuracy - point.accuracy);
    return { kind: 'at', fraction: before.fraction + share * (point.fraction - before.fraction) };
  }
  return { kind: 'beyond', fraction: points.at(-1)?.fraction ?? 0 };
}
