import { betweenPools, betweenR2, betweenRarefaction, rarefiedBetween, takingPart } from '../../../analysis/between.js';
import { debiasedCka, examplesOf, fewestExamples } from '../../../analysis/cka.js';
import { exceedances } from '../../../analysis/exceedance.js';
import { meanOfKnown } from '../../../analysis/explained.js';
import { isResolved, type R2Bracket } from '../../../analysis/ridge.js';
import { signatureSet, type SignatureSet } from '../../../analysis/signature.js';
import type { Site } from '../../../anatomy/site.js';
import type { GridElements } from '../../../probe/grid.js';
import type { BaseParts } from '../../../probe/null-signatures.js';
import type { BetweenRow } from '../../../tables/schema.js';

/** What is compared of one network with another. */
export interface ComparedNetwork {
  readonly name: string;
  readonly sites: readonly Site[];
  /** Where in the input the points of its signatures lie. */
  readonly places: GridElements;
  /** Undefined where it has none. */
  readonly signatures: BaseParts | undefined;
  /** Inner products of the activations of every two examples, by site. */
  readonly examples: ReadonlyMap<string, Float64Array>;
}

/** What two networks may be compared by. */
export interface Common {
  /** What signatures on impulses that both got are of those of either; undefined where they got none in common. */
  readonly impulses: ((signatures: BaseParts) => BaseParts) | undefined;
  /** They were shown the same examples. */
  readonly examples: boolean;
}

/** Indices of the points of a grid that lie where a point of another one does, by axis. */
function commonPoints(own: readonly number[], other: readonly number[]): number[] {
  const there = new Set(other);
  return own.flatMap((place, i) => (there.has(place) ? [i] : []));
}

/** The signatures of a network at points that both grids have; undefined where there are none. */
function setAt(
  { sites, places }: Pick<ComparedNetwork, 'sites' | 'places'>,
  parts: BaseParts | undefined,
  other: GridElements,
): SignatureSet | undefined {
  const rows = commonPoints(places.rows, other.rows);
  const columns = commonPoints(places.columns, other.columns);
  const [height, width] = [places.rows.length, places.columns.length];
  if (!parts || rows.length === 0 || columns.length === 0) return undefined;
  const at = (part: Float32Array): Float32Array => {
    const out = new Float32Array((part.length / (height * width)) * rows.length * columns.length);
    let next = 0;
    for (let from = 0; from < part.length; from += height * width) {
      for (const row of rows) for (const column of columns) out[next++] = part[from + row * width + column] as number;
    }
    return out;
  };
  const own = sites.flatMap(({ name: site, normalisedDepth: depth, channels: kernels }) => {
    const bases = parts.get(site);
    return bases ? [{ site, depth, kernels, parts: bases.map((parts) => parts.map(at)) }] : [];
  });
  return own.length === 0 ? undefined : signatureSet(own);
}

/** Of each of some depths the place of the nearest one among others, of several the first. */
export function nearestOf(depths: readonly number[], others: readonly number[]): readonly number[] {
  return depths.map((depth) =>
    others.reduce(
      (best, other, i) => (Math.abs(other - depth) < Math.abs((others[best] as number) - depth) ? i : best),
      0,
    ),
  );
}

/** Nulls whose R² by whole pools stands beside that of nearest sites: their mean is asked for. */
const WHOLE = 3;

/**
 * How well the kernels of `a` are predicted from those of `b`, and how alike their activations are: one row a site of the one and a site of
 * the other. Nulls of `b` stand in its place one by one, so that one of them is held at a time.
 */
