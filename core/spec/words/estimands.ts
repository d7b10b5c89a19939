import type { FillName } from './fills.js';
import type { Mode } from './modes.js';
import type { Spread } from './spreads.js';
import type { Unit } from './units.js';

/** The ablations that a number is taken of which stands for a kernel, a layer or a network. */
interface Estimand {
  readonly mode: Mode;
  readonly unit: Unit;
  readonly spread?: Spread;
}

/** The fill of the numbers by which layers and networks are compared, and what other fills are compared with. */
export const comparedFill: FillName = 'zero';

export const estimands = {
  /** Damage of a kernel: it alone is removed. */
  kernel: { mode: 'each', unit: 'kernel' },
  /** Damage of a layer: all of it is removed. */
  layer: { mode: 'each', unit: 'layer' },
  /** Robustness of a network: kernels are removed at random, the same share of all of them. */
  network: { mode: 'random', unit: 'kernel', spread: 'all-depths' },
} as const satisfies Readonly<Record<string, Estimand>>;

/** Whether an ablation, or a row of one, removes what an estimand is taken of. */
export function removesAs(
  { mode, unit }: { readonly mode: string; readonly unit: string },
  estimand: Pick<Estimand, 'mode' | 'unit'>,
): boolean {
  return mode === estimand.mode && unit === estimand.unit;
}
