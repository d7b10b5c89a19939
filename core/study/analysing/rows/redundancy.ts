import { setImmediate } from 'node:timers/promises';
import {
  explainedSites,
  meanBracket,
  meanOfKnown,
  poolSizes,
  type SiteExplained,
} from '../../../analysis/explained.js';
import { systemicBracket, widthOf, type Brackets } from '../../../analysis/resolution.js';
import { isResolved, type R2Bracket } from '../../../analysis/ridge.js';
import { signatureSet, type SignatureSet } from '../../../analysis/signature.js';
import { similarityMeasure, similarityNames, type SimilarityName } from '../../../analysis/similarity.js';
import { rarefaction, type SiteMatrix } from '../../../analysis/site-matrix.js';
import {
  systemicExcess,
  systemicRedundancy,
  type SystemicExcess,
  type SystemicRedundancy,
} from '../../../analysis/systemic.js';
import type { Site } from '../../../anatomy/site.js';
import { largest } from '../../../extremes.js';
import { printBase } from '../../../plan/impulses.js';
import type { NullVariant } from '../../../plan/network-variant.js';
import { comparedImpulses } from '../../../spec/compared-impulses.js';
import type { BaseParts } from '../../../probe/null-signatures.js';
import type { AnalysisSpec } from '../../../spec/study-spec.js';
import type { ModelRow } from '../../../tables/schema.js';
import type { ModelResults, ResponseResultRead } from '../../reading/model-results.js';
import type { NullReader } from '../../reading/null-reader.js';

/** R² of every kernel, by site, in the intact network and averaged over its nulls. */
export interface Explained {
  readonly intact: ReadonlyMap<string, KernelR2>;
  readonly null: ReadonlyMap<string, KernelR2> | undefined;
}

export interface KernelR2 {
  readonly same: readonly (R2Bracket | null)[];
  readonly far: readonly (R2Bracket | null)[];
}

/** Systemic redundancy of a network, and against that of its nulls. */
export interface Systemic {
  readonly intact: SystemicRedundancy;
  readonly against: SystemicExcess | null;
}

/** What is measured of one network, be it the intact one or a null. */
export interface NetworkRedundancy {
  /** Undefined where the network has too few live kernels at too few sites. */
  readonly systemic: SystemicRedundancy | undefined;
  readonly explained: ReadonlyMap<string, KernelR2>;
  /** Mean over kernels of R², lower end, by one draw of pools: as nulls have it. */
  readonly once: { readonly same: number | null; readonly far: number | null };
  /** Measures between sites, by name. */
  readonly matrices: { readonly [N in SimilarityName]: SiteMatrix | null };
}

/** Redundancy of a network and of its nulls, by the same impulses and by pools of equal size. */
export interface Redundancy {
  readonly intact: NetworkRedundancy;
  readonly nulls: readonly (NetworkRedundancy & { readonly variant: NullVariant })[];
}

/** The nulls that discoveries, and each excess in the table `models`, stand against; the table `excess` has all kinds. */
export const shuffledOf = ({ nulls }: Redundancy): Redundancy['nulls'] =>
  nulls.filter(({ variant }) => 'shuffled' in variant);

/** The signatures of the intact network, of the impulses that it and its nulls are compared by; undefined below two bases. */
export function signaturesOf(results: Pick<ModelResults, 'outline' | 'responses'>): SignatureSet | undefined {
  const compared = comparedImpulses(results.outline.impulses.map(({ spec }) => spec));
  const groups = results.responses.find(({ name }) => name === compared?.name)?.groups ?? [];
  if (basesOf(groups).length < 2) return undefined;
  return setOf(results, signatureParts(groups, results.outline.anatomy.sites));
}

/**
 * Signatures by site, base by base, as responses hold them; of the bases that have all positions, and without the sites that lack a
 * signature on some of these.
 */
