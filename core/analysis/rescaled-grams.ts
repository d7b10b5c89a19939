/** Inner products base by base: of a pool's rows with one another [size × size], and with those of targets [size × targets]. */
export interface BaseGrams {
  readonly pool: readonly Float64Array[];
  readonly cross: readonly Float64Array[];
  readonly size: number;
}

/**
 * Gram matrices fold by fold of predictors that are scaled base by base as what they predict (`rescaling` in `gram.ts`), then
 * brought to unit norm over all folds; from inner products base by base, so that one pool serves targets of any site.
 */
export function rescaledGrams(
  { pool, cross, size }: BaseGrams,
  factors: ArrayLike<number>,
  folds: readonly (readonly number[])[],
): { readonly pool: Float64Array[]; readonly cross: Float64Array[] } {
  return unitPredictors(
    folds.map((bases) => weighted(pool, bases, (base) => factors[base]! ** 2)),
    folds.map((bases) => weighted(cross, bases, (base) => factors[base]!)),
    size,
  );
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

function unitPredictors(
  pool: readonly Float64Array[],
  cross: readonly Float64Array[],
  size: number,
): { readonly pool: Float64Array[]; readonly cross: Float64Array[] } {
  const scale = Float64Array.from({ length: size }, (_, i) => {
    const energy = pool.reduce((sum, gram) => sum + gram[i * size + i]!, 0);
    return energy > 0 ? 1 / Math.sqrt(energy) : 0;
  });
  const targets = cross[0]!.length / size;
  return {
    pool: pool.map((gram) => gram.map((value, at) => value * scale[Math.floor(at / size)]! * scale[at % size]!)),
    cross: cross.map((gram) => gram.map((value, at) => value * scale[Math.floor(at / targets)]!)),
  };
}
