import type { Json } from '../canonical.js';
import type { Digest } from '../digest.js';
import type { Anatomy } from '../anatomy/site.js';
import { comparedFill, estimands, removesAs } from '../spec/words/estimands.js';
import { fills } from '../spec/words/fills.js';
import { ordersByGradients } from '../spec/words/removal-orders.js';
import type { AblationSpec } from '../spec/study-spec.js';
import { fillDraws, type FillDraw } from './conditions.js';
import { targetsOf } from './target.js';

/** What gradients are asked of the reference images, as predictors of the damage of single kernels: at which sites, in whose place what. */
export interface GradientsAsked {
  readonly sites: readonly string[];
  readonly fills: readonly FillDraw[];
}

/** How lesions are linearised, in the key of what is stored: another definition, or other draws, are another result. */
export const LINEARISED = 3;

/** Draws of donors that a prediction is averaged over, at most: each is one more map to multiply gradients by. */
const DRAWS = 3;

/**
 * What a network's predictors, and orders by gradients, need of these; undefined where no ablation leaves its kernels out one at a time on all
 * images, since then there is nothing to predict, nor any removes in such an order.
 */
export function gradientsOf(
  ablations: readonly AblationSpec[],
  anatomy: Anatomy,
  reference: Digest,
): GradientsAsked | undefined {
  const asking = ablations.filter((spec) => removesAs(spec, estimands.kernel) && !spec.stop);
  const ordered = ablations.filter(ordersByGradients);
  const sites = new Set<string>();
  for (const { unit, layers } of [...asking, ...ordered])
    for (const { cuts } of targetsOf(anatomy, unit, layers)) for (const { site } of cuts) sites.add(site);
  if (sites.size === 0) return undefined;
  const named = new Map<string, FillDraw>();
  const compared: FillDraw = { name: comparedFill, draw: undefined, fill: fills[comparedFill].of(reference, 0) };
  for (const one of [
    compared,
    ...asking.flatMap((spec) => fillDraws({ ...spec, draws: Math.min(DRAWS, spec.draws) }, reference)),
  ])
    named.set(`${one.name} ${one.draw ?? ''}`, one);
  return {
    sites: anatomy.sites.flatMap(({ name }) => (sites.has(name) ? [name] : [])),
    fills: [...named.values()],
  };
}

/** What identifies them besides network and numeric mode; directions in the outputs are drawn by the study's seed. */
export const gradientsIdentity = ({ sites, fills: put }: GradientsAsked, reference: Digest, seed: number): Json => ({
  method: LINEARISED,
  reference,
  seed,
  sites,
  fills: put.map(({ name, fill }) => ({ name, fill: fill as unknown as { readonly [key: string]: Json } })),
});
