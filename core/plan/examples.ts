/**
 * Reference images whose activations are compared between networks, the first ones, at most: the least that debiased CKA takes is
 * 100, and what is stored of each site grows with the square.
 */
export const EXAMPLES = 128;

/** Numbers that are kept of a site: an inner product for each pair of examples. */
export const examplePairs = (examples: number): number => (examples * (examples - 1)) / 2;
