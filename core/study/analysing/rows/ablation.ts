import { correctness, robustnessCurve, type CurveInput, type Trial } from '../../../analysis/curve.js';
import { damageOf, type Damage } from '../../../analysis/damage.js';
import type { LabelledCondition } from '../../../plan/conditions.js';
import { unorderedConditions, type ModelOutline } from '../../../plan/outline.js';
import type { AblationRow, CurveRow } from '../../../tables/schema.js';
import { baselineOf } from './baseline.js';
import { isSound, type AblationResult, type ConditionResult, type ModelResults } from '../../reading/model-results.js';

const LONGEST = 6;

/** `layer1.0.conv1[3,7] layer2.0.conv1[1]`; long lists end in a count. */
export function printRemoved(labelled: LabelledCondition): { readonly layers: string; readonly channels: string } {
  const groups = new Map<string, number[]>();
  for (const target of labelled.targets) {
    const channels = groups.get(target.group) ?? [];
    if (target.channel !== undefined) channels.push(target.channel);
    groups.set(target.group, channels);
  }
  const shorten = (items: readonly string[]): string =>
    items.length > LONGEST ? `${items.slice(0, LONGEST).join(' ')} … (${items.length})` : items.join(' ');
  const sorted = [...groups].map(([group, channels]) => [group, channels.sort((a, b) => a - b)] as const);
  return {
    layers: shorten(sorted.map(([group]) => group)),
    channels: shorten(
      sorted.map(([group, channels]) => (channels.length > 0 ? `${group}[${channels.join(',')}]` : group)),
    ),
  };
}

/** What was removed, and nothing else yet; without an order it is known how much, not what. */
export const describeCondition = (labelled: LabelledCondition, ordered: boolean) => ({
  ...(ordered ? printRemoved(labelled) : { layers: '', channels: '' }),
  removed: labelled.targets.length,
  removed_fraction: labelled.targets.length / labelled.of,
  fill: labelled.fill,
  draw: labelled.draw ?? null,
  fraction: labelled.fraction ?? null,
  trial: labelled.trial ?? null,
  spread: labelled.spread ?? null,
  match: labelled.match ?? null,
  frozen: labelled.frozen ?? null,
});

/** What was measured: of a condition that failed, that nothing was. */
const measure = (damage: Damage | null, result: ConditionResult | undefined) => ({
  images: damage?.images ?? 0,
  correct: damage?.correct ?? 0,
  accuracy: damage?.accuracy.estimate ?? null,
  accuracy_low: damage?.accuracy.low ?? null,
  accuracy_high: damage?.accuracy.high ?? null,
  kl: damage?.kl?.estimate ?? null,
  kl_low: damage?.kl?.low ?? null,
  kl_high: damage?.kl?.high ?? null,
  delta_loss: damage?.deltaLoss?.estimate ?? null,
  abs_delta_loss: damage?.absDeltaLoss?.estimate ?? null,
  flips: damage ? damage.flips / damage.images : null,
  non_finite: damage?.nonFinite ?? 0,
  effect: result?.effect ?? null,
  state: result?.state ?? 'failed',
});

/** One row a condition, in the ablation's order, whatever is known of it. */
export function* ablationRows(
  results: ModelResults,
  ablation: AblationResult,
  confidence: number,
): Generator<AblationRow> {
  const { name, mode, unit, unordered } = ablation;
  let index = -1;
  for (const { labelled, result } of ablation.conditions) {
    index += 1;
    yield {
      model: results.outline.model.name,
      ablation: name,
      mode,
      unit,
      index,
      ...describeCondition(labelled, !unordered),
      ...measure(result ? damageOf(baselineOf(results, result), result, confidence) : null, result),
    };
  }
}

/** The rows of a network's conditions where the intact network itself could not be run: nothing is known of any. */
export function* unmeasuredRows(outline: ModelOutline, seed: number): Generator<AblationRow> {
  for (const { spec, list } of outline.ablations) {
    const conditions = list ?? unorderedConditions(outline, spec, seed);
    for (let index = 0; index < conditions.length; index++) {
      yield {
        model: outline.model.name,
        ablation: spec.name,
        mode: spec.mode,
        unit: spec.unit,
        index,
        ...describeCondition(conditions.at(index), list !== undefined),
        ...measure(null, undefined),
      };
    }
  }
}

/** Trials of one spread and fill, by fraction. Draws of donors count as trials of their own. */
export interface CurveGroup {
  readonly spread: string | null;
  readonly fill: string;
  /** By ascending fraction. */
  readonly inputs: readonly CurveInput[];
  /** By fraction: conditions that were asked for and did not run on all images. */
  readonly missing: ReadonlyMap<number, number>;
}

/** The conditions of one fraction: which of them ran on all images, and how many did not. */
interface AtFraction {
  readonly sound: number[];
  missing: number;
}

/** The conditions of an ablation that has fractions, grouped into curves; trials are read when they are gone through. */
export function curveGroups(results: ModelResults, ablation: AblationResult): CurveGroup[] {
  const groups = new Map<string, { spread: string | null; fill: string; byFraction: Map<number, AtFraction> }>();
  let index = -1;
  for (const { labelled, result } of ablation.conditions) {
    index += 1;
    const { fraction, spread = null, fill } = labelled;
    if (fraction === undefined) continue;
    const name = `${spread} ${fill}`;
    const group = groups.get(name) ?? { spread, fill, byFraction: new Map<number, AtFraction>() };
    groups.set(name, group);
    const at = group.byFraction.get(fraction) ?? { sound: [], missing: 0 };
    group.byFraction.set(fraction, at);
    if (isSound(result)) at.sound.push(index);
    else at.missing += 1;
  }
  return [...groups.values()].map(({ spread, fill, byFraction }) => ({
    spread,
    fill,
    inputs: [...byFraction]
      .sort(([a], [b]) => a - b)
      .map(([fraction, { sound }]) => ({ fraction, trials: new Trials(results, ablation, sound) })),
    missing: new Map([...byFraction].map(([fraction, { missing }]) => [fraction, missing])),
  }));
}

/** Conditions by their indices, as trials; none is kept. */
class Trials implements Iterable<Trial> {
  readonly #results: ModelResults;
  readonly #ablation: AblationResult;
  readonly #indices: readonly number[];

  constructor(results: ModelResults, ablation: AblationResult, indices: readonly number[]) {
    this.#results = results;
    this.#ablation = ablation;
    this.#indices = indices;
  }

  *[Symbol.iterator](): Generator<Trial> {
    for (const index of this.#indices) {
      const result = this.#ablation.conditions.at(index)?.result;
      if (result) yield { correct: correctness(result.predicted, this.#results.labels), kl: result.kl };
    }
  }
}

/** One row a point of a robustness curve. */
export function curveRows(results: ModelResults, ablation: AblationResult, confidence: number): CurveRow[] {
  return curveGroups(results, ablation).flatMap(({ spread, fill, inputs, missing }) =>
    robustnessCurve(inputs, confidence).map((point) => ({
      model: results.outline.model.name,
      ablation: ablation.name,
      mode: ablation.mode,
      unit: ablation.unit,
      spread,
      fill,
      fraction: point.fraction,
      conditions: point.conditions,
      missing: missing.get(point.fraction) ?? 0,
      accuracy: point.accuracy?.estimate ?? null,
      accuracy_low: point.accuracy?.low ?? null,
      accuracy_high: point.accuracy?.high ?? null,
      kl: point.kl?.estimate ?? null,
      kl_low: point.kl?.low ?? null,
      kl_high: point.kl?.high ?? null,
      non_finite: point.nonFinite,
    })),
  );
}