export function signatureParts(groups: readonly ResponseResultRead[], sites: readonly Site[]): BaseParts {
  const bases = basesOf(groups);
  return new Map(
    sites.flatMap(({ name }) => {
      const own = bases.map((parts) => parts.flatMap(({ tensors }) => tensors.get(`signature/${name}`) ?? []));
      if (own.some((parts, base) => parts.length < (bases[base] as readonly unknown[]).length)) return [];
      return [[name, own.map((parts) => parts.map(({ data }) => data as Float32Array))] as const];
    }),
  );
}

/** Groups base by base, of the bases that have all positions. */
export function basesOf(groups: readonly ResponseResultRead[]): readonly (readonly ResponseResultRead[])[] {
  const bases = new Map<string, ResponseResultRead[]>();
  for (const read of groups) {
    const name = printBase(read.group.base);
    bases.set(name, [...(bases.get(name) ?? []), read]);
  }
  const parts = largest([...bases.values()].map((own) => own.length));
  return [...bases.values()].filter((own) => own.length === parts);
}

function setOf({ outline }: Pick<ModelResults, 'outline'>, parts: BaseParts): SignatureSet | undefined {
  const sites = outline.anatomy.sites.flatMap(({ name: site, normalisedDepth: depth, channels: kernels }) => {
    const own = parts.get(site);
    return own ? [{ site, depth, kernels, parts: own }] : [];
  });
  return sites.length > 0 ? signatureSet(sites) : undefined;
}

/**
 * Measures a network and its nulls. Nulls are read one at a time, so that memory holds the signatures of one beside those of the
 * network, however many there are.
 */
export async function measureRedundancy(
  results: ModelResults,
  signatures: SignatureSet,
  nulls: NullReader,
  analysis: AnalysisSpec,
  seed: number,
): Promise<Redundancy> {
  const measure = measurer(signatures, analysis, seed);
  const intact = await measure(signatures);
  const measured: (NetworkRedundancy & { readonly variant: NullVariant })[] = [];
  for (const variant of nulls.variants) {
    const parts = await nulls.read(variant);
    const set = parts && setOf(results, parts);
    // One draw of pools: of many nulls a mean over kernels is used, and it is ranked with what the network has by one.
    if (set) measured.push({ variant, ...(await measure(set, { draws: 1, between: 'shuffled' in variant })) });
  }
  return { intact, nulls: measured };
}

/** What a network is resolved by: the measures that its rows have, without its nulls and without comparing sites. */
export function measureIntact(
  signatures: SignatureSet,
  analysis: AnalysisSpec,
  seed: number,
): Promise<NetworkRedundancy> {
  return measurer(signatures, analysis, seed)(signatures, { between: false });
}

/** The brackets of a network, as the table `models` has them. */
export function bracketsOf({ explained, systemic }: Pick<NetworkRedundancy, 'explained' | 'systemic'>): Brackets {
  return {
    same: meanR2(explained, 'same'),
    far: meanR2(explained, 'far'),
    sr: systemic ? systemicBracket(systemic) : null,
  };
}

/** Of R²: how many draws of pools, as many as usual unless told; and whether sites are compared with each other. */
interface MeasureOptions {
  readonly draws?: number;
  readonly between?: boolean;
}

/** What measures a network and its nulls by pools of the network's size, and lets others have their turn site by site: a worker must beat. */
function measurer(
  intact: SignatureSet,
  analysis: AnalysisSpec,
  seed: number,
): (set: SignatureSet, options?: MeasureOptions) => Promise<NetworkRedundancy> {
  const options = { seed, distance: analysis.far };
  const pools = poolSizes(intact, options);
  const poolSize = rarefaction(intact);
  return async (set, { draws, between = true } = {}) => {
    const sites: SiteExplained[] = [];
    for (const site of explainedSites(set, draws === undefined ? options : { ...options, draws }, pools)) {
      sites.push(site);
      await setImmediate();
    }
    return {
      systemic: systemicRedundancy(set, { seed, level: analysis.confidence, ...analysis.rarefy }) ?? undefined,
      explained: new Map(sites.map(({ site, same, far }) => [site, { same, far }])),
      once: {
        same: meanOfKnown(sites.flatMap(({ once }) => once.same)),
        far: meanOfKnown(sites.flatMap(({ once }) => once.far)),
      },
      matrices: Object.fromEntries(
        similarityNames.map((name) => [
          name,
          poolSize === null || !between ? null : similarityMeasure(name).matrix(set, { seed, poolSize }),
        ]),
      ) as NetworkRedundancy['matrices'],
    };
  };
}

