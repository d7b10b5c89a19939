import { depthContrast, interactionOf, meanInteraction, type PairSample } from '../../analysis/interaction.js';
import { mean } from '../../analysis/moments.js';
import { meanInterval } from '../../analysis/interval.js';
import type { LabelledCondition } from '../../plan/conditions.js';
import type { Target } from '../../plan/target.js';
import type { AnalysisSpec } from '../../spec/study-spec.js';
import type { InteractionRow, PairRow } from '../../tables/schema.js';
import type { AblationResult, ConditionResult, ModelResults } from '../results.js';

/** Distances in normalised depth by which pairs across layers are grouped: upper ends, ascending. */
const DISTANCES = [0.2, 0.4, 0.6, 0.8, 1];

/** A pair that was removed together, and each of its two alone, with the same fill and draw. */
export interface MeasuredPair {
  readonly index: number;
  readonly labelled: LabelledCondition;
  readonly a: Member;
  readonly b: Member;
  readonly joint: ConditionResult;
}

interface Member {
  readonly target: Target;
  /** Number among the targets that the ablation removed alone. */
  readonly unit: number;
  readonly depth: number;
  readonly result: ConditionResult;
}

const sound = (result: ConditionResult | undefined): result is ConditionResult =>
  result !== undefined && (result.state === 'ok' || result.state === 'no-op');

const nameOf = ({ group, channel }: Target): string => `${group}[${channel ?? ''}]`;

/** The pairs of an ablation of which joint and both single conditions are there, in its order; none in other modes. */
export function measuredPairs(results: ModelResults, ablation: AblationResult): MeasuredPair[] {
  if (ablation.mode !== 'pairs') return [];
  const depths = new Map(results.outline.anatomy.sites.map((site) => [site.name, site.normalisedDepth]));
  const units = new Map<string, number>();
  const singles = new Map<string, Member>();
  const keyOf = (target: Target, { fill, draw }: LabelledCondition): string =>
    `${nameOf(target)} ${fill} ${draw ?? ''}`;
  for (const { labelled, result } of ablation.conditions) {
    const [target, second] = labelled.targets;
    if (!target || second || !sound(result)) continue;
    const unit = units.get(nameOf(target)) ?? units.size;
    units.set(nameOf(target), unit);
    const depth = depths.get(target.cuts[0]?.site ?? '') ?? 0;
    singles.set(keyOf(target, labelled), { target, unit, depth, result });
  }
  return ablation.conditions.flatMap(({ labelled, result }, index): MeasuredPair[] => {
    const [first, second] = labelled.targets;
    if (!first || !second || !sound(result)) return [];
    const [a, b] = [singles.get(keyOf(first, labelled)), singles.get(keyOf(second, labelled))];
    return a && b ? [{ index, labelled, a, b, joint: result }] : [];
  });
}

type Measure = 'kl' | 'delta_loss';

const interactions: { readonly [M in Measure]: (pair: MeasuredPair, results: ModelResults) => Float64Array } = {
  kl: ({ joint, a, b }) => interactionOf(joint.kl, a.result.kl, b.result.kl),
  delta_loss: ({ joint, a, b }, { baseline }) => interactionOf(joint.loss, a.result.loss, b.result.loss, baseline.loss),
};

const deltaLoss = (result: ConditionResult, { baseline }: ModelResults): number =>
  mean(Float64Array.from(result.loss, (loss, i) => loss - (baseline.loss[i] as number))) ?? 0;

/** One row a pair, fill and draw. Pairs with a value that is not finite have none. */
export function pairRows(results: ModelResults, ablation: AblationResult, confidence: number): PairRow[] {
  return measuredPairs(results, ablation).flatMap((pair): PairRow[] => {
    const { index, labelled, a, b, joint } = pair;
    const kl = meanInterval(interactions.kl(pair, results), confidence);
    const loss = meanInterval(interactions.delta_loss(pair, results), confidence);
    if (!kl || !loss || !Number.isFinite(kl.estimate + loss.estimate + kl.high + loss.high)) return [];
    return [
      {
        model: results.outline.model.name,
        ablation: ablation.name,
        unit: ablation.unit,
        index,
        fill: labelled.fill,
        draw: labelled.draw ?? null,
        layer_a: a.target.group,
        channel_a: a.target.channel ?? null,
        layer_b: b.target.group,
        channel_b: b.target.channel ?? null,
        relation: relationOf(pair),
        depth_a: a.depth,
        depth_b: b.depth,
        distance: Math.abs(a.depth - b.depth),
        kl_a: mean(a.result.kl) ?? 0,
        kl_b: mean(b.result.kl) ?? 0,
        kl_joint: mean(joint.kl) ?? 0,
        kl_interaction: kl.estimate,
        kl_interaction_low: kl.low,
        kl_interaction_high: kl.high,
        delta_loss_a: deltaLoss(a.result, results),
        delta_loss_b: deltaLoss(b.result, results),
        delta_loss_joint: deltaLoss(joint, results),
        delta_loss_interaction: loss.estimate,
        delta_loss_interaction_low: loss.low,
        delta_loss_interaction_high: loss.high,
        images: joint.kl.length,
        state: joint.state,
      },
    ];
  });
}

