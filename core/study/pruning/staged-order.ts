import { mean } from '../../analysis/moments.js';
import type { RankedKernel } from './kernel-choice.js';

/** Candidates of a stage, for each kernel that it removes. */
const CANDIDATES = 4;

export interface Staging {
  /** In how many stages kernels are chosen; 1: all by their damage alone. */
  readonly stages: number;
  /** KL image by image of each candidate, removed besides what is gone. */
  readonly beside: (
    gone: readonly RankedKernel[],
    candidates: readonly RankedKernel[],
  ) => Promise<readonly ArrayLike<number>[]>;
}

/**
 * An order of removal that is made in stages: each takes its share of `count` from the front of the ranking, and then those that come next, four times as
 * many as a stage takes, are ranked anew by what they do besides all that is gone. So a kernel whose substitute has gone before
 * it moves back. Their `kl` is what they were last measured to do.
 *
 * @param count About how many kernels will go.
 * @param choosing Places of the images that choose.
 */
export async function stagedOrder(
  ranked: readonly RankedKernel[],
  count: number,
  choosing: readonly number[],
  { stages, beside }: Staging,
): Promise<readonly RankedKernel[]> {
  const share = Math.max(1, Math.ceil(count / stages));
  let [gone, rest]: [readonly RankedKernel[], readonly RankedKernel[]] = [[], ranked];
  for (let stage = 1; stage < stages && rest.length > share; stage++) {
    gone = [...gone, ...rest.slice(0, share)];
    rest = rest.slice(share);
    const candidates = rest.slice(0, CANDIDATES * share);
    const measured = await beside(gone, candidates);
    const anew = candidates.flatMap((kernel, i) => {
      const kl = mean(Float64Array.from(choosing, (image) => measured[i]?.[image] ?? Number.NaN));
      return kl !== null && Number.isFinite(kl) ? [{ ...kernel, kl }] : [];
    });
    // Sorting keeps the order of equals.
    rest = [...anew.toSorted((a, b) => a.kl - b.kl), ...rest.slice(candidates.length)];
  }
  return [...gone, ...rest];
}