/** R² within a site and from far away for every kernel. */
export function explainedOf(redundancy: Redundancy): Explained {
  const none = shuffledOf(redundancy).map(({ explained }) => explained);
  return { intact: redundancy.intact.explained, null: meanMaps(none) };
}

function meanMaps(maps: readonly ReadonlyMap<string, KernelR2>[]): ReadonlyMap<string, KernelR2> | undefined {
  const [first] = maps;
  if (!first) return undefined;
  const average = (site: string, reach: 'same' | 'far'): (R2Bracket | null)[] =>
    (first.get(site) as KernelR2)[reach].map((_, kernel) =>
      meanBracket(maps.map((map) => map.get(site)?.[reach][kernel] ?? null)),
    );
  return new Map([...first.keys()].map((site) => [site, { same: average(site, 'same'), far: average(site, 'far') }]));
}

/** Systemic redundancy with its null and excess; undefined where the network has too few live kernels at too few sites. */
export function systemicOf(redundancy: Redundancy, { confidence }: AnalysisSpec): Systemic | undefined {
  const { systemic: intact } = redundancy.intact;
  if (!intact) return undefined;
  const none = shuffledOf(redundancy).flatMap(({ systemic }) => systemic ?? []);
  return { intact, against: systemicExcess(intact, none, confidence) };
}

/** Mean over all kernels, of a site or of the network. */
export function meanR2(
  explained: ReadonlyMap<string, KernelR2> | undefined,
  reach: 'same' | 'far',
  site?: string,
): R2Bracket | null {
  if (!explained) return null;
  const sites = site === undefined ? [...explained.values()] : [explained.get(site)].filter((r2) => r2 !== undefined);
  return meanBracket(sites.flatMap((r2) => r2[reach]));
}

/** Columns of a bracket: its ends, and whether they are near enough to quote a value. */
export function r2Columns<R extends 'same' | 'far'>(reach: R, r2: R2Bracket | null): R2Columns<R> {
  return {
    [`r2_${reach}_low`]: r2?.low ?? null,
    [`r2_${reach}_high`]: r2?.high ?? null,
    [`r2_${reach}_resolved`]: r2 === null ? null : isResolved(r2),
  } as R2Columns<R>;
}

type R2Columns<R extends string> = { [C in `r2_${R}_${'low' | 'high'}`]: number | null } & {
  [C in `r2_${R}_resolved`]: boolean | null;
};

/** Columns of systemic redundancy, of the table `models`. */
export function systemicColumns(systemic: Systemic | undefined): SystemicColumns {
  const { intact, against } = systemic ?? {};
  const bracket = intact ? systemicBracket(intact) : null;
  return {
    sr: intact?.value ?? null,
    sr_low: intact?.interval?.low ?? null,
    sr_high: intact?.interval?.high ?? null,
    sr_plugin: intact?.plugin ?? null,
    sr_resolved: intact === undefined || bracket === null ? null : widthOf(bracket) <= Math.abs(intact.value),
    sr_null: against?.none.value ?? null,
    sr_null_low: against?.none.interval?.low ?? null,
    sr_null_high: against?.none.interval?.high ?? null,
    sr_excess: against?.excess.value ?? null,
    sr_excess_low: against?.excess.interval?.low ?? null,
    sr_excess_high: against?.excess.interval?.high ?? null,
    sr_p: against?.p ?? null,
  };
}

type SystemicColumns = Pick<ModelRow, `sr${'' | `_${string}`}` & keyof ModelRow>;
