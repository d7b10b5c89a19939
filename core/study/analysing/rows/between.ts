import { betweenPools, betweenR2 } from '../../../analysis/between.js';
import { debiasedCka, examplesOf, fewestExamples } from '../../../analysis/cka.js';
import { meanOfKnown } from '../../../analysis/explained.js';
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
  /** They got the same impulses on the same bases. */
  readonly impulses: boolean;
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

/**
 * One row a site of one network and a site of another: how well the kernels of `a` are predicted from those of `b`, and how alike their
 * activations are. `nulls` are nulls of `b`.
 */
export function betweenRows(
  a: ComparedNetwork,
  b: ComparedNetwork,
  common: Common,
  nulls: readonly BaseParts[],
  seed: number,
): BetweenRow[] {
  const nearest = nearestOf(
    a.sites.map((site) => site.normalisedDepth),
    b.sites.map((site) => site.normalisedDepth),
  );
  const r2 = common.impulses ? r2Between(a, b, nulls, seed) : undefined;
  return a.sites.flatMap((own, i) =>
    b.sites.map((other, j): BetweenRow => {
      const { kernels = null, bracket = null, none = null } = r2?.(own.name, other.name) ?? {};
      const cka = common.examples ? ckaOf(a.examples.get(own.name), b.examples.get(other.name)) : undefined;
      return {
        model_a: a.name,
        model_b: b.name,
        site_a: own.name,
        site_b: other.name,
        depth_a: own.normalisedDepth,
        depth_b: other.normalisedDepth,
        nearest: nearest[i] === j,
        kernels,
        r2_low: bracket?.low ?? null,
        r2_high: bracket?.high ?? null,
        r2_null: none,
        r2_excess: bracket === null || none === null ? null : bracket.low - none,
        examples: cka?.examples ?? null,
        cka: cka?.value ?? null,
      };
    }),
  );
}

function ckaOf(
  own: Float64Array | undefined,
  other: Float64Array | undefined,
): { readonly examples: number; readonly value: number | null } | undefined {
  if (!own || !other || own.length !== other.length || examplesOf(own) < fewestExamples) return undefined;
  return { examples: examplesOf(own), value: debiasedCka(own, other) };
}

interface Compared {
  readonly kernels: number;
  readonly bracket: { readonly low: number; readonly high: number } | null;
  /** Of nearest sites: the mean of the nulls. */
  readonly none: number | null;
}

/** R² by names of sites; undefined where the two have no point in common. */
function r2Between(
  a: ComparedNetwork,
  b: ComparedNetwork,
  nulls: readonly BaseParts[],
  seed: number,
): ((own: string, other: string) => Compared | undefined) | undefined {
  const to = setAt(a, a.signatures, b.places);
  const from = setAt(b, b.signatures, a.places);
  if (!to || !from || to.features !== from.features || to.starts.join() !== from.starts.join()) return undefined;
  const shuffled = nulls.flatMap((parts) => setAt(b, parts, a.places) ?? []);
  const pools = betweenPools([from, ...shuffled]);
  const nearest = nearestOf(
    to.sites.map(({ depth }) => depth),
    from.sites.map(({ depth }) => depth),
  );
  const values = betweenR2(to, from, pools, { seed });
  const asked = (site: number, other: number): boolean => nearest[site] === other;
  const ofNulls = shuffled.map((set) => betweenR2(to, set, pools, { seed, asked }));
  const [rows, columns] = [placesOf(to), placesOf(from)];
  return (own, other) => {
    const [i, j] = [rows.get(own), columns.get(other)];
    if (i === undefined || j === undefined) return undefined;
    const none = ofNulls.length > 0 && asked(i, j) ? ofNulls.map((matrix) => matrix[i]?.[j]?.low ?? null) : [];
    return { kernels: pools[j] ?? 0, bracket: values[i]?.[j] ?? null, none: meanOfKnown(none) };
  };
}

const placesOf = (set: SignatureSet): ReadonlyMap<string, number> => new Map(set.sites.map(({ site }, i) => [site, i]));
