import { basesByFold, partEnergies } from './explained.js';
import { baseRanges, partGrams, rescaling } from './gram.js';
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
      const scaled = unitPredictors(
        folds.map((bases) => weighted(own[from]!, bases, (base) => factors[base]! ** 2)),
        folds.map((bases) => weighted(cross, bases, (base) => factors[base]!)),
        size,
      );
      return ridgeR2({ ...scaled, energies: energies[to]! }, size).map((r2) => r2?.low ?? null);
    };
  });
}

/** Sum of some bases' matrices, each by its weight. */
function weighted(
  matrices: readonly Float64Array[],
  bases: readonly number[],
  weight: (base: number) => number,
): Float64Array {
  const total = new Float64Array(matrices[0]!.length);
  for (const base of bases) {
    const [matrix, factor] = [matrices[base]!, weight(base)];
    for (let i = 0; i < total.length; i++) total[i]! += factor * matrix[i]!;
  }
  return total;
}

/** Gram matrices, fold by fold, of predictors that are brought to unit norm over all folds, and of these with the targets. */
function unitPredictors(
  pool: readonly Float64Array[],
  cross: readonly Float64Array[],
  size: number,
): { readonly pool: Float64Array[]; readonly cross: Float64Array[] } {
  const scale = Float64Array.from({ length: size }, (_, i) => {
    const energy = pool.reduce((sum, gram) => sum + gram[i * size + i]!, 0);
    return energy > 0 ? 1 / Math.sqrt(energy) : 0;
  });
  const row = (at: number): number => scale[Math.floor(at / size)]!;
  return {
    pool: pool.map((gram) => gram.map((value, at) => value * row(at) * scale[at % size]!)),
    cross: cross.map((gram) => gram.map((value, at) => value * row(at))),
  };
}

/** A square block of a matrix of the given width. */
function block(matrix: Float64Array, width: number, top: number, left: number, size: number): Float64Array {
  const out = new Float64Array(size * size);
  for (let i = 0; i < size; i++) {
    out.set(matrix.subarray((top + i) * width + left, (top + i) * width + left + size), i * size);
  }
  return out;
}
