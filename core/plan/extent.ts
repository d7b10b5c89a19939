import type { ImpulseSpec } from '../spec/study-spec.js';
import { positionCounts } from './positions.js';

/**
 * How far impulses with `resolve` go on one network: base images, and positions on each. `open`: whether that is enough is not decided;
 * `resolved`: brackets are as narrow as was wished; `budget`: they are not, and no more may be asked for.
 */
export interface Extent {
  readonly images: number;
  readonly positions: number;
  readonly state: 'open' | 'resolved' | 'budget';
}

/** By `model/impulses`. */
export type Extents = Readonly<Record<string, Extent>>;

const isSeeded = ({ positions }: ImpulseSpec): boolean =>
  positions === 'phases' || (typeof positions === 'object' && 'phases' in positions);

/** The first wave: what stands beside `resolve`. Undefined for impulses that are not resolved. */
export function firstExtent(spec: ImpulseSpec): Extent | undefined {
  if (!spec.resolve || !('images' in spec.bases)) return undefined;
  return { images: spec.bases.images, positions: positionCounts(spec).parts, state: 'open' };
}

/** As far as the budget lets it go, which is decided then. Undefined for impulses that are not resolved. */
export function lastExtent(spec: ImpulseSpec): Extent | undefined {
  const first = firstExtent(spec);
  if (!first || !spec.resolve) return undefined;
  const { images, positions } = spec.resolve.budget;
  return {
    images: Math.max(first.images, images),
    positions: isSeeded(spec) ? Math.max(first.positions, positions) : first.positions,
    state: 'budget',
  };
}

/**
 * The wave behind an extent: twice the images, and where there are no more, twice the positions. A larger budget has the same
 * waves, but for the last. Undefined where the budget is spent.
 */
export function nextExtent(spec: ImpulseSpec, { images, positions }: Extent): Extent | undefined {
  const last = lastExtent(spec);
  if (!last) return undefined;
  if (images < last.images) return { images: Math.min(2 * images, last.images), positions, state: 'open' };
  if (positions < last.positions) return { images, positions: Math.min(2 * positions, last.positions), state: 'open' };
  return undefined;
}

/** The impulses that are asked for at an extent, as if they had been asked for outright; never more than the budget. */
export function impulsesAt(spec: ImpulseSpec, extent: Extent): ImpulseSpec {
  const last = lastExtent(spec);
  if (!last) return spec;
  const { resolve: _resolve, ...plain } = spec;
  const phases = Math.min(extent.positions, last.positions);
  return {
    ...plain,
    bases: { images: Math.min(extent.images, last.images) },
    ...(isSeeded(spec) ? { positions: phases === 1 ? 'phases' : { phases } } : {}),
  };
}
