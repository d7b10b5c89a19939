import { wordTable, type Word } from '../../word-table.js';

export interface OutputKindRow extends Word {
  /** Whether outputs tell classes apart; else they are values that are predicted, whose damage has no scale of its own. */
  readonly classes: boolean;
  /** Whether they may be any numbers, so that a network whose outputs hardly differ is doubted. */
  readonly unbounded: boolean;
}

/** How outputs are read. What is computed of each: `core/probe/output-reading.ts`. */
export const outputKinds = wordTable<OutputKindRow>()({
  logits: { meaning: 'scores before a softmax', classes: true, unbounded: true },
  probabilities: { meaning: 'probabilities of classes', classes: true, unbounded: false },
  values: {
    meaning: 'values that are predicted (regression): loss and KL are half the squared distance to the intact output',
    classes: false,
    unbounded: true,
  },
});

export type OutputKind = keyof typeof outputKinds;