const relationOf = ({ a, b }: MeasuredPair): 'layer' | 'across' =>
  a.target.group === b.target.group ? 'layer' : 'across';

/** Draws of donors of one pair are averaged before anything else: they are repeats, not pairs of their own. */
function sampleOf(draws: readonly (readonly MeasuredPair[])[], measure: Measure, results: ModelResults): PairSample {
  const average = (pairs: readonly MeasuredPair[], of: (pair: MeasuredPair) => number): number =>
    mean(pairs.map(of)) ?? 0;
  return {
    pairs: draws.map((pairs) => {
      const { a, b } = pairs[0] as MeasuredPair;
      return {
        a: a.unit,
        b: b.unit,
        across: relationOf(pairs[0] as MeasuredPair) === 'across',
        singles: average(pairs, (pair) => (mean(pair.a.result.kl) ?? 0) + (mean(pair.b.result.kl) ?? 0)),
      };
    }),
    values: (index) => {
      const pairs = draws[index] as readonly MeasuredPair[];
      const total = interactions[measure](pairs[0] as MeasuredPair, results);
      for (const pair of pairs.slice(1)) {
        interactions[measure](pair, results).forEach((value, i) => void (total[i] = (total[i] as number) + value));
      }
      return pairs.length === 1 ? total : total.map((value) => value / pairs.length);
    },
  };
}

/** Pairs within layers, across layers, across by distance, and the difference, for each fill and measure. */
export function interactionRows(
  results: ModelResults,
  ablation: AblationResult,
  analysis: AnalysisSpec,
  seed: number,
): InteractionRow[] {
  const finite = measuredPairs(results, ablation).filter((pair) =>
    (['kl', 'delta_loss'] as const).every((measure) => interactions[measure](pair, results).every(Number.isFinite)),
  );
  const fills = new Map<string, Map<string, MeasuredPair[]>>();
  for (const pair of finite) {
    const draws = fills.get(pair.labelled.fill) ?? new Map<string, MeasuredPair[]>();
    fills.set(pair.labelled.fill, draws);
    const name = `${pair.a.unit} ${pair.b.unit}`;
    draws.set(name, [...(draws.get(name) ?? []), pair]);
  }
  return [...fills].flatMap(([fill, draws]) =>
    (['kl', 'delta_loss'] as const).flatMap((measure) => {
      const pairs = [...draws.values()];
      const sample = sampleOf(pairs, measure, results);
      const named = { model: results.outline.model.name, ablation: ablation.name, unit: ablation.unit, fill, measure };
      return partRows(sample, pairs, analysis, seed, [named.model, named.ablation, fill, measure]).map((row) => ({
        ...named,
        ...row,
      }));
    }),
  );
}

type PartRow = Omit<InteractionRow, 'model' | 'ablation' | 'unit' | 'fill' | 'measure'>;

function partRows(
  sample: PairSample,
  pairs: readonly (readonly MeasuredPair[])[],
  analysis: AnalysisSpec,
  seed: number,
  purpose: readonly string[],
): PartRow[] {
  const distances = pairs.map(([pair]) => Math.abs((pair as MeasuredPair).a.depth - (pair as MeasuredPair).b.depth));
  const places = pairs.map((_, index) => index);
  const members = (across: boolean): number[] => places.filter((i) => sample.pairs[i]?.across === across);
  const describe = (chosen: readonly number[]): Pick<PartRow, 'pairs' | 'units' | 'singles' | 'distance'> => ({
    pairs: chosen.length,
    units: new Set(chosen.flatMap((i) => [sample.pairs[i]?.a, sample.pairs[i]?.b])).size,
    singles: mean(chosen.map((i) => sample.pairs[i]?.singles ?? 0)) ?? 0,
    distance: mean(chosen.map((i) => distances[i] as number)) ?? 0,
  });
  const row = (part: string, chosen: readonly number[], from: number | null, to: number | null): PartRow[] => {
    const interval = meanInteraction(sample, chosen, analysis.confidence);
    if (!interval) return [];
    const { estimate, low, high } = interval;
    return [
      { part, distance_low: from, distance_high: to, ...describe(chosen), interaction: estimate, low, high, p: null },
    ];
  };
  const across = members(true);
  const byDistance = DISTANCES.flatMap((to, i) => {
    const from = DISTANCES[i - 1] ?? 0;
    const inside = (distance: number): boolean => distance <= to + 1e-9 && (i === 0 || distance > from + 1e-9);
    return row(
      'distance',
      across.filter((place) => inside(distances[place] as number)),
      from,
      to,
    );
  });
  const contrast = depthContrast(sample, { seed, purpose, level: analysis.confidence });
  const difference: PartRow[] = contrast
    ? [
        {
          part: 'difference',
          distance_low: null,
          distance_high: null,
          ...describe(places),
          pairs: contrast.pairs,
          interaction: contrast.interval.estimate,
          low: contrast.interval.low,
          high: contrast.interval.high,
          p: contrast.p,
        },
      ]
    : [];
  return [
    ...row('layer', members(false), null, null),
    ...row('across', across, null, null),
    ...byDistance,
    ...difference,
  ];
}
