import { interactionOf } from '../../../analysis/interaction.js';
import { mean } from '../../../analysis/moments.js';
import { isWhole, knownMean, signedMean, type KnownMean } from '../../../analysis/damage.js';
import type { LabelledCondition } from '../../../plan/conditions.js';
import { weightOf } from '../../../plan/screen.js';
import type { Target } from '../../../plan/target.js';
import { modes } from '../../../spec/words/modes.js';
import type { PairRow } from '../../../tables/schema.js';
import { isSound, type AblationResult, type ConditionResult, type ModelResults } from '../../reading/model-results.js';

/** A pair that was asked for together, and each of its two alone, with the same fill and draw. */
export interface PlannedPair {
  readonly index: number;
  readonly labelled: LabelledCondition;
  readonly a: Member;
  readonly b: Member;
  readonly joint: ConditionResult | undefined;
}

interface Member {
  readonly target: Target;
  /** Number among the targets that the ablation removes alone. */
  readonly unit: number;
  readonly depth: number;
  readonly result: ConditionResult | undefined;
}

/** A pair of which joint and both single conditions are there on all images. */
export interface MeasuredPair extends PlannedPair {
  readonly a: Member & { readonly result: ConditionResult };
  readonly b: Member & { readonly result: ConditionResult };
  readonly joint: ConditionResult;
}

export const isMeasured = (pair: PlannedPair): pair is MeasuredPair =>
  isSound(pair.joint) && isSound(pair.a.result) && isSound(pair.b.result);

export const nameOf = ({ group, channel }: Target): string => `${group}[${channel ?? ''}]`;

/** The pairs of an ablation, in its order; none in other modes. */
export function plannedPairs(results: ModelResults, ablation: AblationResult): PlannedPair[] {
  if (!modes[ablation.mode].pairs) return [];
  const depths = new Map(results.outline.anatomy.sites.map((site) => [site.name, site.normalisedDepth]));
  const units = new Map<string, number>();
  const singles = new Map<string, Member>();
  const keyOf = (target: Target, { fill, draw }: LabelledCondition): string =>
    `${nameOf(target)} ${fill} ${draw ?? ''}`;
  for (const { labelled, result } of ablation.conditions) {
    const [target, second] = labelled.targets;
    if (!target || second) continue;
    const unit = units.get(nameOf(target)) ?? units.size;
    units.set(nameOf(target), unit);
    const depth = depths.get(target.cuts[0]?.site ?? '') ?? 0;
    singles.set(keyOf(target, labelled), { target, unit, depth, result });
  }
  const pairs: PlannedPair[] = [];
  let index = -1;
  for (const { labelled, result } of ablation.conditions) {
    index += 1;
    const [first, second] = labelled.targets;
    if (!first || !second) continue;
    const [a, b] = [singles.get(keyOf(first, labelled)), singles.get(keyOf(second, labelled))];
    if (a && b) pairs.push({ index, labelled, a, b, joint: result });
  }
  return pairs;
}

/** Excess of a pair over additivity, image by image, NaN where it is not finite; undefined where outputs of it are missing. */
export type ExcessOf = (pair: MeasuredPair) => Float64Array | undefined;

/** What pairs are measured by; without `excessOf` no outputs are kept. */
export interface PairSource {
  readonly results: ModelResults;
  readonly excessOf: ExcessOf | undefined;
}

/** By the names that they have in the table `interactions`. */
export type PairMeasureName = 'kl' | 'delta_loss' | 'excess';

/** Of a measured pair, image by image, as it is. */
export const valuesOf = (pair: MeasuredPair, measure: PairMeasureName, source: PairSource): Float64Array | undefined =>
  interactions[measure](pair, source);

const interactions: {
  readonly [M in PairMeasureName]: (pair: MeasuredPair, source: PairSource) => Float64Array | undefined;
} = {
  kl: ({ joint, a, b }) => interactionOf(joint.kl, a.result.kl, b.result.kl),
  delta_loss: ({ joint, a, b }, { results: { baseline } }) =>
    interactionOf(joint.loss, a.result.loss, b.result.loss, baseline.loss),
  excess: (pair, { excessOf }) => excessOf?.(pair),
};

/** Of a pair, image by image; undefined where one of the three conditions lacks a value on an image, since they are compared image by image. */
function wholeInteraction(pair: PlannedPair, measure: PairMeasureName, source: PairSource): Float64Array | undefined {
  const values = isMeasured(pair) ? interactions[measure](pair, source) : undefined;
  return values && isWhole(values) ? values : undefined;
}

