import { basesByFold, partEnergies } from './explained.js';
import { baseRanges, partGrams, rescaling } from './gram.js';
import { rescaledGrams } from './rescaled-grams.js';
import { ridgeR2 } from './ridge.js';
import type { SignatureSet } from './signature.js';
import { rarefiedMatrix, type RarefiedOptions, type SiteMatrix } from './site-matrix.js';

/**
 * The long-range redundancy matrix (design §2): mean R² of a site's kernels (to) from another site's (from), out of sample, by
 * pools of one size throughout, averaged over seeded draws. Predictors are scaled base by base as what they predict, so that a
 * copy is found across any two sites. Null below two base images or without sites.
 */
export function longRangeMatrix(set: SignatureSet, options: RarefiedOptions): SiteMatrix | null {
  const folds = basesByFold(set, options.folds ?? 4, options.seed);
  if (folds === null) return null;
  const parts = baseRanges(set);
  return rarefiedMatrix(set, options, (pools, targets, sites) => {
    const size = pools[0]?.length ?? 0;
    const ofFolds = folds.map((bases) => bases.flatMap((base) => parts[base]!));
    const energies = targets.map((rows) => partEnergies(rows, ofFolds));
    const own = pools.map((rows) => partGrams(rows, rows, parts));
    const between = partGrams(pools.flat(), targets.flat(), parts);
    return (from, to) => {
      const factors = rescaling(set, sites[from]!, sites[to]!);
      const cross = between.map((gram) => block(gram, pools.length * size, from * size, to * size, size));
      const scaled = rescaledGrams({ pool: own[from]!, cross, size }, factors, folds);
      return ridgeR2({ ...scaled, energies: energies[to]! }, size).map((r2) => r2?.low ?? null);
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
