import { wordTable, wordsWhere, type Word } from '../../word-table.js';
import { keptOutputs, type KeptOutput } from './kept-outputs.js';
import type { Unit } from './units.js';

/** Keys of an ablation that mean something in some modes only, in the order of the documentation. */
export const modeKeys = ['fractions', 'trials', 'spread', 'order', 'within', 'budget', 'screen', 'stop'] as const;
export type ModeKey = (typeof modeKeys)[number];

export interface ModeRow extends Word {
  /** What it removes at a time, where that is fixed. */
  readonly removes?: (unit: string) => string;
  /** Whether it removes two at a time, and each of the two alone, so that the two may be held against the pair. */
  readonly pairs?: boolean;
  /** Whether each removal comes a second time, with all that is behind it held at its values in the intact network. */
  readonly holds?: boolean;
  /** Which units it is for, where not for all. */
  readonly units?: readonly Unit[];
  /** Which of `modeKeys` mean something in it. */
  readonly keys: readonly ModeKey[];
  /** Shares of the targets that are removed, where none are written. */
  readonly fractions: readonly number[];
  /** What is kept where a spec doesn't say. */
  readonly keeps: KeptOutput;
  /** Whether nothing can be said of its results without what it keeps. */
  readonly needsKept?: boolean;
}

/** How removals are chosen. What each plans: `core/plan/modes.ts`. */
export const modes = wordTable<ModeRow>()({
  each: {
    meaning: 'one target at a time',
    removes: (unit) => `one ${unit}`,
    keys: ['stop'],
    fractions: [],
    keeps: 'cells',
  },
  pairs: {
    meaning: 'two targets at a time, and each of them alone',
    removes: (unit) => `two ${unit}s`,
    pairs: true,
    keys: ['within', 'budget', 'screen'],
    fractions: [],
    keeps: 'logits',
  },
  quadruples: {
    meaning: 'two kernels in each of two layers: the two pairs within a layer, the two across, and each kernel alone',
    removes: () => 'two kernels',
    pairs: true,
    units: ['kernel'],
    keys: ['budget'],
    fractions: [],
    keeps: 'logits',
    needsKept: true,
  },
  compensation: {
    meaning:
      'one residual branch at a time, as it is and with every later branch held at its values in the intact network',
    removes: () => 'one block',
    holds: true,
    units: ['block'],
    keys: [],
    fractions: [],
    keeps: 'logits',
  },
  random: {
    meaning: 'random sets of targets',
    keys: ['fractions', 'trials', 'spread'],
    fractions: [0.02, 0.05, 0.1, 0.2, 0.4],
    keeps: 'cells',
  },
  cumulative: {
    meaning: 'growing sets of targets, in one order',
    keys: ['fractions', 'trials', 'order'],
    fractions: [0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9],
    keeps: 'cells',
  },
});

export type Mode = keyof typeof modes;

/** Whether a key means something in a mode. */
export const hasKey = (mode: Mode, key: ModeKey): boolean => modes[mode].keys.includes(key);

/** The modes in which a key means something. */
export const modesWith = (key: ModeKey): readonly Mode[] => wordsWhere(modes, (row) => row.keys.includes(key));

/** Whether an ablation keeps outputs: as it says, or as its mode does. */
export const keepsOutputs = ({ mode, keep }: { readonly mode: Mode; readonly keep?: KeptOutput }): boolean =>
  keptOutputs[keep ?? modes[mode].keeps].outputs;
