import { meanBracket } from '../../../analysis/explained.js';
import { learningCurve, type SiteR2 } from '../../../analysis/learning.js';
import { isResolved } from '../../../analysis/ridge.js';
import type { SignatureSet } from '../../../analysis/signature.js';
import { poolNames } from '../../../tables/learning-columns.js';
import type { AnalysisSpec } from '../../../spec/study-spec.js';
import type { LearningRow } from '../../../tables/schema.js';

/** A row for each number of base images, site and kind of pool: the mean over the kernels of the site that have a number. */
export function learningRows(
  model: string,
  set: SignatureSet,
  whole: ReadonlyMap<string, Pick<SiteR2, 'same' | 'far'>>,
  analysis: AnalysisSpec,
  seed: number,
): LearningRow[] {
  const points = learningCurve(set, { seed, distance: analysis.far }, whole);
  return points.flatMap(({ bases, sites }) =>
    sites.flatMap((site) =>
      poolNames.flatMap((pool): LearningRow[] => {
        const mean = meanBracket(site[pool]);
        if (mean === null) return [];
        return [
          {
            model,
            site: site.site,
            pool,
            pool_size: site.pools[pool],
            bases,
            kernels: site[pool].filter((r2) => r2 !== null).length,
            r2_low: mean.low,
            r2_high: mean.high,
            r2_resolved: isResolved(mean),
          },
        ];
      }),
    ),
  );
}
