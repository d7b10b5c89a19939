import { cholesky, inverseFromCholesky, solveCholesky } from '../cholesky.js';
import type { Moments } from './moments.js';

/** Variables of the pool and others, see `Moments`. */
export interface Removal {
  /** Variables that are told from the pool. */
  readonly targets: readonly number[];
  /** Of the pool, those that are removed and tell nothing. */
  readonly removed: readonly number[];
}

/** How removed kernels follow from those of the pool: value of target t = shift[t] + Σ_j weights[t, j] · pool kernel j. */
export interface Substitute {
  /** [targets × pool]; 0 for pool kernels that are removed or say nothing. */
  readonly weights: Float64Array;
  readonly shift: Float64Array;
}

/** Below this share of its mean a kernel's deviation is rounding of its floats: it is constant, says nothing and needs no telling. */
const CONSTANT = 1e-6;

/** Which penalty: its index, or as many as there are penalties for no prediction at all, the mean. */
export type PenaltyChoice = number;

/**
 * Ridge regression of removed kernels on those that stay in the pool, from moments alone. Kernels are centred and scaled to unit
 * variance, so that a penalty means the same for each. With P = (C + λI)⁻¹ for the correlations C of the whole pool, removed kernels R
 * follow from the others S by −P_RR⁻¹ P_RS (the partitioned inverse; Searle, "Matrix Algebra Useful for Statistics", 1982, §10.5):
 * one inverse serves every condition.
 */
export class SubstituteFit {
  readonly #moments: Moments;
  readonly #penalties: readonly number[];

  constructor(moments: Moments, penalties: readonly number[]) {
    this.#moments = moments;
    this.#penalties = penalties;
  }

  /**
   * For each target of each removal the penalty of the least squared error over folds, each predicted from a fit to the others; of
   * equal errors the larger penalty, and no prediction before all.
   */
  choose(removals: readonly Removal[]): readonly (readonly PenaltyChoice[])[] {
    const { folds } = this.#moments;
    const none = this.#penalties.length;
    const errors = removals.map(({ targets }) =>
      Array.from({ length: none + 1 }, () => new Float64Array(targets.length)),
    );
    const all = Array.from({ length: folds }, (_, fold) => fold);
    for (const fold of all) {
      const train = new Correlations(
        this.#moments,
        all.filter((other) => other !== fold),
      );
      if (!train.known) continue;
      const test = train.against(fold);
      const square = (t: number): number => test.square(t) * train.variance(t);
      removals.forEach(({ targets }, r) => addTo(errors[r]![none]!, targets.map(square)));
      this.#penalties.forEach((penalty, k) => {
        const inverse = train.inverse(penalty);
        removals.forEach((removal, r) => {
          const rows = inverse && train.rows(inverse, removal);
          const own = removal.targets.map((t, i) => (rows ? test.error(t, rows[i]!) * train.variance(t) : square(t)));
          addTo(errors[r]![k]!, own);
        });
      });
    }
    return errors.map((byPenalty) =>
      Array.from(byPenalty[none]!, (nothing, i) => {
        let [best, least] = [none, nothing];
        for (let k = 0; k < none; k++) if (byPenalty[k]![i]! < least) [best, least] = [k, byPenalty[k]![i]!];
        return best;
      }),
    );
  }

  /** The substitutes of removals with these penalties, from a fit to all folds. */
  solve(removals: readonly Removal[], choices: readonly (readonly PenaltyChoice[])[]): readonly Substitute[] {
    const { folds, pool, means } = this.#moments;
    const whole = new Correlations(
      this.#moments,
      Array.from({ length: folds }, (_, fold) => fold),
    );
    const found = removals.map(({ targets }) => ({
      weights: new Float64Array(targets.length * pool),
      shift: Float64Array.from(targets, (t) => means[t]!),
    }));
    this.#penalties.forEach((penalty, k) => {
      const here = removals.flatMap((removal, r) => (choices[r]!.includes(k) ? [{ removal, r }] : []));
      const inverse = here.length > 0 ? whole.inverse(penalty) : null;
      for (const { removal, r } of inverse ? here : []) {
        const { weights, shift } = found[r]!;
        whole.rows(inverse!, removal).forEach((row, i) => {
          if (choices[r]![i] !== k) return;
          for (let j = 0; j < pool; j++) {
            const weight = whole.unscaled(row[j]!, removal.targets[i]!, j);
            weights[i * pool + j] = weight;
            shift[i]! -= weight * means[j]!;
          }
        });
      }
    });
    return found;
  }
}

function addTo(total: Float64Array, values: readonly number[]): void {
  for (let i = 0; i < total.length; i++) total[i]! += values[i]!;
}

/** Correlations of the variables over some folds, their means and deviations. */
class Correlations {
  readonly #moments: Moments;
  readonly #count: number;
  readonly #mean: Float64Array;
  /** 1 / deviation; 0 where a variable is constant. */
  readonly #scale: Float64Array;
  readonly #pool: Float64Array;
  readonly #cross: Float64Array;

