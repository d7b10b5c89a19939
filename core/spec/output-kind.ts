/** How outputs are read: scores before a softmax, probabilities of classes, or values that are predicted. */
export type OutputKind = 'logits' | 'probabilities' | 'values';

/** Whether outputs of that kind tell classes apart; else they are values that are predicted, whose damage has no scale of its own. */
export const hasClasses: { readonly [K in OutputKind]: boolean } = {
  logits: true,
  probabilities: true,
  values: false,
};
