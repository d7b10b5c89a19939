import { baseFolds, partEnergies } from './explained.js';
import { partGrams } from './gram.js';
import { ridgeR2 } from './ridge.js';
import type { SignatureSet } from './signature.js';
import { rarefiedMatrix, type RarefiedOptions, type SiteMatrix } from './site-matrix.js';

/**
 * The long-range redundancy matrix (design §2): mean R² of a site's kernels (to) from another site's (from), out of sample, by
 * pools of one size throughout, averaged over seeded draws. Null below two base images or without sites.
 */
export function longRangeMatrix(set: SignatureSet, options: RarefiedOptions): SiteMatrix | null {
  const folds = baseFolds(set, options.folds ?? 4, options.seed);
  if (folds === null) return null;
  return rarefiedMatrix(set, options, (pools, targets) => {
    const size = pools[0]?.length ?? 0;
    const energies = targets.map((rows) => partEnergies(rows, folds));
    const own = pools.map((rows) => partGrams(rows, rows, folds));
    const between = partGrams(pools.flat(), targets.flat(), folds);
    return (from, to) => {
      const cross = between.map((gram) => block(gram, pools.length * size, from * size, to * size, size));
      return ridgeR2({ pool: own[from]!, cross, energies: energies[to]! }, size);
    };
  });
}

/** A square block of a matrix of the given width. */
function block(matrix: Float64Array, width: number, top: number, left: number, size: number): Float64Array {
  const out = new Float64Array(size * size);
  for (let i = 0; i < size; i++) {
    out.set(matrix.subarray((top + i) * width + left, (top + i) * width + left + size), i * size);
  }
  return out;
}