  constructor(moments: Moments, train: readonly number[]) {
    this.#moments = moments;
    const { pool, others } = moments;
    const variables = pool + others;
    const count = train.reduce((sum, fold) => sum + moments.counts[fold]!, 0);
    this.#count = count;
    this.#mean = summed(moments.sums, train, variables).map((sum) => sum / count);
    this.#scale = summed(moments.squares, train, variables).map((squares, v) => {
      const mean = this.#mean[v]!;
      const deviation = Math.sqrt(Math.max(0, squares / count - mean * mean));
      return deviation > CONSTANT * Math.abs(mean) ? 1 / deviation : 0;
    });
    this.#pool = this.#standardised(summed(moments.products, train, pool * pool), pool, 0, count, this.#mean, count);
    this.#cross = this.#standardised(
      summed(moments.cross, train, pool * others),
      others,
      pool,
      count,
      this.#mean,
      count,
    );
    for (let i = 0; i < pool; i++) this.#pool[i * pool + i] = this.#scale[i]! > 0 ? 1 : 0;
  }

  /** Whether there is anything to fit to. */
  get known(): boolean {
    return this.#count > 0;
  }

  /**
   * Products of pool kernels with the variables from `first` on, about these means and in these deviations, divided by `by`: of data
   * of `count` numbers with means `own`.
   */
  #standardised(
    products: Float64Array,
    columns: number,
    first: number,
    count: number,
    own: Float64Array,
    by: number,
  ): Float64Array {
    const [mean, scale] = [this.#mean, this.#scale];
    for (let i = 0; i < this.#moments.pool; i++) {
      for (let c = 0; c < columns; c++) {
        const v = first + c;
        const centred =
          products[i * columns + c]! - count * (mean[i]! * own[v]! + own[i]! * mean[v]! - mean[i]! * mean[v]!);
        products[i * columns + c] = scale[i]! > 0 && scale[v]! > 0 ? (centred * scale[i]! * scale[v]!) / by : 0;
      }
    }
    return products;
  }

  /** (C + λI)⁻¹ of the pool, [pool × pool]; null where it cannot be had. */
  inverse(penalty: number): Float64Array | null {
    const factor = cholesky(this.#pool, this.#moments.pool, penalty);
    return factor && inverseFromCholesky(factor, this.#moments.pool);
  }

  /** For each target of a removal its row of coefficients over the pool, for standardised kernels. */
  rows(inverse: Float64Array, { targets, removed }: Removal): Float64Array[] {
    const { pool, others } = this.#moments;
    const q = removed.length;
    const own = new Float64Array(q * q);
    const solved = new Float64Array(q * pool);
    removed.forEach((a, i) => {
      removed.forEach((b, j) => void (own[i * q + j] = inverse[a * pool + b]!));
      solved.set(inverse.subarray(a * pool, (a + 1) * pool), i * pool);
    });
    const factor = cholesky(own, q);
    if (factor === null) return targets.map(() => new Float64Array(pool));
    // P_RR⁻¹ P_R·: its rows are what remains of each removed kernel once the others have told of it.
    solveCholesky(factor, q, solved, pool);
    return targets.map((target) => {
      const row = new Float64Array(pool);
      if (target < pool) {
        const at = removed.indexOf(target) * pool;
        for (let j = 0; j < pool; j++) row[j] = -solved[at + j]!;
      } else {
        for (let i = 0; i < pool; i++) {
          for (let j = 0; j < pool; j++) row[j]! += inverse[i * pool + j]! * this.#cross[i * others + target - pool]!;
        }
        const told = removed.map((r) => row[r]!);
        told.forEach((weight, i) => {
          for (let j = 0; j < pool; j++) row[j]! -= weight * solved[i * pool + j]!;
        });
      }
      for (const r of removed) row[r] = 0;
      return row;
    });
  }

  /** Of a variable as it is; 0 where it is constant. */
  variance(variable: number): number {
    return this.#scale[variable]! > 0 ? 1 / this.#scale[variable]! ** 2 : 0;
  }

  /** A coefficient for kernels as they are. */
  unscaled(weight: number, target: number, kernel: number): number {
    return this.#scale[target]! > 0 ? (weight * this.#scale[kernel]!) / this.#scale[target]! : 0;
  }

  /** The products of a fold about these means and in these deviations. */
  against(fold: number): TestFold {
    const { pool, others, products, cross, squares, sums, counts } = this.#moments;
    const variables = pool + others;
    const count = counts[fold]!;
    const part = (of: Float64Array, size: number): Float64Array => of.slice(fold * size, (fold + 1) * size);
    const own = part(sums, variables).map((sum) => (count > 0 ? sum / count : 0));
    const energies = part(squares, variables).map((square, v) => {
      const mean = this.#mean[v]!;
      return (square - count * mean * (2 * own[v]! - mean)) * this.#scale[v]! ** 2;
    });
    return new TestFold(
      pool,
      this.#standardised(part(products, pool * pool), pool, 0, count, own, 1),
      this.#standardised(part(cross, pool * others), others, pool, count, own, 1),
      energies,
    );
  }
}

/** A fold that a fit is tried on. */
class TestFold {
  readonly #size: number;
  readonly #pool: Float64Array;
  readonly #cross: Float64Array;
  readonly #energies: Float64Array;

  constructor(size: number, pool: Float64Array, cross: Float64Array, energies: Float64Array) {
    this.#size = size;
    this.#pool = pool;
    this.#cross = cross;
    this.#energies = energies;
  }

  /** Sum of squares of a target about the mean that is known: the error of no prediction. */
  square(target: number): number {
    return this.#energies[target]!;
  }

  /** Sum of squares of what a row of coefficients leaves of a target. */
  error(target: number, row: Float64Array): number {
    const size = this.#size;
    const others = size === 0 ? 0 : this.#cross.length / size;
    let error = this.#energies[target]!;
    for (let i = 0; i < size; i++) {
      if (row[i] === 0) continue;
      const known = target < size ? this.#pool[i * size + target]! : this.#cross[i * others + target - size]!;
      let told = 0;
      for (let j = 0; j < size; j++) told += this.#pool[i * size + j]! * row[j]!;
      error += row[i]! * (told - 2 * known);
    }
    return error;
  }
}

/** Of blocks of so many numbers, the sum of some. */
function summed(blocks: Float64Array, which: readonly number[], size: number): Float64Array {
  const total = new Float64Array(size);
  for (const block of which) for (let i = 0; i < size; i++) total[i]! += blocks[block * size + i]!;
  return total;
}
