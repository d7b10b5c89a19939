import { cholesky, inverseFromCholesky, solveCholesky } from '../cholesky.js';
import { sumGrams } from './gram.js';

/** Penalties that are tried, as shares of the mean diagonal of the predictors' Gram matrix on the fitted images. */
export const penaltyRatios: readonly number[] = [1e-3, 1e-2, 1e-1, 1];

/** Fits on some folds; the result gives the squared error of every target on a fold. Null where nothing can be fitted. */
type Fit = (train: readonly number[], ratio: number) => ((fold: number) => Float64Array) | null;

/**
 * R² of one target, between what is certain to be too low and too high on average: predicted from fits on other bases, which know less
 * than all of them do, and as fitted to the very bases that are scored. With more bases the two meet.
 */
export interface R2Bracket {
  readonly low: number;
  readonly high: number;
}

/** A bracket wider than this says too little of where the value lies. */
const RESOLUTION = 0.1;

/** Whether a bracket is narrow enough to be quoted as a value. */
export function isResolved({ low, high }: R2Bracket): boolean {
  return high - low <= RESOLUTION;
}

/**
 * R² = 1 − Σ‖y − ŷ‖² / Σ‖y‖² over folds of base images, each predicted from fits on the others. It is not centred: a
 * response is a difference already, and 0, no response, is the prediction to beat. Below 0 where the fit misleads.
 * The penalty of each target and fold is the one with the least error in an inner round over the remaining folds, among
 * `penaltyRatios` and "no prediction at all" (as Varma and Simon, BMC Bioinformatics 7, 2006, ask for: the choice never
 * sees the images that are scored). With two folds there is no inner round and the ratio is 0.1. The upper end is of one fit to
 * all folds, with the penalty of the least error over the outer round, scored on the same.
 */
function nestedR2(folds: number, energies: readonly Float64Array[], fit: Fit): (R2Bracket | null)[] {
  const targets = energies[0]!.length;
  const all = Array.from({ length: folds }, (_, i) => i);
  const choices = [...penaltyRatios.keys()];
  const nothing = choices.length;
  // inner[t][choice]: error over folds s ≠ t, each from a fit without s and t.
  const inner = all.map(() => choices.map(() => new Float64Array(targets)));
  const innerNothing = all.map((t) =>
    Float64Array.from({ length: targets }, (_, k) => all.reduce((e, s) => (s === t ? e : e + energies[s]![k]!), 0)),
  );
  if (folds > 2) {
    for (const t of all) {
      for (const s of all.slice(t + 1)) {
        const train = all.filter((fold) => fold !== t && fold !== s);
        for (const choice of choices) {
          const errors = fit(train, penaltyRatios[choice]!);
          addTo(inner[t]![choice]!, errors?.(s) ?? energies[s]!);
          addTo(inner[s]![choice]!, errors?.(t) ?? energies[t]!);
        }
      }
    }
  }
  const above = new Float64Array(targets);
  const below = new Float64Array(targets);
  const byChoice = choices.map(() => new Float64Array(targets));
  for (const t of all) {
    const train = all.filter((fold) => fold !== t);
    const outer = choices.map((choice) => fit(train, penaltyRatios[choice]!)?.(t) ?? energies[t]!);
    for (const choice of choices) addTo(byChoice[choice]!, outer[choice]!);
    for (let k = 0; k < targets; k++) {
      let best = folds > 2 ? nothing : penaltyRatios.indexOf(0.1);
      let least = folds > 2 ? innerNothing[t]![k]! : 0;
      for (const choice of folds > 2 ? choices : []) {
        if (inner[t]![choice]![k]! < least) [best, least] = [choice, inner[t]![choice]![k]!];
      }
      above[k]! += best === nothing ? energies[t]![k]! : outer[best]![k]!;
      below[k]! += energies[t]![k]!;
    }
  }
  const fitted = choices.map((choice) => {
    const errors = fit(all, penaltyRatios[choice]!);
    const total = new Float64Array(targets);
    for (const fold of all) addTo(total, errors?.(fold) ?? energies[fold]!);
    return total;
  });
  return Array.from(below, (energy, k): R2Bracket | null => {
    if (!(energy > 0)) return null;
    const best = choices.reduce((least, choice) => (byChoice[choice]![k]! < byChoice[least]![k]! ? choice : least), 0);
    const low = 1 - above[k]! / energy;
    return { low, high: Math.max(low, 1 - fitted[best]![k]! / energy) };
  });
}

function addTo(total: Float64Array, values: Float64Array): void {
  for (let i = 0; i < total.length; i++) total[i]! += values[i]!;
}

