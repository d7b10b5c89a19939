import { canonicalJson } from '../canonical.js';
import { sha256, type Digest } from '../digest.js';
import type { ConditionList } from './conditions.js';
import { printEdits } from './identity.js';

/** Conditions whose predictions are tried: enough to tell a rank correlation from none. */
const TRIED = 32;

/** Below so many conditions a preview, which takes as long as about a dozen of them, saves little. */
export const LEAST_PREDICTED = 64;

/** Which of so many conditions are run on the trial's images, ascending: evenly spread, so that all depths are among them. */
export const triedConditions = (conditions: number): readonly number[] =>
  Array.from({ length: Math.min(TRIED, conditions) }, (_, i) =>
    Math.floor(((i + 0.5) * conditions) / Math.min(TRIED, conditions)),
  );

const known = new WeakMap<ConditionList, Digest>();

/** What all conditions of a list are, in their order. */
export function conditionsDigest(list: ConditionList): Digest {
  const before = known.get(list);
  if (before !== undefined) return before;
  const all = Array.from({ length: list.length }, (_, index) => printEdits(list.at(index).condition.edits));
  const digest = sha256(canonicalJson(all));
  known.set(list, digest);
  return digest;
}
