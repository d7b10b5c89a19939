import { meanOfKnown } from '../../../analysis/explained.js';
import { similarityMeasure, similarityNames } from '../../../analysis/similarity.js';
import { rarefaction, type SiteMatrix } from '../../../analysis/site-matrix.js';
import type { SimilarityRow } from '../../../tables/schema.js';
import type { ModelResults } from '../../reading/model-results.js';
import type { Signatures } from './redundancy.js';

/** One measure of a network and of its nulls. */
interface Measured {
  readonly intact: SiteMatrix | null;
  readonly nulls: readonly SiteMatrix[];
}

/**
 * One row an ordered pair of sites, with every measure of `core/analysis/similarity.ts`: how well `site_a` is predicted from `site_b`.
 * Pairs without a number of the first measure have no row.
 */
export function similarityRows(results: ModelResults, signatures: Signatures, seed: number): SimilarityRow[] {
  const poolSize = rarefaction(signatures.intact);
  if (poolSize === null) return [];
  const measured = similarityNames.map((name): Measured => {
    const { matrix } = similarityMeasure(name);
    const options = { seed, poolSize };
    return {
      intact: matrix(signatures.intact, options),
      nulls: signatures.nulls.flatMap((set) => matrix(set, options) ?? []),
    };
  });
  const leading = measured[0]?.intact;
  if (!leading) return [];
  const sites = new Map(results.outline.anatomy.sites.map((site) => [site.name, site]));
  return leading.sites.flatMap((a, i) =>
    leading.sites.flatMap((b, j): SimilarityRow[] => {
      if ((leading.values[j]?.[i] ?? null) === null) return [];
      const values = Object.fromEntries(
        similarityNames.flatMap((name, at) => pairOf(name, measured[at] as Measured, j, i)),
      );
      return [
        {
          model: results.outline.model.name,
          site_a: a.site,
          site_b: b.site,
          depth_a: sites.get(a.site)?.depth ?? 0,
          depth_b: sites.get(b.site)?.depth ?? 0,
          type_a: sites.get(a.site)?.type ?? 'signed',
          type_b: sites.get(b.site)?.type ?? 'signed',
          kernels: leading.kernels,
          ...values,
        } as SimilarityRow,
      ];
    }),
  );
}

/** The three columns of a measure. */
function pairOf(
  name: (typeof similarityNames)[number],
  { intact, nulls }: Measured,
  from: number,
  to: number,
): [column: string, value: number | null][] {
  const value = intact?.values[from]?.[to] ?? null;
  const null_ = meanOfKnown(nulls.map((matrix) => matrix.values[from]?.[to] ?? null));
  return [
    [name, value],
    [`${name}_null`, null_],
    [similarityMeasure(name).excess, value === null || null_ === null ? null : value - null_],
  ];
}
