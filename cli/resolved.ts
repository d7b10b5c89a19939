import { isPercussError } from '../core/errors.js';
import type { Extent } from '../core/plan/extent.js';
import { knownExtents, type KnownExtent } from '../core/study/planning/waves.js';
import type { Session } from './session.js';

/** How far the impulses with `resolve` of a study go by what is decided; none where its store can't be read. */
export async function knownResolutions(
  { ledger }: Pick<Session, 'ledger'>,
  { id, unreachable }: { readonly id: string; readonly unreachable?: string },
): Promise<readonly KnownExtent[]> {
  if (unreachable !== undefined) return [];
  try {
    return await knownExtents(ledger, id);
  } catch (error) {
    // That it can't be read is told with the doubts.
    if (isPercussError(error)) return [];
    throw error;
  }
}

const ended: { readonly [S in Extent['state']]: (taken: string, most: number) => string } = {
  open: (taken, most) => `open, ${taken} so far, ${most} at most`,
  resolved: (taken) => `resolved with ${taken}`,
  budget: (taken) => `not resolved: the budget ended with ${taken}`,
};

/** The same for people, a line a network. */
export const resolutionLines = (known: readonly KnownExtent[]): readonly string[] =>
  known.map(({ model, impulses, images, positions, state, most }) => {
    const taken = `${images} base images${positions === 1 ? '' : `, ${positions} positions on each`}`;
    return `  ${model} · ${impulses}: ${ended[state](taken, most.images)}`;
  });
