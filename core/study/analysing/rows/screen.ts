import { mean } from '../../../analysis/moments.js';
import { judgedRanks, missedBeyond } from '../../../analysis/screen.js';
import type { AnalysisSpec } from '../../../spec/study-spec.js';
import type { ScreenRow } from '../../../tables/schema.js';
import type { AblationResult, ModelResults } from '../../reading/model-results.js';
import { sampleOf } from './interaction.js';
import { measuresOf, pairsByFill, type ExcessOf, type FillPairs } from './pair.js';

/** What float32 leaves of 0: as small as this, nothing is large. */
const ROUNDING = 1e-6;

/** How much of what is large a screen has missed, for each fill, measure and rank; nothing where pairs are not screened. */
export function screenRows(
  results: ModelResults,
  ablation: AblationResult,
  { confidence }: AnalysisSpec,
  excessOf?: ExcessOf,
): ScreenRow[] {
  const source = { results, excessOf };
  return measuresOf(excessOf).flatMap((measure) =>
    pairsByFill(ablation, measure, source).flatMap(({ fill, known, lost }: FillPairs): ScreenRow[] => {
      const screening = [...known.flat(), ...lost][0]?.labelled.screened?.screening;
      if (!screening) return [];
      const sample = sampleOf(known, measure, source);
      const valuesOf = (random: boolean): number[] =>
        known.flatMap(([pair], i) => (pair?.labelled.screened?.random === random ? [mean(sample.values(i)) ?? 0] : []));
      const values = { kept: valuesOf(false), random: valuesOf(true), rest: screening.rest };
      return judgedRanks(values.kept.length).map((rank): ScreenRow => {
        const { threshold, found, beyond, missed, share } = missedBeyond(values, rank, ROUNDING, confidence);
        return {
          model: results.outline.model.name,
          ablation: ablation.name,
          unit: ablation.unit,
          fill,
          measure,
          ...screening,
          left_out: lost.length,
          rank,
          threshold,
          found,
          beyond,
          missed: missed?.estimate ?? null,
          missed_low: missed?.low ?? null,
          missed_high: missed?.high ?? null,
          share: share?.estimate ?? null,
          share_low: share?.low ?? null,
          share_high: share?.high ?? null,
        };
      });
    }),
  );
}
