import type { AblationSpec } from '../spec/study-spec.js';

/**
 * Leave-one-out with zeros over the same targets, what an order by damage is read from; or, where pairs are screened, the single targets of all
 * pairs, with the fills of the ablation.
 */
export function scoringAblation(spec: AblationSpec): AblationSpec {
  if (spec.pairs?.screen) return { ...spec, name: `${spec.name} (screen)` };
  const { keep: _keep, ...own } = spec;
  return { ...own, name: `${spec.name} (order)`, mode: 'each', fill: ['zero'], order: 'random' };
}
