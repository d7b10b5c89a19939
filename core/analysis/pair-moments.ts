import { largest } from '../extremes.js';

/**
 * Second moments of averages over bases, without the bias of squaring one: from Gram matrices G_n of bases n = 1 … N, every product
 * of two averages is estimated over pairs of different bases. For entries that is [(Σ G_n)² − Σ G_n²] / (N(N − 1)), and likewise
 * for products of traces; `plugin` divides (Σ G_n)² by N² instead. As debiased CKA (Székely and Rizzo, Annals of Statistics 42,
 * 2014) does for examples.
 */
export interface PairMoments {
  /** E[tr G of site a]·E[tr G of site b], [sites × sites]. */
  readonly traces: Float64Array;
  /** Σ over kernels i of site a and j of site b, each pair weighted as drawn, of E[G_ij]². */
  readonly squares: Float64Array;
  /** Mean trace of each site. */
  readonly means: Float64Array;
}

/** Pools of kernels at some sites, with their Gram matrices base by base. */
export interface PoolGrams {
  /** [bases][n × n], n being all pools together, in the order of the sites. */
  readonly grams: readonly Float64Array[];
  /** Which kernels of the n are each site's. */
  readonly members: readonly (readonly number[])[];
}

/** Sums over bases that all estimates are made of, by site and pair of sites. */
interface Sums {
  readonly bases: number;
  /** Σ_n tr G_n^a tr G_n^b, and Σ_n tr G_n^a. */
  readonly traceProducts: Float64Array;
  readonly traces: Float64Array;
  /** Σ_ij (Σ_n G_n,ij)² and Σ_ij Σ_n G_n,ij². */
  readonly ofSums: Float64Array;
  readonly ofSquares: Float64Array;
}

/**
 * How the average over all draws of m kernels of a pool weighs an entry of the Gram matrix: exact, without draws. Diagonal
 * entries are in a draw with probability m/K, others of the site with m(m − 1)/(K(K − 1)), those of two sites with (m/K)².
 */
interface Shares {
  readonly one: number;
  readonly two: number;
}

function sharesOf(kernels: number, pool: number): Shares {
  const one = kernels / pool;
  return { one, two: pool > 1 ? (one * (kernels - 1)) / (pool - 1) : 0 };
}

/** Accumulates bases, and gives moments of all of them, or of all but one. */
export class PairSums {
  readonly #pools: PoolGrams;
  readonly #kernels: number;
  readonly #sum: Float64Array;
  readonly #whole: Sums;

  /** @param kernels m: of so many kernels a site, drawn from its pool, the moments are. */
  constructor(pools: PoolGrams, kernels: number) {
    this.#pools = pools;
    this.#kernels = kernels;
    const size = pools.grams[0]?.length ?? 0;
    this.#sum = new Float64Array(size);
    const squares = new Float64Array(size);
    for (const gram of pools.grams) {
      for (let i = 0; i < size; i++) {
        this.#sum[i]! += gram[i]!;
        squares[i]! += gram[i]! * gram[i]!;
      }
    }
    const sites = pools.members.length;
    const traces = pools.grams.map((gram) => this.#traces(gram));
    const traceProducts = new Float64Array(sites * sites);
    for (const trace of traces) addOuter(traceProducts, trace);
    this.#whole = {
      bases: pools.grams.length,
      traceProducts,
      traces: this.#traces(this.#sum),
      ofSums: this.#blocks((at) => this.#sum[at]! ** 2),
      ofSquares: this.#blocks((at) => squares[at]!),
    };
  }

