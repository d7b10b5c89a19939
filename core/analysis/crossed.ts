import { NumberList } from '../number-list.js';
import { clopperPearson, skewedInterval, studentInterval, thirdMomentOfMean, type Interval } from './interval.js';
import { sum, variance } from './moments.js';

/** A mean over a crossed table [units × images], with what it rests on. */
export interface CrossedMean extends Interval {
  readonly units: number;
  readonly images: number;
  /** A single unit tells nothing about how units differ: its interval is over images alone. */
  readonly sources: 'images' | 'units and images';
}

/**
 * Combines independent variances of a mean with their degrees of freedom (Satterthwaite, Biometrics Bulletin 2, 1946).
 * Freedom is infinite where all variances are 0.
 */
export function satterthwaite(parts: readonly { readonly variance: number; readonly freedom: number }[]): {
  readonly variance: number;
  readonly freedom: number;
} {
  const total = sum(parts.map((part) => part.variance));
  const below = sum(parts.map((part) => part.variance ** 2 / part.freedom));
  return { variance: total, freedom: below === 0 ? Number.POSITIVE_INFINITY : total ** 2 / below };
}

/** Mean of each column of rows that are equally long. */
export function columnMeans(rows: Iterable<ArrayLike<number>>): Float64Array {
  const sums = new CrossedSums();
  for (const row of rows) sums.add(row);
  return sums.perImage();
}

/** How a crossed mean is bounded: see `crossedMean`. */
export interface CrossedOptions {
  readonly proportion?: boolean;
  readonly least?: number;
}

/** What a crossed mean rests on, row by row: the sums of the columns, and one number a row. Rows are equally long, and none is kept. */
export class CrossedSums {
  #columns = new Float64Array(0);
  readonly #rows = new NumberList();

  /** Rows that were added. */
  get units(): number {
    return this.#rows.length;
  }

  add(row: ArrayLike<number>): void {
    if (this.units === 0) this.#columns = new Float64Array(row.length);
    for (let i = 0; i < this.#columns.length; i++) this.#columns[i]! += row[i]!;
    this.#rows.push(sum(row));
  }

  /** Means of columns. */
  perImage(): Float64Array {
    return this.#columns.map((total) => total / this.units);
  }

  /** Sums of rows. */
  unitSums(): Float64Array {
    return this.#rows.values();
  }

  /** Means of rows. */
  perUnit(): Float64Array {
    return this.unitSums().map((total) => total / this.#columns.length);
  }

  /** See `crossedMean`. */
  mean(level = 0.95, options: CrossedOptions = {}): CrossedMean | null {
    const perImage = this.perImage();
    const images = perImage.length;
    const imageVariance = variance(perImage);
    if (imageVariance === null) return null;
    const { units } = this;
    const estimate = sum(perImage) / images;
    const perUnit = this.perUnit();
    const unitVariance = variance(perUnit);
    const sources = unitVariance === null ? 'images' : 'units and images';
    const parts = [{ variance: imageVariance / images, freedom: images - 1 }];
    if (unitVariance !== null) parts.push({ variance: unitVariance / units, freedom: units - 1 });
    const combined = satterthwaite(parts);
    const exact =
      options.proportion === true && combined.variance === 0
        ? clopperPearson(Math.round(estimate * images), images, level)
        : null;
    const error = Math.sqrt(combined.variance);
    if (options.proportion === true) {
      const interval = exact ?? studentInterval(estimate, error, combined.freedom, level, 0, 1);
      return { ...interval, estimate, units, images, sources };
    }
    const third = thirdMomentOfMean(perImage) + (unitVariance === null ? 0 : thirdMomentOfMean(perUnit));
    const skewness = error === 0 ? 0 : third / error ** 3;
    const interval = skewedInterval(estimate, error, skewness, combined.freedom, level, options.least);
    return { ...interval, estimate, units, images, sources };
  }
}

/**
 * The mean of values[unit][image] where units (trials, kernels) are a sample and images are another, crossed: every
 * unit saw the same images. Its variance is var(unit means)/units + var(image means)/images, which counts the
 * interaction twice and so is never too small (as the pigeonhole bootstrap of Owen, Annals of Applied Statistics 1,
 * 2007, of which this is the closed form; no draws, no seed); the quantile is Student's with Satterthwaite's freedom, and
 * skewness is taken out as for the mean of one condition, but for proportions, whose tails are bounded. Values that are all equal and within [0, 1] (`proportion`) get the exact interval of that many images instead of none.
 * Null below two images.
 */
export function crossedMean(
  values: Iterable<ArrayLike<number>>,
  level = 0.95,
  options: CrossedOptions = {},
): CrossedMean | null {
  const sums = new CrossedSums();
  for (const row of values) sums.add(row);
  return sums.mean(level, options);
}
