import { isWhole, knownMean } from '../../../analysis/damage.js';
import { mean } from '../../../analysis/moments.js';
import { contrastOf, meanContrast, type QuadrupleSample } from '../../../analysis/quadruples.js';
import {
  distanceClass,
  distanceClasses,
  pairsAcross,
  pairsWithin,
  plannedQuadruples,
  type Quadruple,
} from '../../../plan/quadruples.js';
import { targetsOf, type Target } from '../../../plan/target.js';
import type { ContrastRow, QuadrupleRow } from '../../../tables/schema.js';
import type { AblationResult, ModelResults } from '../../reading/model-results.js';
import { isMeasured, nameOf, plannedPairs, type ExcessOf, type PlannedPair } from './pair.js';

/** The four pairs of a quadruple with one fill and draw: within the first layer, within the second, and the two across. */
type Four<P> = readonly [first: P, second: P, ab: P, ba: P];

interface PlacedQuadruple {
  readonly index: number;
  readonly fill: string;
  readonly first: readonly [a: Target, b: Target];
  readonly second: readonly [a: Target, b: Target];
  readonly depths: readonly [first: number, second: number];
  /** One for each draw of donors; undefined where a pair is not planned, since what it rests on failed. */
  readonly draws: readonly Four<PlannedPair | undefined>[];
}

const distanceOf = ({ depths: [first, second] }: PlacedQuadruple): number => Math.abs(second - first);

/** The quadruples of an ablation, by fill, in their order; none in other modes. */
function placedQuadruples(results: ModelResults, ablation: AblationResult, seed: number): PlacedQuadruple[] {
  const spec = results.outline.ablations.find((one) => one.spec.name === ablation.name)?.spec;
  if (!spec?.quadruples) return [];
  const { anatomy } = results.outline;
  const targets = targetsOf(anatomy, spec.unit, spec.layers);
  const depths = new Map(anatomy.sites.map((site) => [site.name, site.normalisedDepth]));
  const depthOf = (target: Target): number => depths.get(target.cuts[0]?.site ?? '') ?? 0;
  const at = ([a, b]: readonly [number, number]) => [targets[a] as Target, targets[b] as Target] as const;
  const byFill = new Map<string, Map<string, PlannedPair>[]>();
  for (const pair of plannedPairs(results, ablation)) {
    const { fill, draw } = pair.labelled;
    const draws = byFill.get(fill) ?? [];
    byFill.set(fill, draws);
    const pairs = (draws[draw ?? 0] ??= new Map<string, PlannedPair>());
    pairs.set(`${nameOf(pair.a.target)} ${nameOf(pair.b.target)}`, pair);
  }
  const fourOf = (quadruple: Quadruple, pairs: ReadonlyMap<string, PlannedPair>): Four<PlannedPair | undefined> =>
    [...pairsWithin(quadruple), ...pairsAcross(quadruple)].map((places) =>
      pairs.get(at(places).map(nameOf).join(' ')),
    ) as unknown as Four<PlannedPair | undefined>;
  const quadruples = plannedQuadruples(spec, { targets, anatomy, seed });
  return [...byFill].flatMap(([fill, draws]) =>
    quadruples.map((quadruple, index): PlacedQuadruple => {
      const [first, second] = [at(quadruple.first), at(quadruple.second)];
      return {
        index,
        fill,
        first,
        second,
        depths: [depthOf(first[0]), depthOf(second[0])],
        draws: draws.map((pairs) => fourOf(quadruple, pairs)),
      };
    }),
  );
}

/** Excess of the four pairs, image by image, averaged over draws of donors; undefined where one is missing. */
function excesses({ draws }: PlacedQuadruple, excessOf: ExcessOf): Four<Float64Array> | undefined {
  const known = draws.map((four) => four.map((pair) => (pair && isMeasured(pair) ? excessOf(pair) : undefined)));
  if (known.length === 0 || known.some((four) => four.includes(undefined))) return undefined;
  const all = known as unknown as readonly Four<Float64Array>[];
  return [0, 1, 2, 3].map((place) => {
    const [one, ...others] = all.map((four) => four[place] as Float64Array);
    return (one as Float64Array).map(
      (value, i) => others.reduce((sum, other) => sum + (other[i] as number), value) / all.length,
    );
  }) as unknown as Four<Float64Array>;
}