export class Comparison {
  readonly #a: ComparedNetwork;
  readonly #b: ComparedNetwork;
  readonly #common: Common;
  readonly #seed: number;
  /** Undefined where the two got no impulses in common, or have no point in common. */
  readonly #responses: Responses | undefined;
  readonly #nulls: {
    readonly rarefied: Values;
    readonly whole: readonly (readonly (R2Bracket | null)[])[] | undefined;
  }[] = [];

  constructor(a: ComparedNetwork, b: ComparedNetwork, common: Common, seed: number) {
    this.#a = a;
    this.#b = b;
    this.#common = common;
    this.#seed = seed;
    const { impulses } = common;
    this.#responses = impulses && responsesOf(cutBy(impulses, a), cutBy(impulses, b), seed);
  }

  /** Whether the two have responses to compare, against which nulls may stand. */
  get isByImpulses(): boolean {
    return this.#responses !== undefined;
  }

  /** Has a null of `b`, by its signatures, stand in its place. */
  standIn(parts: BaseParts): void {
    const { to, takes, size, pools, nearest } = this.#responses ?? {};
    const cut = this.#common.impulses;
    const set = to && cut && setAt(this.#b, cut(parts), this.#a.places);
    if (!to || !set || !takes || size === undefined || !pools || !nearest) return;
    const seed = this.#seed;
    const asked = (site: number, other: number): boolean => nearest[site] === other;
    this.#nulls.push({
      rarefied: rarefiedBetween(to, set, { seed, size, takes }),
      whole: this.#nulls.length < WHOLE ? betweenR2(to, set, pools, { seed, asked }) : undefined,
    });
  }

  /** Sites are discovered at the rate `fdr` over all pairs of sites of the two. */
  rows(fdr: number): BetweenRow[] {
    const [a, b] = [this.#a, this.#b];
    const nearest = nearestOf(
      a.sites.map((site) => site.normalisedDepth),
      b.sites.map((site) => site.normalisedDepth),
    );
    const r2 = this.#r2(fdr);
    return a.sites.flatMap((own, i) =>
      b.sites.map((other, j): BetweenRow => {
        const cka = this.#common.examples ? ckaOf(a.examples.get(own.name), b.examples.get(other.name)) : undefined;
        return {
          model_a: a.name,
          model_b: b.name,
          site_a: own.name,
          site_b: other.name,
          depth_a: own.normalisedDepth,
          depth_b: other.normalisedDepth,
          nearest: nearest[i] === j,
          ...(r2?.(own.name, other.name) ?? nothing),
          examples: cka?.examples ?? null,
          cka: cka?.value ?? null,
        };
      }),
    );
  }

  #r2(fdr: number): ((own: string, other: string) => R2Columns | undefined) | undefined {
    if (!this.#responses) return undefined;
    const { to, from, pools, nearest, values, rarefied, size } = this.#responses;
    const tests = exceedances(
      rarefied.flat(),
      this.#nulls.map((one) => one.rarefied.flat()),
    );
    const [rows, columns] = [placesOf(to), placesOf(from)];
    return (own, other) => {
      const [i, j] = [rows.get(own), columns.get(other)];
      if (i === undefined || j === undefined) return undefined;
      const bracket = values[i]?.[j] ?? null;
      const none = nearest[i] === j ? meanOfKnown(this.#nulls.map(({ whole: r2 }) => r2?.[i]?.[j]?.low ?? null)) : null;
      const value = rarefied[i]?.[j] ?? null;
      const tested = tests[i * from.sites.length + j];
      const nulls = meanOfKnown(this.#nulls.map((one) => one.rarefied[i]?.[j] ?? null));
      return {
        kernels: pools[j] ?? 0,
        r2_low: bracket?.low ?? null,
        r2_high: bracket?.high ?? null,
        r2_resolved: bracket === null ? null : isResolved(bracket),
        r2_null: none,
        r2_excess: bracket === null || none === null ? null : bracket.low - none,
        rarefied_kernels: value === null ? null : size,
        rarefied: value,
        rarefied_null: nulls,
        rarefied_null_sd: tested?.spread ?? null,
        rarefied_excess: value === null || nulls === null ? null : value - nulls,
        rarefied_p: tested?.p ?? null,
        rarefied_p_adjusted: tested?.adjusted ?? null,
        rarefied_discovered: tested ? (value ?? 0) > 0 && tested.adjusted <= fdr : null,
      };
    };
  }
}

type R2Columns = Pick<
  BetweenRow,
  'kernels' | (`r2_${string}` & keyof BetweenRow) | (`rarefied${string}` & keyof BetweenRow)
>;

/** What stands where two sites got no impulses in common. */
const nothing: R2Columns = {
  kernels: null,
  r2_low: null,
  r2_high: null,
  r2_resolved: null,
  r2_null: null,
  r2_excess: null,
  rarefied_kernels: null,
  rarefied: null,
  rarefied_null: null,
  rarefied_null_sd: null,
  rarefied_excess: null,
  rarefied_p: null,
  rarefied_p_adjusted: null,
  rarefied_discovered: null,
};

function ckaOf(
  own: Float64Array | undefined,
  other: Float64Array | undefined,
): { readonly examples: number; readonly value: number | null } | undefined {
  if (!own || !other || own.length !== other.length || examplesOf(own) < fewestExamples) return undefined;
  return { examples: examplesOf(own), value: debiasedCka(own, other) };
}

/** Numbers by site of `a` and site of `b`, as their signature sets have them. */
type Values = readonly (readonly (number | null)[])[];

/** The responses of two networks at common points, and what they give. */
interface Responses {
  readonly to: SignatureSet;
  readonly from: SignatureSet;
  /** Of each site of `to` the nearest one of `from`. */
  readonly nearest: readonly number[];
  /** Kernels of each site of `from` that predict. */
  readonly pools: readonly number[];
  readonly values: readonly (readonly (R2Bracket | null)[])[];
  /** Kernels on either side of rarefied comparisons, and which sites of `from` take part. */
  readonly size: number;
  readonly takes: (from: number) => boolean;
  readonly rarefied: Values;
}

const cutBy = (cut: (signatures: BaseParts) => BaseParts, network: ComparedNetwork): ComparedNetwork => ({
  ...network,
  signatures: network.signatures && cut(network.signatures),
});

/** Undefined where the two have no point in common. */
function responsesOf(a: ComparedNetwork, b: ComparedNetwork, seed: number): Responses | undefined {
  const to = setAt(a, a.signatures, b.places);
  const from = setAt(b, b.signatures, a.places);
  if (!to || !from || to.features !== from.features || to.starts.join() !== from.starts.join()) return undefined;
  const pools = betweenPools(from);
  const [size, takes] = [betweenRarefaction([to, from]), takingPart(from)];
  return {
    to,
    from,
    nearest: nearestOf(
      to.sites.map(({ depth }) => depth),
      from.sites.map(({ depth }) => depth),
    ),
    pools,
    values: betweenR2(to, from, pools, { seed }),
    size,
    takes,
    rarefied: rarefiedBetween(to, from, { seed, size, takes }),
  };
}

const placesOf = (set: SignatureSet): ReadonlyMap<string, number> => new Map(set.sites.map(({ site }, i) => [site, i]));
