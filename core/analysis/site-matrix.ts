import { smallest } from '../extremes.js';
import { randomStream } from '../random.js';
import { signatureOf } from './gram.js';
import { filledUp, type SignatureSet } from './signature.js';

export interface RarefiedOptions {
  readonly seed: number | string;
  /** Kernels of the one site, and as many of the other, at each draw. */
  readonly poolSize?: number;
  readonly draws?: number;
  /** Folds of base images, for measures that fit. */
  readonly folds?: number;
}

/** A number for every ordered pair of sites. */
export interface SiteMatrix {
  readonly sites: readonly { readonly site: string; readonly depth: number }[];
  /** Kernels drawn on either side. */
  readonly kernels: number;
  /** values[from][to]; null where a site has too few kernels that respond. */
  readonly values: readonly (readonly (number | null)[])[];
}

/** Signatures of the kernels drawn at one site, all of the same features. */
export type Rows = readonly Float32Array[];

/**
 * Scores one draw: given each site's pool and its targets, by place among the sites that take part, and which sites of the set these
 * are, says what a pair of sites gets. A list is averaged, null left out.
 */
export type DrawScore = (
  pools: readonly Rows[],
  targets: readonly Rows[],
  sites: readonly number[],
) => (from: number, to: number) => readonly (number | null)[];

/**
 * Half of the live kernels of a site, at most `poolSize`: the size that all sites of a network can fill twice, sites with
 * fewer than 4 live kernels apart, which take no part. Null where no site takes part.
 */
export function rarefaction(set: SignatureSet, poolSize = 8): number | null {
  const live = set.sites.map((site) => site.live.length).filter((count) => count >= FEWEST);
  return live.length === 0 ? null : smallest([poolSize, ...live.map((count) => count >> 1)]);
}

/** A site with fewer live kernels takes no part. */
const FEWEST = 4;

/**
 * A measure of two sites as a matrix: at each of the seeded draws every site gives two disjoint halves of one size, its pool
 * (as the site `from`) and its targets (as the site `to`), so that the diagonal compares different kernels, too. All measures see the
 * same draws. Give the `rarefaction` of a network to its nulls, too: what these can't fill with live kernels they fill with silent
 * ones. Null without sites.
 */
export function rarefiedMatrix(set: SignatureSet, options: RarefiedOptions, score: DrawScore): SiteMatrix | null {
  const { seed, draws = 4 } = options;
  const size = options.poolSize ?? rarefaction(set);
  if (size === null) return null;
  const taking = set.sites.flatMap(({ live, kernels }, index) =>
    live.length >= FEWEST && kernels >= 2 * size ? [index] : [],
  );
  const totals = set.sites.map(() => new Float64Array(set.sites.length));
  const counts = set.sites.map(() => new Uint32Array(set.sites.length));
  for (let draw = 0; draw < draws; draw++) {
    const halves = taking.map((index) => {
      const site = set.sites[index]!;
      const random = randomStream(seed, 'long-range', site.site, draw);
      const shuffled = random.shuffled(site.live);
      const drawn =
        shuffled.length >= 2 * size ? shuffled.slice(0, 2 * size) : random.shuffled(filledUp(site, 2 * size));
      return drawn.map((kernel) => signatureOf(set, { site: index, kernel }));
    });
    const between = score(
      halves.map((half) => half.slice(0, size)),
      halves.map((half) => half.slice(size)),
      taking,
    );
    taking.forEach((from, a) => {
      taking.forEach((to, b) => {
        for (const value of between(a, b)) {
          if (value === null) continue;
          totals[from]![to]! += value;
          counts[from]![to]! += 1;
        }
      });
    });
  }
  return {
    sites: set.sites.map(({ site, depth }) => ({ site, depth })),
    kernels: size,
    values: totals.map((row, a) =>
      Array.from(row, (total, b) => (counts[a]![b]! === 0 ? null : total / counts[a]![b]!)),
    ),
  };
}
