import { comparedFill, estimands } from '../spec/words/estimands.js';
import type { CurveRow } from '../tables/schema.js';
import type { ReportTables } from './gathering.js';
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

export function curveSets(tables: ReportTables): CurveSet[] {
  const keyOf = (row: CurveRow): string => JSON.stringify([row.ablation, row.mode, row.unit, row.spread, row.fill]);
  return [...grouped(tables.curves, keyOf)].flatMap(([key, rows]) => {
    const [first] = rows;
    if (first === undefined) return [];
    const { ablation, mode, unit, spread, fill } = first;
    return [{ key, ablation, mode, unit, spread, fill, rows: rows.toSorted((a, b) => a.fraction - b.fraction) }];
  });
}

/** The set that answers how robust a network is: all depths before one layer, zero before other fills, random before ordered. */
export function mainCurveSet(tables: ReportTables): CurveSet | undefined {
  const rank = (set: CurveSet): number =>
    (set.spread === estimands.network.spread ? 0 : set.spread === null ? 1 : 2) * 4 +
    (set.fill === comparedFill ? 0 : 2) +
    (set.mode === estimands.network.mode ? 0 : 1);
  return curveSets(tables).toSorted((a, b) => rank(a) - rank(b))[0];
}
