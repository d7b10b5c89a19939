import { mean } from '../../analysis/moments.js';
import type { RankedKernel } from './kernel-choice.js';

/** Candidates of a stage, for each kernel that it removes. */
const CANDIDATES = 4;

export interface Staging {
  /** In how many stages kernels are chosen; 1: all by their damage alone. */
  readonly stages: number;
  /** KL image by image of each candidate, from the network without what is gone. */
  readonly beside: (
    gone: readonly RankedKernel[],
    candidates: readonly RankedKernel[],
  ) => Promise<readonly ArrayLike<number>[]>;
}

/** What an order is made for. */
export interface StagedRemoval {
  /** About how many kernels will leave. */
  readonly count: number;
  /** Places of the images that choose. */
  readonly choosing: readonly number[];
  /** Those of some kernels that a smaller network need not compute, in their order. */
  readonly leaving: (kernels: readonly RankedKernel[]) => readonly RankedKernel[];
}

/**
 * An order of removal that is made in stages: each takes its share of `count` from the front of the ranking, and then those that come next, four times as
 * many as a stage takes, are ranked anew by what they do to the network that is left. So a kernel whose substitute has gone before
 * it moves back. Their `kl` is what they were last measured to do.
 *
 * It is not KL from the intact network that ranks them: that has its least value there alone, so that what is left of it could be undone in part, on the images that choose, by whatever
 * pushes outputs the other way, and many such together push too far (decision 0059).
 */
export async function stagedOrder(
  ranked: readonly RankedKernel[],
  { count, choosing, leaving }: StagedRemoval,
  { stages, beside }: Staging,
): Promise<readonly RankedKernel[]> {
  const share = Math.max(1, Math.ceil(count / stages));
  let [gone, rest]: [readonly RankedKernel[], readonly RankedKernel[]] = [[], ranked];
  for (let stage = 1; stage < stages && rest.length > share; stage++) {
    let taken = 0;
    for (let missing = share; missing > 0 && taken < rest.length;) {
      missing = stage * share - leaving([...gone, ...rest.slice(0, taken)]).length;
      taken += Math.max(0, missing);
    }
    gone = [...gone, ...rest.slice(0, taken)];
    rest = rest.slice(taken);
    const candidates = rest.slice(0, CANDIDATES * share);
    const measured = await beside(leaving(gone), candidates);
    const anew = candidates.flatMap((kernel, i) => {
      const kl = mean(Float64Array.from(choosing, (image) => measured[i]?.[image] ?? Number.NaN));
      return kl !== null && Number.isFinite(kl) ? [{ ...kernel, kl }] : [];
    });
    // Sorting keeps the order of equals.
    rest = [...anew.toSorted((a, b) => a.kl - b.kl), ...rest.slice(candidates.length)];
  }
  return [...gone, ...rest];
}
