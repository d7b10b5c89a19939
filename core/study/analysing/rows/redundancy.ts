import { explainedKernels, meanBracket, poolSizes, type SiteExplained } from '../../../analysis/explained.js';
import { isResolved, type R2Bracket } from '../../../analysis/ridge.js';
import { signatureSet, type SignatureSet } from '../../../analysis/signature.js';
import {
  systemicExcess,
  systemicRedundancy,
  type SystemicExcess,
  type SystemicRedundancy,
} from '../../../analysis/systemic.js';
import { printVariant } from '../../../plan/network-variant.js';
import type { AnalysisSpec } from '../../../spec/study-spec.js';
import type { ModelRow } from '../../../tables/schema.js';
import type { Tensor } from '../../../tensor.js';
import type { ModelResults, ResponseResultRead } from '../../reading/model-results.js';

/** Signatures of the intact network and of its nulls, on the same impulses. */
export interface Signatures {
  readonly intact: SignatureSet;
  readonly nulls: readonly SignatureSet[];
}

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

/** The signatures of the first set of impulses on images that has both signs; undefined where there is none. */
export function signaturesOf(results: ModelResults): Signatures | undefined {
  for (const { groups } of results.responses) {
    const usable = groups.filter(({ group }) => typeof group.base !== 'string' && group.at === 'input');
    const variants = new Map<string, ResponseResultRead[]>();
    for (const group of usable) {
      const name = printVariant(group.group.variant);
      variants.set(name, [...(variants.get(name) ?? []), group]);
    }
    const intact = setOf(results, variants.get('intact') ?? []);
    variants.delete('intact');
    if (!intact) continue;
    return { intact, nulls: [...variants.values()].flatMap((list) => setOf(results, list) ?? []) };
  }
  return undefined;
}

function setOf(results: ModelResults, groups: readonly ResponseResultRead[]): SignatureSet | undefined {
  if (groups.length < 2) return undefined;
  const sites = results.outline.anatomy.sites.flatMap((site) => {
    const parts = groups.map(({ tensors }) => tensors.get(`signature/${site.name}`) as Tensor<'float32'> | undefined);
    if (parts.some((part) => part === undefined)) return [];
    return [
      {
        site: site.name,
        depth: site.normalisedDepth,
        kernels: site.channels,
        parts: (parts as Tensor<'float32'>[]).map((part) => [part.data]),
      },
    ];
  });
  return sites.length > 0 ? signatureSet(sites) : undefined;
}

/** R² within a site and from far away for every kernel, with pools of the network's size in its nulls, too. */
export function explainedOf(signatures: Signatures, analysis: AnalysisSpec, seed: number): Explained {
  const options = { seed, distance: analysis.far };
  const pools = poolSizes(signatures.intact, options);
  const asMap = (sites: readonly SiteExplained[]): ReadonlyMap<string, KernelR2> =>
    new Map(sites.map(({ site, same, far }) => [site, { same, far }]));
  const nulls = signatures.nulls.map((set) => asMap(explainedKernels(set, options, pools)));
  return { intact: asMap(explainedKernels(signatures.intact, options, pools)), null: meanMaps(nulls) };
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
  const bracket = intact && intact.plugin !== null ? Math.abs(intact.plugin - intact.value) : undefined;
  return {
    sr: intact?.value ?? null,
    sr_low: intact?.interval?.low ?? null,
    sr_high: intact?.interval?.high ?? null,
    sr_plugin: intact?.plugin ?? null,
    sr_resolved: intact === undefined || bracket === undefined ? null : bracket <= Math.abs(intact.value),
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

/** Systemic redundancy with its null and excess; undefined where the network has too few live kernels at too few sites. */
export function systemicOf(signatures: Signatures, analysis: AnalysisSpec, seed: number): Systemic | undefined {
  const options = { seed, level: analysis.confidence, ...analysis.rarefy };
  const intact = systemicRedundancy(signatures.intact, options);
  if (!intact) return undefined;
  const nulls = signatures.nulls.flatMap((set) => systemicRedundancy(set, options) ?? []);
  return { intact, against: systemicExcess(intact, nulls, analysis.confidence) };
}
