import type { Change, TreeCopy } from './tree-copy.js';

/**
 * A word that could be added to percuss: each file of test/house/additions/ exports one as `addition`. All of them go into one
 * copy of the source tree, so no two may use the same word.
 */
export interface Addition {
  /** What it is a word for: `fill`. */
  readonly kind: string;
  /** It stands nowhere in the sources yet. */
  readonly word: string;
  /** How many files of the product it takes at most, where two are too few, and why. */
  readonly files?: { readonly most: number; readonly because: string };
  /** All that is written by hand, in at most two files of the product. What npm run docs generates is not counted. */
  readonly changes: readonly Change[];
  /** Ways to add one by halves, by the word that is added so, which the compiler must refuse, and name. */
  readonly halves: { readonly [word: string]: readonly Change[] };
  /** Tries it out in the compiled copy, in which docs are generated anew. Throws, by `expect`, where it doesn't work. */
  readonly works: (copy: TreeCopy) => Promise<void>;
}
