/**
 * The tables of a study: what analysis hands to Parquet, to the report and to people. One object a row; `null` where a
 * number does not exist (too few kernels, no null network yet), never NaN. Columns are documented in `docs/tables.md`.
 */

import type { KernelRow } from './kernel-row.js';
import type { LearningRow } from './learning-row.js';
import type { SimilarityRow } from './similarity-row.js';
import type { StopRow } from './stop-row.js';

export type { KernelRow, LearningRow, SimilarityRow, StopRow };

/** A number with its confidence interval at the study's level. */
export interface ModelRow {
  model: string;
  format: string;
  parameters: number;
  macs: number;
  layers: number;
  kernels: number;
  images: number;
  accuracy: number;
  accuracy_low: number;
  accuracy_high: number;
  accuracy_expected: number | null;
  /** Area under accuracy / intact accuracy over removed fraction (all depths, zero), normalised to the range measured. */
  robustness_area: number | null;
  robustness_low: number | null;
  robustness_high: number | null;
  /** Systemic redundancy, rarefied, of the intact network and of its null, and their difference. */
  sr: number | null;
  sr_low: number | null;
  sr_high: number | null;
  sr_plugin: number | null;
  sr_resolved: boolean | null;
  sr_null: number | null;
  sr_null_low: number | null;
  sr_null_high: number | null;
  sr_excess: number | null;
  sr_excess_low: number | null;
  sr_excess_high: number | null;
  sr_p: number | null;
  /** Mean over kernels of R² from the other kernels of the site, and from sites far away, with what the null gives. */
  r2_same_low: number | null;
  r2_same_high: number | null;
  r2_same_resolved: boolean | null;
  r2_same_null: number | null;
  r2_far_low: number | null;
  r2_far_high: number | null;
  r2_far_resolved: boolean | null;
  r2_far_null: number | null;
  /** Split-half reliability (Spearman-Brown) of the ranking of kernels by KL. */
  reliability_kl: number | null;
  dead_kernels: number | null;
  silent_kernels: number | null;
}

export interface LayerRow {
  model: string;
  layer: string;
  site: string;
  depth: number;
  normalised_depth: number;
  type: string;
  kernels: number;
  parameters: number;
  macs: number;
  stride: number;
  receptive_field: number;
  whole_image: boolean;
  /** Leave-one-kernel-out, fill zero: mean over the layer's kernels of mean KL, with its interval over kernels. */
  kernel_kl: number | null;
  kernel_kl_low: number | null;
  kernel_kl_high: number | null;
  /** The whole layer removed, fill zero. */
  layer_kl: number | null;
  layer_accuracy: number | null;
  dead_kernels: number | null;
  linearity: number | null;
  r2_same_low: number | null;
  r2_same_high: number | null;
  r2_same_resolved: boolean | null;
  r2_far_low: number | null;
  r2_far_high: number | null;
  r2_far_resolved: boolean | null;
}

/** One condition; resample draws are rows of their own. */
export interface AblationRow {
  model: string;
  ablation: string;
  mode: string;
  unit: string;
  index: number;
  /** Readable: layer names and channels, `layer1.0.conv1[3,7]`, shortened with a count when long. */
  layers: string;
  channels: string;
  removed: number;
  removed_fraction: number;
  fill: string;
  draw: number | null;
  fraction: number | null;
  trial: number | null;
  spread: string | null;
  match: string | null;
  images: number;
  correct: number;
  /** Null where nothing could be measured: the condition failed, or no image has a finite output. */
  accuracy: number | null;
  accuracy_low: number | null;
  accuracy_high: number | null;
  kl: number | null;
  kl_low: number | null;
  kl_high: number | null;
  delta_loss: number | null;
  abs_delta_loss: number | null;
  flips: number | null;
  non_finite: number;
  effect: number | null;
  /** ok, no-op, partial (some chunks missing) or failed. */
  state: string;
}

