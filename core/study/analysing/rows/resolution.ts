import { lastExtent, type Extent } from '../../../plan/extent.js';
import type { ModelOutline } from '../../../plan/outline.js';
import type { ResolutionRow } from '../../../tables/schema.js';
import { bracketsOf, type Redundancy } from './redundancy.js';

const states: { readonly [S in Extent['state']]: string } = {
  open: 'undecided',
  resolved: 'resolved',
  budget: 'budget',
};

/** One row for the impulses with `resolve` of a network; none without. */
export function resolutionRows(outline: ModelOutline, redundancy: Redundancy | undefined): ResolutionRow[] {
  return outline.impulses.flatMap(({ spec, extent }): ResolutionRow[] => {
    const last = lastExtent(spec);
    if (!extent || !last) return [];
    const { same = null, far = null } = redundancy ? bracketsOf(redundancy.intact) : {};
    const systemic = redundancy?.intact.systemic;
    return [
      {
        model: outline.model.name,
        impulse: spec.name,
        state: states[extent.state],
        images: extent.images,
        positions: extent.positions,
        most_images: last.images,
        most_positions: last.positions,
        r2_wish: spec.resolve?.r2 ?? null,
        sr_wish: spec.resolve?.sr ?? null,
        r2_same_low: same?.low ?? null,
        r2_same_high: same?.high ?? null,
        r2_far_low: far?.low ?? null,
        r2_far_high: far?.high ?? null,
        sr: systemic?.value ?? null,
        sr_plugin: systemic?.plugin ?? null,
      },
    ];
  });
}
