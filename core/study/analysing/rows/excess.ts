import { excessOver } from '../../../analysis/exceedance.js';
import { systemicExcess, type SystemicRedundancy } from '../../../analysis/systemic.js';
import { nullOf } from '../../../plan/network-variant.js';
import { nulls, type NullName } from '../../../spec/words/nulls.js';
import type { AnalysisSpec } from '../../../spec/study-spec.js';
import type { ExcessRow } from '../../../tables/schema.js';
import { wordsOf } from '../../../word-table.js';
import type { MeasuredNetworks } from './null.js';
import type { NetworkRedundancy } from './redundancy.js';

/** What nulls of one kind have. */
interface Against {
  readonly systemic: readonly SystemicRedundancy[];
  /** Of unrelated networks none: their pools are of their own size. */
  readonly same: readonly number[];
  readonly far: readonly number[];
}

function againstOf(
  model: string,
  kind: NullName,
  measured: MeasuredNetworks,
  { nulls: { unrelated } }: AnalysisSpec,
): Against {
  if (kind === 'unrelated') {
    const others = unrelated.flatMap((name) => (name === model ? [] : (measured.get(name)?.intact.systemic ?? [])));
    return { systemic: others, same: [], far: [] };
  }
  const own = (measured.get(model)?.nulls ?? []).filter(({ variant }) => nullOf(variant).kind === kind);
  const known = (reach: keyof NetworkRedundancy['once']): number[] => own.flatMap(({ once }) => once[reach] ?? []);
  return { systemic: own.flatMap(({ systemic }) => systemic ?? []), same: known('same'), far: known('far') };
}

/** One row a measure and kind of null of a network: kind by kind, since a p among nulls of several kinds would be of none. */
export function excessRows(model: string, measured: MeasuredNetworks, analysis: AnalysisSpec): ExcessRow[] {
  const intact = measured.get(model)?.intact;
  if (!intact) return [];
  return wordsOf(nulls).flatMap((kind) => {
    const { systemic, same, far } = againstOf(model, kind, measured, analysis);
    const row = (
      measure: ExcessRow['measure'],
      value: number | null | undefined,
      others: readonly number[],
      interval: { readonly low: number; readonly high: number } | null = null,
    ): ExcessRow[] => {
      const over = value === null || value === undefined ? null : excessOver(value, others);
      if (value === null || value === undefined || over === null) return [];
      const { mean, spread, excess, p } = over;
      return [
        {
          model,
          measure,
          kind,
          nulls: others.length,
          value,
          null_mean: mean,
          null_sd: spread,
          excess,
          excess_low: interval?.low ?? null,
          excess_high: interval?.high ?? null,
          p,
        },
      ];
    };
    const own = intact.systemic;
    const against = own ? systemicExcess(own, systemic, analysis.confidence) : null;
    return [
      ...row(
        'sr',
        own?.value,
        systemic.map(({ value }) => value),
        against?.excess.interval,
      ),
      ...row('r2_same', intact.once.same, same),
      ...row('r2_far', intact.once.far, far),
    ];
  });
}
