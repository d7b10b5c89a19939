import { correctness, robustnessCurve, type CurveInput } from '../../analysis/curve.js';
import { damageOf } from '../../analysis/damage.js';
import type { LabelledCondition } from '../../plan/conditions.js';
import type { AblationRow, CurveRow } from '../../tables/schema.js';
import { baselineOf } from './baseline.js';
import type { AblationResult, ConditionResult, ModelResults } from '../results.js';

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

/** One row a condition, in the ablation's order. Conditions without any result have none. */
export function ablationRows(results: ModelResults, ablation: AblationResult, confidence: number): AblationRow[] {
  return ablation.conditions.flatMap(({ labelled, result }, index) => {
    if (!result || result.state === 'failed' || result.state === 'partial') return [];
    const damage = damageOf(baselineOf(results, result), result, confidence);
    if (!damage?.kl || !damage.deltaLoss || !damage.absDeltaLoss) return [];
    return [
      {
        model: results.outline.model.name,
        ablation: ablation.name,
        mode: ablation.mode,
        unit: ablation.unit,
        index,
        ...printRemoved(labelled),
        removed: labelled.targets.length,
        removed_fraction: labelled.targets.length / labelled.of,
        fill: labelled.fill,
        draw: labelled.draw ?? null,
        fraction: labelled.fraction ?? null,
        trial: labelled.trial ?? null,
        spread: labelled.spread ?? null,
        match: labelled.match ?? null,
        images: damage.images,
        correct: damage.correct,
        accuracy: damage.accuracy.estimate,
        accuracy_low: damage.accuracy.low,
        accuracy_high: damage.accuracy.high,
        kl: damage.kl.estimate,
        kl_low: damage.kl.low,
        kl_high: damage.kl.high,
        delta_loss: damage.deltaLoss.estimate,
        abs_delta_loss: damage.absDeltaLoss.estimate,
        flips: damage.flips / damage.images,
        effect: result.effect,
        state: result.state,
      },
    ];
  });
}

/** Trials of one spread and fill, by fraction. Draws of donors count as trials of their own. */
export interface CurveGroup {
  readonly spread: string | null;
  readonly fill: string;
  readonly inputs: readonly CurveInput[];
}

/** The conditions of an ablation that has fractions, grouped into curves. */
export function curveGroups(results: ModelResults, ablation: AblationResult): CurveGroup[] {
  const groups = new Map<string, { spread: string | null; fill: string; byFraction: Map<number, ConditionResult[]> }>();
  for (const { labelled, result } of ablation.conditions) {
    if (labelled.fraction === undefined || !result || (result.state !== 'ok' && result.state !== 'no-op')) continue;
    const spread = labelled.spread ?? null;
    const name = `${spread} ${labelled.fill}`;
    const group = groups.get(name) ?? { spread, fill: labelled.fill, byFraction: new Map<number, ConditionResult[]>() };
    groups.set(name, group);
    group.byFraction.set(labelled.fraction, [...(group.byFraction.get(labelled.fraction) ?? []), result]);
  }
  return [...groups.values()].map(({ spread, fill, byFraction }) => ({
    spread,
    fill,
    inputs: [...byFraction]
      .sort(([a], [b]) => a - b)
      .map(([fraction, trials]) => ({
        fraction,
        trials: trials.map((trial) => ({ correct: correctness(trial.predicted, results.labels), kl: trial.kl })),
      })),
  }));
}

/** One row a point of a robustness curve. */
export function curveRows(results: ModelResults, ablation: AblationResult, confidence: number): CurveRow[] {
  return curveGroups(results, ablation).flatMap(({ spread, fill, inputs }) =>
    robustnessCurve(inputs, confidence).flatMap((point) =>
      point.kl === null
        ? []
        : [
            {
              model: results.outline.model.name,
              ablation: ablation.name,
              mode: ablation.mode,
              unit: ablation.unit,
              spread,
              fill,
              fraction: point.fraction,
              conditions: point.conditions,
              accuracy: point.accuracy.estimate,
              accuracy_low: point.accuracy.low,
              accuracy_high: point.accuracy.high,
              kl: point.kl.estimate,
              kl_low: point.kl.low,
              kl_high: point.kl.high,
            },
          ],
    ),
  );
}