const contrastsOf = ([first, second, ab, ba]: Four<Float64Array>): Float64Array =>
  contrastOf([ab, ba], [first, second]);

/** One row a quadruple and fill, whatever is known of it. */
export function quadrupleRows(
  results: ModelResults,
  ablation: AblationResult,
  seed: number,
  confidence: number,
  excessOf: ExcessOf,
): QuadrupleRow[] {
  return placedQuadruples(results, ablation, seed).map((quadruple): QuadrupleRow => {
    const { index, fill, first, second, depths } = quadruple;
    const found = excesses(quadruple, excessOf);
    const contrasts = found && contrastsOf(found);
    const known = contrasts && isWhole(contrasts) ? knownMean(contrasts, confidence) : null;
    const means = found?.map((values) => (known ? mean(values) : null)) ?? [];
    return {
      model: results.outline.model.name,
      ablation: ablation.name,
      index,
      fill,
      layer_first: first[0].group,
      first_a: first[0].channel ?? 0,
      first_b: first[1].channel ?? 0,
      layer_second: second[0].group,
      second_a: second[0].channel ?? 0,
      second_b: second[1].channel ?? 0,
      depth_first: depths[0],
      depth_second: depths[1],
      distance: distanceOf(quadruple),
      excess_first: means[0] ?? null,
      excess_second: means[1] ?? null,
      excess_ab: means[2] ?? null,
      excess_ba: means[3] ?? null,
      contrast: known?.estimate ?? null,
      contrast_low: known?.low ?? null,
      contrast_high: known?.high ?? null,
      images: contrasts?.length ?? 0,
      non_finite: contrasts?.reduce((sum, value) => sum + (Number.isFinite(value) ? 0 : 1), 0) ?? 0,
      state: found ? 'ok' : 'failed',
    };
  });
}

/** The mean contrast of all quadruples and of those of each distance, for each fill. */
export function contrastRows(
  results: ModelResults,
  ablation: AblationResult,
  seed: number,
  confidence: number,
  excessOf: ExcessOf,
): ContrastRow[] {
  const byFill = new Map<string, PlacedQuadruple[]>();
  for (const one of placedQuadruples(results, ablation, seed)) {
    const own = byFill.get(one.fill);
    if (own) own.push(one);
    else byFill.set(one.fill, [one]);
  }
  const layers = results.outline.anatomy.layers.map(({ name }) => name);
  const numberOf = ({ group }: Target): number => layers.indexOf(group);
  return [...byFill].flatMap(([fill, quadruples]) => {
    const values = (place: number): Float64Array | undefined => {
      const found = excesses(quadruples[place] as PlacedQuadruple, excessOf);
      return found && contrastsOf(found);
    };
    const sample: QuadrupleSample = {
      layers: quadruples.map(({ first, second }) => [numberOf(first[0]), numberOf(second[0])] as const),
      values: (place) => values(place) as Float64Array,
    };
    const isKnown = quadruples.map((_, place) => {
      const contrasts = values(place);
      return contrasts !== undefined && isWhole(contrasts);
    });
    const row = (part: string, chosen: readonly number[], from: number | null, to: number | null): ContrastRow => {
      const known = chosen.filter((place) => isKnown[place]);
      const found = meanContrast(sample, known, confidence);
      return {
        model: results.outline.model.name,
        ablation: ablation.name,
        fill,
        part,
        distance_low: from,
        distance_high: to,
        distance: mean(known.map((place) => distanceOf(quadruples[place] as PlacedQuadruple))),
        quadruples: known.length,
        left_out: chosen.length - known.length,
        layers: found?.layers ?? 0,
        contrast: found?.estimate ?? null,
        low: found?.low ?? null,
        high: found?.high ?? null,
        freedom: found?.freedom ?? null,
      };
    };
    const places = quadruples.map((_, place) => place);
    const classOf = (place: number): number => distanceClass(distanceOf(quadruples[place] as PlacedQuadruple));
    const byDistance = distanceClasses.flatMap((to, i) => {
      const own = places.filter((place) => classOf(place) === i);
      return own.length === 0 ? [] : [row('distance', own, distanceClasses[i - 1] ?? 0, to)];
    });
    return [row('all', places, null, null), ...byDistance];
  });
}