export interface CurveRow {
  model: string;
  ablation: string;
  mode: string;
  unit: string;
  spread: string | null;
  fill: string;
  fraction: number;
  conditions: number;
  missing: number;
  accuracy: number | null;
  accuracy_low: number | null;
  accuracy_high: number | null;
  kl: number | null;
  kl_low: number | null;
  kl_high: number | null;
  /** Conditions × images. */
  non_finite: number;
}

/** Two units removed together, and what that does beyond removing each alone. */
export interface PairRow {
  model: string;
  ablation: string;
  unit: string;
  /** Of the joint condition, as in `ablations`. */
  index: number;
  fill: string;
  draw: number | null;
  layer_a: string;
  channel_a: number | null;
  layer_b: string;
  channel_b: number | null;
  /** layer or across. */
  relation: string;
  depth_a: number;
  depth_b: number;
  distance: number;
  kl_a: number | null;
  kl_b: number | null;
  kl_joint: number | null;
  /** Mean over images of joint − a − b. */
  kl_interaction: number | null;
  kl_interaction_low: number | null;
  kl_interaction_high: number | null;
  delta_loss_a: number | null;
  delta_loss_b: number | null;
  delta_loss_joint: number | null;
  delta_loss_interaction: number | null;
  delta_loss_interaction_low: number | null;
  delta_loss_interaction_high: number | null;
  images: number;
  non_finite: number;
  state: string;
}

/** Mean interaction of some of an ablation's pairs, or a difference of two such means. */
export interface InteractionRow {
  model: string;
  ablation: string;
  unit: string;
  fill: string;
  measure: string;
  /** layer, across, distance (across, by distance) or difference (across less layer, at equal single damage). */
  part: string;
  distance_low: number | null;
  distance_high: number | null;
  distance: number | null;
  pairs: number;
  left_out: number;
  units: number;
  singles: number | null;
  interaction: number | null;
  low: number | null;
  high: number | null;
  p: number | null;
}

/** One site's response to one impulse. */
export interface ResponseRow {
  model: string;
  network: string;
  impulse: string;
  base: string;
  at: string;
  channel: number;
  row: number;
  column: number;
  amplitude: number;
  site: string;
  depth: number;
  norm: number | null;
  odd_norm: number | null;
  even_norm: number | null;
  linearity: number | null;
  /** Cosine between r(+a) and −r(−a): 1 for a linear network. */
  oddness: number | null;
  /** Extent of the non-zero response in the site's map. */
  top: number;
  left: number;
  height: number;
  width: number;
  object: string;
}

export interface PredictorRow {
  model: string;
  predictor: string;
  target: string;
  /** What stands in the place of the kernel. */
  fill: string;
  sites: number;
  kernels: number;
  spearman: number | null;
  low: number | null;
  high: number | null;
  p: number | null;
  p_adjusted: number | null;
  /** Whether p_adjusted is at most the study's false discovery rate. */
  discovered: boolean | null;
  between_sites: number | null;
  /** |z| less that of the strongest other predictor, with simultaneous ends. */
  lead: number | null;
  lead_low: number | null;
  lead_high: number | null;
  /** Partial, given activation deviation and weight norm, within sites. */
  partial: number | null;
  /** Split-half reliability of the target, and the highest correlation that it allows. */
  reliability: number | null;
  ceiling: number | null;
}

export interface CoverageRow {
  model: string;
  ablation: string;
  kind: string;
  planned: number;
  committed: number;
  failed: number;
  no_op: number;
  images: number;
}

export interface Tables {
  readonly models: readonly ModelRow[];
  readonly layers: readonly LayerRow[];
  readonly kernels: readonly KernelRow[];
  readonly ablations: readonly AblationRow[];
  readonly stops: readonly StopRow[];
  readonly curves: readonly CurveRow[];
  readonly pairs: readonly PairRow[];
  readonly interactions: readonly InteractionRow[];
  readonly responses: readonly ResponseRow[];
  readonly similarity: readonly SimilarityRow[];
  readonly learning: readonly LearningRow[];
  readonly predictors: readonly PredictorRow[];
  readonly coverage: readonly CoverageRow[];
}

export type TableName = keyof Tables;
