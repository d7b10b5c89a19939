/** What is asked of a top, as far as its error is shared by it. */
interface Asked {
  readonly top: number;
  readonly confidence: number;
  readonly favourites?: ReadonlySet<number> | undefined;
}

/** Share of the error for paired differences; of what remains, for upper ends. */
const [PAIRED, UPPER] = [0.03, 0.9];

/** Of the upper ends' share, for the best of those who are no favourites. */
const BEST = 0.8;

/**
 * How the error of a top is shared. A wrong choice S has a member i that is not of the true top, and misses one that is: let j be the largest mean
 * outside of S. If what was shown of i and j is wrong, then the upper end of j, the lower end of i or their paired difference is. So the
 * upper ends of the k of the true top, the lower ends of the n − k others and k (n − k) differences share the error.
 *
 * With favourites more can be said. Where all of S are favourites (`clean`), a j that is none is the best of all that are none: one condition,
 * whichever the order of drawing. So nearly all of the upper ends' share goes to these, each of them has it, and the rest to the up to k − 1 others of
 * the true top. Where S holds one that is no favourite, all have what is left to the k − 1. Of lower ends and of differences half
 * is the favourites' own.
 */
export class TopErrors {
  readonly #conditions: number;
  readonly #top: number;
  readonly #favourites: ReadonlySet<number> | undefined;
  readonly #upper: number;
  readonly #lower: number;
  readonly #paired: number;

  constructor(conditions: number, { top, confidence, favourites }: Asked) {
    this.#conditions = conditions;
    this.#top = top;
    this.#favourites = favourites && favourites.size < conditions ? favourites : undefined;
    const alpha = 1 - confidence;
    this.#paired = alpha * PAIRED;
    this.#upper = (alpha - this.#paired) * UPPER;
    this.#lower = (alpha - this.#paired) * (1 - UPPER);
  }

  /** Whether all of the chosen are favourites; also where there are none. */
  isClean(chosen: readonly number[]): boolean {
    return chosen.every((index) => this.#favourites?.has(index) ?? true);
  }

  /** For the upper end of a condition. */
  above(index: number, clean: boolean): number {
    if (!this.#favourites || this.#top === 1) return this.#upper / this.#top;
    if (clean && !this.#favourites.has(index)) return BEST * this.#upper;
    return ((1 - BEST) * this.#upper) / (this.#top - 1);
  }

  /** For the lower end of a condition. */
  below(index: number): number {
    if (!this.#favourites) return this.#lower / this.#others;
    const { size } = this.#favourites;
    return this.#lower / 2 / (this.#favourites.has(index) ? size : this.#conditions - size);
  }

  /** For the difference of two. */
  pair(i: number, j: number): number {
    if (!this.#favourites) return this.#paired / (this.#top * this.#others);
    const both = this.#favourites.has(i) && this.#favourites.has(j);
    return this.#paired / 2 / (this.#top * (both ? this.#favourites.size : this.#others));
  }

  get #others(): number {
    return Math.max(1, this.#conditions - this.#top);
  }
}
