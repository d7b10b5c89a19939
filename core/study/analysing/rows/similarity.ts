import { meanOfKnown } from '../../../analysis/explained.js';
import { exceedances, type Exceedance } from '../../../analysis/exceedance.js';
import { similarityMeasure, similarityNames } from '../../../analysis/similarity.js';
import type { SiteMatrix } from '../../../analysis/site-matrix.js';
import type { SimilarityRow } from '../../../tables/schema.js';
import type { ModelResults } from '../../reading/model-results.js';
import { shuffledOf, type Redundancy } from './redundancy.js';

/** One measure of a network and of its nulls. */
interface Measured {
  readonly intact: SiteMatrix | null;
  readonly nulls: readonly SiteMatrix[];
  /** By pair of sites, row by row of the matrix. */
  readonly exceedances: readonly (Exceedance | null)[];
}

/**
 * One row an ordered pair of sites, with every measure of `core/analysis/similarity.ts`: how well `site_a` is predicted from `site_b`.
 * Pairs without a number of the first measure have no row. A pair is discovered at the rate `fdr`.
 */
export function similarityRows(results: ModelResults, redundancy: Redundancy, fdr: number): SimilarityRow[] {
  const measured = similarityNames.map((name): Measured => {
    const intact = redundancy.intact.matrices[name];
    const nulls = shuffledOf(redundancy).flatMap(({ matrices }) => matrices[name] ?? []);
    return { intact, nulls, exceedances: exceedances(cellsOf(intact), nulls.map(cellsOf)) };
  });
  const leading = measured[0]?.intact;
  if (!leading) return [];
  const sites = new Map(results.outline.anatomy.sites.map((site) => [site.name, site]));
  return leading.sites.flatMap((a, i) =>
    leading.sites.flatMap((b, j): SimilarityRow[] => {
      if ((leading.values[j]?.[i] ?? null) === null) return [];
      const values = Object.fromEntries(
        similarityNames.flatMap((name, at) => pairOf(name, measured[at] as Measured, j, i, fdr)),
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

const cellsOf = (matrix: SiteMatrix | null): readonly (number | null)[] => matrix?.values.flat() ?? [];

/** The columns of a measure. */
function pairOf(
  name: (typeof similarityNames)[number],
  { intact, nulls, exceedances: tests }: Measured,
  from: number,
  to: number,
  fdr: number,
): [column: string, value: number | boolean | null][] {
  const value = intact?.values[from]?.[to] ?? null;
  const none = meanOfKnown(nulls.map((matrix) => matrix.values[from]?.[to] ?? null));
  const tested = intact ? tests[from * intact.sites.length + to] : undefined;
  return [
    [name, value],
    [`${name}_null`, none],
    [`${name}_null_sd`, tested?.spread ?? null],
    [similarityMeasure(name).excess, value === null || none === null ? null : value - none],
    [`${name}_p`, tested?.p ?? null],
    [`${name}_p_adjusted`, tested?.adjusted ?? null],
    [`${name}_discovered`, tested ? (value ?? 0) > 0 && tested.adjusted <= fdr : null],
  ];
}
