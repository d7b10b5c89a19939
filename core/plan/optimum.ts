import type { Json } from '../canonical.js';
import type { Digest } from '../digest.js';
import type { Anatomy, Site } from '../anatomy/site.js';
import type { AblationSpec } from '../spec/study-spec.js';
import { fills, type OptimalFill } from '../spec/words/fills.js';
import { resultKey, type Scope } from './identity.js';
import { targetsOf } from './target.js';

/** A site whose kernels' best constants are asked for: what one object of them is for. */
export interface Optimum {
  readonly site: string;
  readonly fill: OptimalFill;
}

/** Every site at which some of the ablations puts best constants, in topological order. */
export function optimaOf(ablations: readonly AblationSpec[], anatomy: Anatomy, reference: Digest): readonly Optimum[] {
  const sites = new Set<string>();
  let fill: OptimalFill | undefined;
  for (const { fill: names, unit, layers } of ablations) {
    for (const name of names) {
      const own = fills[name].of(reference, 0);
      if (own.kind !== 'optimal') continue;
      fill = own;
      for (const { cuts } of targetsOf(anatomy, unit, layers)) for (const { site } of cuts) sites.add(site);
    }
  }
  const known = fill;
  return known ? anatomy.sites.flatMap(({ name }) => (sites.has(name) ? [{ site: name, fill: known }] : [])) : [];
}

/** The identity of the best constants of a site. */
export const optimumKey = (scope: Scope, { site, fill }: Optimum): Digest =>
  resultKey('optima', scope, { site, fill: fill as unknown as { readonly [key: string]: Json } });

/** What one object of best constants is for, by index. */
export function optimumAt({ optima }: { readonly optima: readonly Optimum[] }, index: number): Optimum {
  const optimum = optima[index];
  if (!optimum) throw new RangeError(`constants #${index} are not asked for`);
  return optimum;
}

/** Channels of the site. */
export const optimumChannels = ({ sites }: Anatomy, { site: name }: Optimum): number =>
  (sites.find((site) => site.name === name) as Site).channels;

/** Bytes of an object of best constants: of each channel the constant, and what it costs. */
export const optimumBytes = (channels: number): number => 16 * channels;