/** λ for a Gram matrix: a share of its mean diagonal. */
function penaltyOf(gram: Float64Array, n: number, ratio: number): number {
  let trace = 0;
  for (let i = 0; i < n; i++) trace += gram[i * n + i]!;
  return (ratio * trace) / n;
}

/** For each column c of [n × count] vectors: its transpose times the matrix times itself; four columns move together. */
function quadratic(matrix: Float64Array, vectors: Float64Array, n: number, count: number): Float64Array {
  const out = new Float64Array(count);
  let c = 0;
  for (; c + 4 <= count; c += 4) fourForms(out, matrix, vectors, { n, count, c });
  for (; c < count; c++) {
    let total = 0;
    for (let i = 0; i < n; i++) {
      let image = 0;
      for (let j = 0; j < n; j++) image += matrix[i * n + j]! * vectors[j * count + c]!;
      total += image * vectors[i * count + c]!;
    }
    out[c] = total;
  }
  return out;
}

function fourForms(
  out: Float64Array,
  matrix: Float64Array,
  vectors: Float64Array,
  { n, count, c }: { readonly n: number; readonly count: number; readonly c: number },
): void {
  let [p, q, r, s] = [0, 0, 0, 0];
  for (let i = 0; i < n; i++) {
    let a = 0;
    let b = 0;
    let d = 0;
    let e = 0;
    for (let j = 0; j < n; j++) {
      const factor = matrix[i * n + j]!;
      const row = j * count + c;
      a += factor * vectors[row]!;
      b += factor * vectors[row + 1]!;
      d += factor * vectors[row + 2]!;
      e += factor * vectors[row + 3]!;
    }
    const own = i * count + c;
    p += a * vectors[own]!;
    q += b * vectors[own + 1]!;
    r += d * vectors[own + 2]!;
    s += e * vectors[own + 3]!;
  }
  out[c] = p;
  out[c + 1] = q;
  out[c + 2] = r;
  out[c + 3] = s;
}

/** Caches by the last set of folds asked for, so that four penalties share one sum. */
function remembered(grams: readonly Float64Array[]): (train: readonly number[]) => Float64Array {
  let [key, value] = ['', grams[0]!];
  return (train) => {
    const asked = train.join();
    if (asked !== key) [key, value] = [asked, sumGrams(grams, train)];
    return value;
  };
}

/** Gram matrices by fold: of the pool [p × p], between pool and targets [p × q], and the targets' energies [q]. */
export interface PoolGrams {
  readonly pool: readonly Float64Array[];
  readonly cross: readonly Float64Array[];
  readonly energies: readonly Float64Array[];
}

/**
 * R² of each of q targets from one pool of p predictors, none of which is a target, by ridge regression, out of sample
 * (see `nestedR2` for folds and penalty). A target without energy is null.
 */
export function ridgeR2(grams: PoolGrams, p: number): (R2Bracket | null)[] {
  const q = grams.energies[0]!.length;
  const poolOf = remembered(grams.pool);
  const crossOf = remembered(grams.cross);
  return nestedR2(grams.pool.length, grams.energies, (train, ratio) => {
    const gram = poolOf(train);
    const factor = cholesky(gram, p, penaltyOf(gram, p, ratio));
    if (factor === null) return null;
    const weights = Float64Array.from(crossOf(train));
    solveCholesky(factor, p, weights, q);
    return (fold) => {
      const errors = quadratic(grams.pool[fold]!, weights, p, q);
      const [cross, energy] = [grams.cross[fold]!, grams.energies[fold]!];
      for (let i = 0; i < p; i++) {
        for (let c = 0; c < q; c++) errors[c]! -= 2 * weights[i * q + c]! * cross[i * q + c]!;
      }
      for (let c = 0; c < q; c++) errors[c]! += energy[c]!;
      return errors;
    };
  });
}

/**
 * R² of each of n rows from the n − 1 others, out of sample. One inverse serves all: with M = (G + λI)⁻¹ the residual of
 * row k is Σ_j M_jk x_j / M_kk (the partitioned inverse; Searle, "Matrix Algebra Useful for Statistics", 1982, §10.5).
 * The penalty is a share of the mean diagonal of all n rows.
 */
export function leaveOneOutR2(grams: readonly Float64Array[], n: number): (R2Bracket | null)[] {
  const energies = grams.map((gram) => Float64Array.from({ length: n }, (_, k) => gram[k * n + k]!));
  const gramOf = remembered(grams);
  return nestedR2(grams.length, energies, (train, ratio) => {
    const gram = gramOf(train);
    const factor = cholesky(gram, n, penaltyOf(gram, n, ratio));
    if (factor === null) return null;
    const inverse = inverseFromCholesky(factor, n);
    return (fold) => quadratic(grams[fold]!, inverse, n, n).map((v, k) => v / inverse[k * n + k]! ** 2);
  });
}
