import type { KernelGradients } from '../../analysis/kernel-measures.js';
import type { Graph } from '../../network/graph.js';
import type { LabelledCondition } from '../../plan/conditions.js';
import type { ImpulseGroup } from '../../plan/impulses.js';
import type { ModelOutline } from '../../plan/outline.js';
import type { Mode } from '../../spec/words/modes.js';
import type { StopSpec } from '../../spec/study-spec.js';
import type { ImpulseRecord } from '../../probe/gathering.js';
import type { Tensor } from '../../tensor.js';
import type { AblationPreview } from './ablation-preview.js';

/** One condition over all images of its network's data, over those that it was stopped at, or over what is there. */
export interface ConditionResult {
  readonly predicted: Uint16Array;
  readonly loss: Float32Array;
  readonly kl: Float32Array;
  readonly effect: number;
  /** Places in the network's data of the images that the arrays hold, in their order, where these are not all in theirs. */
  readonly images?: Uint32Array;
  /** `partial`: some chunks are missing; the arrays then hold the others. */
  readonly state: 'ok' | 'no-op' | 'partial';
}

/** One ablation of one network, by index of its conditions. */
export interface AblationResult {
  readonly name: string;
  readonly mode: Mode;
  readonly unit: string;
  /** Adaptive: by which rule conditions stop; absent: every condition is on every image. */
  readonly stop?: StopSpec;
  /** Adaptive: what is predicted of its conditions; absent: nothing. */
  readonly preview?: AblationPreview;
  /** Cumulative, and what its order is read from failed: which targets a condition removes is not known, and none was run. */
  readonly unordered?: true;
  readonly conditions: ConditionResults;
}

/** A condition, and what is known of it. */
export interface MeasuredCondition {
  readonly labelled: LabelledCondition;
  readonly result: ConditionResult | undefined;
}

/** Conditions by index, as many as a study has: whoever goes through them holds one at a time. */
export interface ConditionResults extends Iterable<MeasuredCondition> {
  readonly length: number;
  at(index: number): MeasuredCondition | undefined;
}

/** Responses to one group of impulses. */
export interface ResponseResultRead {
  readonly group: ImpulseGroup;
  readonly impulses: readonly ImpulseRecord[];
  readonly tensors: ReadonlyMap<string, Tensor>;
  /** Key of the object in the store. */
  readonly object: string;
}

/** Channel statistics of a site over the reference images. */
export interface SiteProfile {
  readonly mean: Float64Array;
  readonly std: Float64Array;
}

/** What gradients say about the kernels of a network, by site and channel, or why they say nothing. */
export interface GradientsRead {
  readonly refused: string | undefined;
  of(site: string, channel: number): KernelGradients | undefined;
}

/** A condition on everything that was asked for. */
export function isSound(result: ConditionResult | undefined): result is ConditionResult {
  return result !== undefined && result.state !== 'partial';
}

/** Everything stored of one network in one study. */
export interface ModelResults {
  readonly outline: ModelOutline;
  readonly graph: Graph;
  readonly labels: Uint16Array;
  readonly baseline: ConditionResult;
  readonly ablations: readonly AblationResult[];
  readonly responses: readonly { readonly name: string; readonly groups: readonly ResponseResultRead[] }[];
  readonly profile: ReadonlyMap<string, SiteProfile> | undefined;
  /** What gradients say about kernels; undefined where that was not asked for, or is not there. */
  readonly gradients: GradientsRead | undefined;
  readonly parameters: number;
  readonly macs: number;
  /** Parameters and multiply-accumulates by node id. */
  readonly cost: ReadonlyMap<string, { readonly parameters: number; readonly macs: number }>;
}
