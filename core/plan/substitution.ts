import type { Json } from '../canonical.js';
import type { Digest } from '../digest.js';
import type { Anatomy, Site } from '../anatomy/site.js';
import type { AblationSpec } from '../spec/study-spec.js';
import { fills, type SubstituteFill } from '../spec/words/fills.js';
import { resultKey, type Scope } from './identity.js';
import { targetsOf } from './target.js';

/** A site, and how its kernels are told from others: what one object of moments is for. */
export interface Substitution {
  readonly site: string;
  readonly fill: SubstituteFill;
}

/** Every site at which some of the ablations puts substitutes, in topological order, once for each way of telling. */
export function substitutionsOf(
  ablations: readonly AblationSpec[],
  anatomy: Anatomy,
  reference: Digest,
): readonly Substitution[] {
  const asked = new Map<SubstituteFill['from'], { readonly fill: SubstituteFill; readonly sites: Set<string> }>();
  for (const { fill: names, unit, layers } of ablations) {
    for (const name of names) {
      const fill = fills[name].of(reference, 0);
      if (fill.kind !== 'substitute') continue;
      const { sites } = asked.get(fill.from) ?? { sites: new Set<string>() };
      asked.set(fill.from, { fill, sites });
      for (const { cuts } of targetsOf(anatomy, unit, layers)) for (const { site } of cuts) sites.add(site);
    }
  }
  return [...asked.values()].flatMap(({ fill, sites }) =>
    anatomy.sites.flatMap(({ name }) => (sites.has(name) ? [{ site: name, fill }] : [])),
  );
}

/** What identifies moments besides network and numeric mode. */
export const substitutionIdentity = ({ site, fill }: Substitution): Json => ({
  site,
  fill: fill as unknown as { readonly [key: string]: Json },
});

/** The identity of the moments by which substitutes at a site are fitted. */
export const momentsKey = (scope: Scope, substitution: Substitution): Digest =>
  resultKey('moments', scope, substitutionIdentity(substitution));

/** What one object of moments is for, by index. */
export function substitutionAt(
  { substitutions }: { readonly substitutions: readonly Substitution[] },
  index: number,
): Substitution {
  const substitution = substitutions[index];
  if (!substitution) throw new RangeError(`moments #${index} are not asked for`);
  return substitution;
}

/** How large moments are: kernels of the pool, kernels of the site that are not in it, and places of a map; at most. */
export interface MomentSizes {
  readonly pool: number;
  readonly others: number;
  readonly points: number;
}

/** The moments of a site, at most: which sites have maps that are large enough is not looked at. */
export function momentSizes({ sites }: Anatomy, { site: name, fill }: Substitution): MomentSizes {
  const place = sites.findIndex((site) => site.name === name);
  const site = sites[place] as Site;
  const points = sampledLength(site.shape, fill.positions);
  if (fill.from === 'same') {
    const pool = Math.min(fill.pool, site.channels);
    return { pool, others: site.channels - pool, points };
  }
  const before = sites.slice(0, place).reduce((sum, { channels }) => sum + channels, 0);
  return { pool: Math.min(fill.pool, before), others: site.channels, points };
}

/** Bytes of an object of moments. */
export function momentBytes({ pool, others }: MomentSizes, { folds }: SubstituteFill): number {
  const variables = pool + others;
  return 8 * (folds * (pool * variables + 2 * variables + 1) + variables) + 4 * variables;
}

/** Multiply-accumulates for the products of one image, and for choosing the penalty of every kernel once. */
export function momentWork(
  { pool, others, points }: MomentSizes,
  { folds, penalties }: SubstituteFill,
): { readonly image: number; readonly once: number } {
  const fit = 1.5 * pool ** 3 + (pool + others) * pool ** 2;
  return { image: points * pool * (pool / 2 + others), once: folds * penalties.length * fit };
}

/** Every how many rows and columns of a map are compared, so that no more than so many places are. */
export function sampledStep([, ...space]: readonly number[], positions: number): number {
  let step = 1;
  while (space.reduce((product, length) => product * Math.ceil(length / step), 1) > positions) step++;
  return step;
}

function sampledLength(shape: readonly number[], positions: number): number {
  const step = sampledStep(shape, positions);
  return shape.slice(1).reduce((product, length) => product * Math.ceil(length / step), 1);
}