/** Means of one condition alone, over the images that have a value; of conditions on all images only. */
function meansOf(
  result: ConditionResult | undefined,
  { baseline }: ModelResults,
): { readonly kl: number | null; readonly deltaLoss: number | null } {
  if (!isSound(result)) return { kl: null, deltaLoss: null };
  const changes = Float64Array.from(result.loss, (loss, i) => loss - (baseline.loss[i] as number));
  const meanOf = (values: Float64Array): number | null => mean(values.filter((value) => Number.isFinite(value)));
  return { kl: meanOf(Float64Array.from(result.kl)), deltaLoss: meanOf(changes) };
}

function interactionMean(
  pair: PlannedPair,
  measure: PairMeasureName,
  source: PairSource,
  level: number,
): KnownMean | null {
  const values = wholeInteraction(pair, measure, source);
  if (!values) return null;
  return measure === 'excess' ? signedMean(values, level) : knownMean(values, level);
}

/** Images on which one of the three conditions has no KL. */
function countNonFinite(pair: MeasuredPair, source: PairSource): number {
  const values = interactions.kl(pair, source) ?? new Float64Array(0);
  return values.reduce((sum, value) => sum + (Number.isFinite(value) ? 0 : 1), 0);
}

/** One row a pair, fill and draw, whatever is known of it. */
export function pairRows(
  results: ModelResults,
  ablation: AblationResult,
  confidence: number,
  excessOf?: ExcessOf,
): PairRow[] {
  const source = { results, excessOf };
  return plannedPairs(results, ablation).map((pair): PairRow => {
    const { index, labelled, a, b, joint } = pair;
    const [kl, loss, excess] = (['kl', 'delta_loss', 'excess'] as const).map((measure) =>
      interactionMean(pair, measure, source, confidence),
    );
    const [alone, other, both] = [a.result, b.result, joint].map((result) => meansOf(result, results)) as [
      ReturnType<typeof meansOf>,
      ReturnType<typeof meansOf>,
      ReturnType<typeof meansOf>,
    ];
    return {
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
      screened: labelled.screened ? (labelled.screened.random ? 'random' : 'kept') : null,
      weight: weightOf(labelled.screened),
      kl_a: alone.kl,
      kl_b: other.kl,
      kl_joint: both.kl,
      kl_additive: excess && both.kl !== null ? both.kl - excess.estimate : null,
      excess: excess?.estimate ?? null,
      excess_low: excess?.low ?? null,
      excess_high: excess?.high ?? null,
      kl_interaction: kl?.estimate ?? null,
      kl_interaction_low: kl?.low ?? null,
      kl_interaction_high: kl?.high ?? null,
      delta_loss_a: alone.deltaLoss,
      delta_loss_b: other.deltaLoss,
      delta_loss_joint: both.deltaLoss,
      delta_loss_interaction: loss?.estimate ?? null,
      delta_loss_interaction_low: loss?.low ?? null,
      delta_loss_interaction_high: loss?.high ?? null,
      images: joint?.kl.length ?? 0,
      non_finite: isMeasured(pair) ? countNonFinite(pair, source) : 0,
      state: isMeasured(pair) ? pair.joint.state : 'failed',
    };
  });
}

export const relationOf = ({ a, b }: PlannedPair): 'layer' | 'across' =>
  a.target.group === b.target.group ? 'layer' : 'across';

/** The pairs of one fill, draw by draw: of each those that are whole by a measure, and one of each that has none. */
export interface FillPairs {
  readonly fill: string;
  readonly known: readonly (readonly MeasuredPair[])[];
  readonly lost: readonly PlannedPair[];
}

/** Pairs by fill, as far as KL, loss and a measure of them are there on every image. */
export function pairsByFill(ablation: AblationResult, measure: PairMeasureName, source: PairSource): FillPairs[] {
  const fills = new Map<string, Map<string, PlannedPair[]>>();
  for (const pair of plannedPairs(source.results, ablation)) {
    const pairs = fills.get(pair.labelled.fill) ?? new Map<string, PlannedPair[]>();
    fills.set(pair.labelled.fill, pairs);
    const name = `${pair.a.unit} ${pair.b.unit}`;
    pairs.set(name, [...(pairs.get(name) ?? []), pair]);
  }
  const isKnown = (pair: PlannedPair): pair is MeasuredPair =>
    (['kl', 'delta_loss', measure] as const).every((one) => wholeInteraction(pair, one, source) !== undefined);
  return [...fills].map(([fill, draws]) => {
    const all = [...draws.values()].map((own) => ({ pair: own[0] as PlannedPair, known: own.filter(isKnown) }));
    return {
      fill,
      known: all.flatMap(({ known }) => (known.length > 0 ? [known] : [])),
      lost: all.flatMap(({ pair, known }) => (known.length > 0 ? [] : [pair])),
    };
  });
}

/** What pairs of a study are measured by, those first that need no kept outputs. */
export const measuresOf = (excessOf: ExcessOf | undefined): readonly PairMeasureName[] => [
  'kl',
  'delta_loss',
  ...(excessOf ? (['excess'] as const) : []),
];
