import type { AblationSpec } from '../spec/study-spec.js';
import type { Removal, RemovalContext, RemovalList } from './removal.js';
import { targetsOf, type Target } from './target.js';

/**
 * Each residual branch alone, then each that has others behind it with these held at their values in the intact network, so that
 * what it does directly is left. Branches that the ablation does not select are held, too: selecting decides what is asked, not
 * what a direct effect is.
 */
export function compensationRemovals(
  _ablation: AblationSpec,
  { targets, anatomy }: Pick<RemovalContext, 'targets' | 'anatomy'>,
): RemovalList {
  const depths = new Map(anatomy.sites.map(({ name, depth }) => [name, depth]));
  const depthOf = (target: Target): number => depths.get(target.cuts[0]?.site ?? '') ?? 0;
  const every = targetsOf(anatomy, 'block', ['*']);
  const layersOf = new Map(anatomy.blocks.map(({ name, layers }) => [name, layers]));
  // A branch that holds the removed one in itself is not behind it.
  const apart = ({ group: a }: Target, { group: b }: Target): boolean =>
    !(layersOf.get(a) ?? []).some((layer) => layersOf.get(b)?.includes(layer));
  const behind = (target: Target): readonly Target[] =>
    every.filter((other) => depthOf(other) > depthOf(target) && apart(other, target));
  const withLater = targets.filter((target) => behind(target).length > 0);
  const of = targets.length;
  return {
    length: of + withLater.length,
    at: (index): Removal => {
      if (index < of) return { targets: [targets[index] as Target], of };
      const target = withLater[index - of] as Target;
      return { targets: [target], of, frozen: behind(target) };
    },
  };
}
