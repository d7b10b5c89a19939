import { smallest } from '../extremes.js';
import { randomStream } from '../random.js';
import { baseFolds, partEnergies } from './explained.js';
import { partGrams, signatureOf } from './gram.js';
import { ridgeR2 } from './ridge.js';
import type { SignatureSet } from './signature.js';

export interface LongRangeOptions {
  readonly seed: number | string;
  /** Kernels that predict, and as many that are predicted, at each site and draw. */
  readonly poolSize?: number;
  readonly draws?: number;
  readonly folds?: number;
}

/** R² of predicting kernels of site `to` from kernels of site `from`. */
export interface LongRangeMatrix {
  readonly sites: readonly { readonly site: string; readonly depth: number }[];
  /** Size of every pool, and number of targets. */
  readonly kernels: number;
  /** r2[from][to]; null where a site has too few kernels that respond. */
  readonly r2: readonly (readonly (number | null)[])[];
}

/**
 * Half of the live kernels of a site, at most `poolSize`: the size that all sites of all sets can fill twice, sites with
 * fewer than 4 live kernels apart, which take no part. Null where no site takes part.
 */
export function commonRarefaction(sets: readonly SignatureSet[], poolSize = 8): number | null {
  const live = sets.flatMap((set) => set.sites.map((site) => site.live.length)).filter((count) => count >= 4);
  return live.length === 0 ? null : smallest([poolSize, ...live.map((count) => count >> 1)]);
}

/**
 * The long-range redundancy matrix (design §2): mean R² of a site's kernels from another site's, out of sample, by pools
 * of one size throughout, averaged over seeded draws. On the diagonal the pool and the targets are disjoint. Give
 * `commonRarefaction` of a network and its null as the pool size of both. Null below two base images or without sites.
 */
export function longRangeMatrix(set: SignatureSet, options: LongRangeOptions): LongRangeMatrix | null {
  const { seed, draws = 4 } = options;
  const folds = baseFolds(set, options.folds ?? 4, seed);
  const size = commonRarefaction([set], options.poolSize);
  if (folds === null || size === null) return null;
  const taking = set.sites.flatMap((site, index) => (site.live.length >= 2 * size ? [index] : []));
  const totals = set.sites.map(() => new Float64Array(set.sites.length));
  const counts = set.sites.map(() => new Uint32Array(set.sites.length));
  for (let draw = 0; draw < draws; draw++) {
    const halves = taking.map((index) => {
      const site = set.sites[index]!;
      const drawn = randomStream(seed, 'long-range', site.site, draw)
        .shuffled(site.live)
        .slice(0, 2 * size);
      return drawn.map((kernel) => signatureOf(set, { site: index, kernel }));
    });
    const pools = halves.map((half) => half.slice(0, size));
    const targets = halves.map((half) => half.slice(size));
    const energies = targets.map((rows) => partEnergies(rows, folds));
    const own = pools.map((rows) => partGrams(rows, rows, folds));
    const between = partGrams(pools.flat(), targets.flat(), folds);
    taking.forEach((from, a) => {
      taking.forEach((to, b) => {
        const cross = between.map((gram) => block(gram, taking.length * size, a * size, b * size, size));
        for (const r2 of ridgeR2({ pool: own[a]!, cross, energies: energies[b]! }, size)) {
          if (r2 === null) continue;
          totals[from]![to]! += r2;
          counts[from]![to]! += 1;
        }
      });
    });
  }
  return {
    sites: set.sites.map(({ site, depth }) => ({ site, depth })),
    kernels: size,
    r2: totals.map((row, a) => Array.from(row, (total, b) => (counts[a]![b]! === 0 ? null : total / counts[a]![b]!))),
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
