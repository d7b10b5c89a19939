import { randomStream } from '../random.js';
import { dot, variance } from './moments.js';
import { centred, midRanks, partialSpearman, rankZ, roundingVariance } from './rank.js';

/** What a site's kernels score, on some of the images at a time. */
export interface SiteTargets {
  readonly site: string;
  /** Values of the predictors by their place in the list of names; NaN where a kernel has none. */
  readonly predictors: readonly Float64Array[];
  readonly covariates: readonly Float64Array[];
  /** The target of each kernel on all images; NaN where it has none. */
  readonly whole: Float64Array;
  /** The same on each resample of the images. */
  readonly resampled: readonly Float64Array[];
}

/** How a predictor ranks some kernels of a site by their target, on Fisher's scale. */
export interface SiteScore {
  readonly size: number;
  readonly z: number;
  /** What ranks round away. */
  readonly rounding: number;
  /** z on each resample of the images, the kernels as they are; z itself where the resample has none. */
  readonly resampled: Float64Array;
}

/** Fewest kernels of a site that are ranked. */
const fewest = 4;

/** Some kernels of a site, with what all predictors that are compared on them have in common. */
class Ranked {
  readonly kernels: readonly number[];
  readonly #targets: SiteTargets;
  readonly #whole: Float64Array;
  #resampled: readonly Float64Array[] | undefined;
  readonly #scores = new Map<number, SiteScore | null>();

  constructor(kernels: readonly number[], targets: SiteTargets) {
    this.kernels = kernels;
    this.#targets = targets;
    this.#whole = this.#ranks(targets.whole);
  }

  #ranks(values: Float64Array): Float64Array {
    return centred(midRanks(this.kernels.map((kernel) => values[kernel]!)));
  }

  score(predictor: number): SiteScore | null {
    const known = this.#scores.get(predictor);
    if (known !== undefined) return known;
    const score = this.#scoreOf(this.#ranks(this.#targets.predictors[predictor]!));
    this.#scores.set(predictor, score);
    return score;
  }

  #scoreOf(x: Float64Array): SiteScore | null {
    const size = this.kernels.length;
    const own = correlation(x, this.#whole);
    if (own === null) return null;
    const z = rankZ(own, size);
    this.#resampled ??= this.#targets.resampled.map((values) => this.#ranks(values));
    const resampled = Float64Array.from(this.#resampled, (y) => {
      const r = correlation(x, y);
      return r === null ? z : rankZ(r, size);
    });
    return { size, z, rounding: roundingVariance(own, size), resampled };
  }
}

/** Pearson's correlation of centred values; null where one side does not vary, or is not known. */
function correlation(a: Float64Array, b: Float64Array): number | null {
  const scale = Math.sqrt(dot(a, a) * dot(b, b));
  return scale > 0 ? dot(a, b) / scale : null;
}

/** The rank correlations of one site, over the kernels that have what is asked of them. */
export class SiteScores {
  readonly #targets: SiteTargets;
  readonly #ranked = new Map<string, Ranked>();

  constructor(targets: SiteTargets) {
    this.#targets = targets;
  }

  /** Kernels that have a target, the covariates and these predictors; none where they are fewer than 4. */
  members(predictors: readonly number[], covariates: readonly number[]): readonly number[] {
    const { whole, predictors: values, covariates: held } = this.#targets;
    const needed = [...predictors.map((p) => values[p]!), ...covariates.map((c) => held[c]!)];
    const members = Array.from({ length: whole.length }, (_, kernel) => kernel).filter(
      (kernel) => Number.isFinite(whole[kernel]) && needed.every((list) => Number.isFinite(list[kernel])),
    );
    return members.length < fewest ? [] : members;
  }

  /** Null where the kernels don't differ. */
  score(predictor: number, members: readonly number[]): SiteScore | null {
    const key = members.join();
    const known = this.#ranked.get(key) ?? new Ranked(members, this.#targets);
    this.#ranked.set(key, known);
    return known.score(predictor);
  }

  /** z of the correlation given covariates; null where there is none. */
  partial(predictor: number, members: readonly number[], covariates: readonly number[]): number | null {
    const { whole, predictors, covariates: held } = this.#targets;
    const of = (values: Float64Array): number[] => members.map((kernel) => values[kernel]!);
    if (members.length < fewest + covariates.length) return null;
    const r = partialSpearman(
      of(predictors[predictor]!),
      of(whole),
      covariates.map((c) => of(held[c]!)),
    );
    return r === null ? null : rankZ(r, members.length - covariates.length);
  }

  /** Variance of z over resamples of kernels and images; null where most have no correlation. */
  sampling(predictor: number, members: readonly number[], seed: number | string): number | null {
    const { site, predictors, resampled } = this.#targets;
    const random = randomStream(seed, 'predictor-kernels', site, predictor);
    const x = predictors[predictor]!;
    const values: number[] = [];
    for (const target of resampled) {
      const drawn = members.map(() => members[random.below(members.length)]!);
      const ranks = [x, target].map((list) => centred(midRanks(drawn.map((kernel) => list[kernel]!))));
      const r = correlation(ranks[0]!, ranks[1]!);
      if (r !== null) values.push(rankZ(r, members.length));
    }
    return values.length < 0.5 * resampled.length ? null : variance(values);
  }
}