  /** Of all bases. */
  unbiased(): PairMoments {
    return momentsOf(this.#whole, 'pairs');
  }

  /** Of all bases, averages squared as they are: too large by what the averages vary. */
  plugin(): PairMoments {
    return momentsOf(this.#whole, 'plugin');
  }

  /** Of all bases but one. */
  without(base: number): PairMoments {
    const gram = this.#pools.grams[base]!;
    const own = this.#traces(gram);
    const { bases, traceProducts, traces, ofSums, ofSquares } = this.#whole;
    const products = Float64Array.from(traceProducts);
    addOuter(products, own, -1);
    const crossed = this.#blocks((at) => this.#sum[at]! * gram[at]!);
    const squared = this.#blocks((at) => gram[at]! ** 2);
    return momentsOf(
      {
        bases: bases - 1,
        traceProducts: products,
        traces: traces.map((trace, site) => trace - own[site]!),
        ofSums: ofSums.map((value, i) => value - 2 * crossed[i]! + squared[i]!),
        ofSquares: ofSquares.map((value, i) => value - squared[i]!),
      },
      'pairs',
    );
  }

  #traces(gram: Float64Array): Float64Array {
    const n = Math.sqrt(gram.length);
    return Float64Array.from(this.#pools.members, (kernels) => {
      const { one } = sharesOf(this.#kernels, kernels.length);
      let total = 0;
      for (const k of kernels) total += gram[k * n + k]!;
      return one * total;
    });
  }

  /** Sums over blocks of two sites' kernels, each entry weighted by its share of draws. */
  #blocks(entry: (at: number) => number): Float64Array {
    const { members } = this.#pools;
    const n = Math.sqrt(this.#sum.length);
    const out = new Float64Array(members.length ** 2);
    members.forEach((rows, a) => {
      const ofA = sharesOf(this.#kernels, rows.length);
      members.forEach((columns, b) => {
        if (b < a) return;
        const ofB = sharesOf(this.#kernels, columns.length);
        let [diagonal, rest] = [0, 0];
        for (const i of rows) {
          for (const j of columns) {
            if (i === j) diagonal += entry(i * n + j);
            else rest += entry(i * n + j);
          }
        }
        const value = a === b ? ofA.one * diagonal + ofA.two * rest : ofA.one * ofB.one * rest;
        out[a * members.length + b] = value;
        out[b * members.length + a] = value;
      });
    });
    return out;
  }
}

function addOuter(total: Float64Array, vector: Float64Array, sign = 1): void {
  const n = vector.length;
  for (let a = 0; a < n; a++) for (let b = 0; b < n; b++) total[a * n + b]! += sign * vector[a]! * vector[b]!;
}

function momentsOf(sums: Sums, kind: 'pairs' | 'plugin'): PairMoments {
  const { bases, traces } = sums;
  const n = traces.length;
  const outer = new Float64Array(n * n);
  addOuter(outer, traces);
  const means = traces.map((trace) => trace / bases);
  switch (kind) {
    case 'plugin':
      return {
        means,
        traces: outer.map((value) => value / bases ** 2),
        squares: sums.ofSums.map((value) => value / bases ** 2),
      };
    case 'pairs': {
      const pairs = bases * (bases - 1);
      return {
        means,
        traces: outer.map((value, i) => (value - sums.traceProducts[i]!) / pairs),
        squares: sums.ofSums.map((value, i) => (value - sums.ofSquares[i]!) / pairs),
      };
    }
  }
}

/**
 * Effective rank of a site: the participation ratio (tr G)² / tr G² (Gao et al., bioRxiv 214262, 2017). Null where the
 * moments give none.
 */
export function participationRatio(moments: PairMoments, site: number): number | null {
  const at = site * moments.means.length + site;
  const [trace, square] = [moments.traces[at]!, moments.squares[at]!];
  return trace > 0 && square > 0 ? trace / square : null;
}

/**
 * SR = (Σ r_l − r_all) / (Σ r_l − max r_l), r being participation ratios, where in r_all each site's trace is made
 * proportional to its r_l: orthogonal sites give 0 whatever their ranks, copies 1. It is not clipped: with few bases it
 * may be below 0. Null where a site has no rank, or one holds all.
 */
export function systemicScore(moments: PairMoments): number | null {
  const n = moments.means.length;
  const ranks = Array.from({ length: n }, (_, site) => participationRatio(moments, site));
  if (ranks.some((rank) => rank === null)) return null;
  const weights = (ranks as number[]).map((rank, site) => rank / moments.means[site]!);
  let [trace, square] = [0, 0];
  for (let a = 0; a < n; a++) {
    for (let b = 0; b < n; b++) {
      trace += weights[a]! * weights[b]! * moments.traces[a * n + b]!;
      square += weights[a]! * weights[b]! * moments.squares[a * n + b]!;
    }
  }
  const total = (ranks as number[]).reduce((sum, rank) => sum + rank, 0);
  const most = largest(ranks as number[]);
  if (total - most <= 1e-9 * total || square <= 0) return null;
  return (total - trace / square) / (total - most);
}
