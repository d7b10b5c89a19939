import { longRangeMatrix } from './long-range.js';
import type { SignatureSet } from './signature.js';
import type { RarefiedOptions, SiteMatrix } from './site-matrix.js';

/**
 * A measure of how alike two sites respond. Its row is all that is to be written of it: columns of the table `similarity`,
 * `docs/measures.md` and a figure of the report follow.
 */
export interface SimilarityMeasure {
  /** As people write it; the unit of its columns. */
  readonly symbol: string;
  /** What the number is, as the description of its column. */
  readonly what: string;
  /** How it is computed, for `docs/measures.md`. */
  readonly definition: string;
  /** What must not be read into it. */
  readonly doesNotSay: string;
  /** Publications, or design. */
  readonly source: string;
  /** Where it is computed. */
  readonly file: string;
  /** Column of the value less that of the null; that of the value is called like the row, that of the null `…_null`. */
  readonly excess: string;
  /** `regression`: one site is predicted from the other; `symmetric`: none comes first. */
  readonly direction: 'regression' | 'symmetric';
  /** What its number 1 stands for, beside the colours of the report: `share of variance`. */
  readonly scale: string;
  /** Title of its figure, and what is drawn in it; on the null the report says what is true of all measures. */
  readonly title: string;
  readonly note: string;
  /** Values at most 1, for every ordered pair of sites; null where the set is too small for it. The null network gets it, too. */
  readonly matrix: (set: SignatureSet, options: RarefiedOptions) => SiteMatrix | null;
}

/**
 * Measures between sites, by the names of their columns. The pairs that the first has a number for are the rows of the table, so
 * its own column is never empty.
 */
export const similarityMeasures = {
  r2: {
    symbol: 'R²',
    what: 'Mean over kernels of R² on held-out impulses, by ridge regression.',
    definition:
      'Ridge regression of the signatures of kernels of `site_a` on those of kernels of `site_b`, scored on base images that were not used to fit: R² = 1 − Σ‖y − ŷ‖² / Σ‖y‖², mean over kernels.',
    doesNotSay: 'Which direction information takes: both orders are regressions.',
    source: 'Hoerl and Kennard, Technometrics 12, 1970 (ridge); penalty by an inner round, Varma and Simon 2006',
    file: 'core/analysis/long-range.ts',
    excess: 'excess',
    direction: 'regression',
    scale: 'share of variance',
    title: 'How well the kernels of one site are predicted from another.',
    note: 'R² of ridge regression from the signatures of one site to those of another, on base images not used to fit, averaged over kernels',
    matrix: longRangeMatrix,
  },
} as const satisfies Readonly<Record<string, SimilarityMeasure>>;

export type SimilarityName = keyof typeof similarityMeasures;
/** The measure whose pairs are the rows. */
export type LeadingName = 'r2';

export const similarityNames = Object.keys(similarityMeasures) as readonly SimilarityName[];

/** The row of a measure, without what only its own literal says. */
export function similarityMeasure(name: SimilarityName): SimilarityMeasure & { readonly excess: ExcessColumn } {
  return similarityMeasures[name];
}

export type ExcessColumn = (typeof similarityMeasures)[SimilarityName]['excess'];
