import type { KernelMeasureColumn } from '../analysis/kernel-measures.js';

/** A kernel and the damage of its removal. */
interface RemovedKernel {
  model: string;
  layer: string;
  site: string;
  channel: number;
  type: string;
  normalised_depth: number;
  /** On which the damage rests; fewer than the network's where only an adaptive ablation has it. */
  images: number | null;
  kl: number | null;
  kl_low: number | null;
  kl_high: number | null;
  delta_loss: number | null;
  flips: number | null;
  non_finite: number | null;
  state: string;
  silent: boolean | null;
  r2_same_high: number | null;
  r2_same_resolved: boolean | null;
  r2_far_high: number | null;
  r2_far_resolved: boolean | null;
  r2_same_null: number | null;
  r2_far_null: number | null;
}

/** A kernel with every measure of `core/analysis/kernel-measures.ts`. */
export type KernelRow = RemovedKernel & { [C in KernelMeasureColumn]: number | null };
