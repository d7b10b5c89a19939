import { meanInteraction, type PairSample } from '../../../analysis/interaction.js';
import { mean, sum } from '../../../analysis/moments.js';
import { distanceClass, distanceClasses } from '../../../plan/quadruples.js';
import { weightOf } from '../../../plan/screen.js';
import type { AnalysisSpec } from '../../../spec/study-spec.js';
import type { InteractionRow } from '../../../tables/schema.js';
import type { AblationResult, ModelResults } from '../../reading/model-results.js';
import {
  measuresOf,
  pairsByFill,
  relationOf,
  valuesOf,
  type ExcessOf,
  type FillPairs,
  type MeasuredPair,
  type PairMeasureName,
  type PairSource,
  type PlannedPair,
} from './pair.js';

/** Draws of donors of one pair are averaged before anything else: they are repeats, not pairs of their own. */
export function sampleOf(
  draws: readonly (readonly MeasuredPair[])[],
  measure: PairMeasureName,
  source: PairSource,
): PairSample {
  const average = (pairs: readonly MeasuredPair[], of: (pair: MeasuredPair) => number): number =>
    mean(pairs.map(of)) ?? 0;
  return {
    pairs: draws.map((pairs) => {
      const { a, b } = pairs[0] as MeasuredPair;
      return {
        a: a.unit,
        b: b.unit,
        across: relationOf(pairs[0] as MeasuredPair) === 'across',
        weight: weightOf(pairs[0]?.labelled.screened),
        singles: average(pairs, (pair) => (mean(pair.a.result.kl) ?? 0) + (mean(pair.b.result.kl) ?? 0)),
      };
    }),
    values: (index) => {
      const pairs = draws[index] as readonly MeasuredPair[];
      const [total = new Float64Array(0), ...others] = pairs.map((pair) => valuesOf(pair, measure, source));
      for (const other of others) other?.forEach((value, i) => void (total[i] = (total[i] as number) + value));
      return pairs.length === 1 ? total : total.map((value) => value / pairs.length);
    },
  };
}

/**
 * Pairs within layers, across layers, and across by distance, for each fill and measure. Of a pair's draws of donors those count that have a
 * value on every image; a pair without any is left out.
 */
export function interactionRows(
  results: ModelResults,
  ablation: AblationResult,
  { confidence }: AnalysisSpec,
  excessOf?: ExcessOf,
): InteractionRow[] {
  const source = { results, excessOf };
  const named = { model: results.outline.model.name, ablation: ablation.name, unit: ablation.unit };
  const measured = measuresOf(excessOf).map((measure) => pairsByFill(ablation, measure, source));
  return (measured[0] ?? []).flatMap(({ fill }, i) =>
    measuresOf(excessOf).flatMap((measure, m) => {
      const { known, lost } = (measured[m] as FillPairs[])[i] as FillPairs;
      const sample = sampleOf(known, measure, source);
      return partRows(sample, known, lost, confidence).map((row) => ({ ...named, fill, measure, ...row }));
    }),
  );
}

type PartRow = Omit<InteractionRow, 'model' | 'ablation' | 'unit' | 'fill' | 'measure'>;

const distanceOf = ({ a, b }: PlannedPair): number => Math.abs(a.depth - b.depth);

function partRows(
  sample: PairSample,
  pairs: readonly (readonly MeasuredPair[])[],
  lost: readonly PlannedPair[],
  confidence: number,
): PartRow[] {
  const distances = pairs.map(([pair]) => distanceOf(pair as MeasuredPair));
  const places = pairs.map((_, index) => index);
  const members = (across: boolean): number[] => places.filter((i) => sample.pairs[i]?.across === across);
  const weighted = (chosen: readonly number[], of: (i: number) => number): number | null => {
    const weights = chosen.map((i) => sample.pairs[i]?.weight ?? 1);
    return chosen.length === 0 ? null : sum(chosen.map((i, at) => (weights[at] as number) * of(i))) / sum(weights);
  };
  const describe = (chosen: readonly number[]): Pick<PartRow, 'pairs' | 'units' | 'singles' | 'distance'> => ({
    pairs: chosen.length,
    units: new Set(chosen.flatMap((i) => [sample.pairs[i]?.a, sample.pairs[i]?.b])).size,
    singles: weighted(chosen, (i) => sample.pairs[i]?.singles ?? 0),
    distance: weighted(chosen, (i) => distances[i] as number),
  });
  const row = (part: string, chosen: readonly number[], leftOut: number, from?: number, to?: number): PartRow[] => {
    const interval = meanInteraction(sample, chosen, confidence);
    // Pairs that were asked for keep their row; what nobody asked for has none.
    if (!interval && leftOut === 0) return [];
    return [
      {
        part,
        distance_low: from ?? null,
        distance_high: to ?? null,
        ...describe(chosen),
        left_out: leftOut,
        interaction: interval?.estimate ?? null,
        low: interval?.low ?? null,
        high: interval?.high ?? null,
      },
    ];
  };
  const across = members(true);
  const lostAcross = lost.filter((pair) => relationOf(pair) === 'across');
  const byDistance = distanceClasses.flatMap((to, i) => {
    const from = distanceClasses[i - 1] ?? 0;
    const inside = (distance: number): boolean => distanceClass(distance) === i;
    return row(
      'distance',
      across.filter((place) => inside(distances[place] as number)),
      lostAcross.filter((pair) => inside(distanceOf(pair))).length,
      from,
      to,
    );
  });
  return [
    ...row('layer', members(false), lost.length - lostAcross.length),
    ...row('across', across, lostAcross.length),
    ...byDistance,
  ];
}
