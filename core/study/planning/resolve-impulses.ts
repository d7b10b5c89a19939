import { areNarrow } from '../../analysis/resolution.js';
import type { DigestSet } from '../../digest-set.js';
import type { Ledger } from '../../ledger/ledger.js';
import { nextExtent, type Extent, type Extents } from '../../plan/extent.js';
import { scoresName, unitKey, type ModelOutline, type PlannedImpulses } from '../../plan/outline.js';
import type { ResolvedStudy } from '../../spec/resolved-study.js';
import { bracketsOf, measureIntact, signaturesOf } from '../analysing/rows/redundancy.js';
import { loadResponses } from '../reading/load-model-results.js';

type Measured = Pick<ResolvedStudy, 'seed' | 'analysis'>;

/**
 * Decides of impulses with `resolve` whether they are resolved, go on to their next wave, or have spent their budget: by the responses of
 * the waves that were asked for, measured as the analysis measures them. Those that lack a response, since it failed, are left open.
 *
 * @param read takes note of the keys of what it rests on.
 */
export async function decideExtents(
  ledger: Ledger,
  models: readonly ModelOutline[],
  study: Measured,
  read: DigestSet,
): Promise<Extents> {
  const decided: Record<string, Extent> = {};
  for (const outline of models) {
    for (const planned of outline.impulses) {
      const next = await decide(ledger, outline, planned, study, read);
      if (next) decided[scoresName(outline.model.name, planned.spec.name)] = next;
    }
  }
  return decided;
}

async function decide(
  ledger: Ledger,
  outline: ModelOutline,
  { spec, extent, groups }: PlannedImpulses,
  { seed, analysis }: Measured,
  read: DigestSet,
): Promise<Extent | undefined> {
  if (extent?.state !== 'open' || !spec.resolve) return undefined;
  const responses = await loadResponses(ledger, outline, seed, spec.name);
  if (responses.some((set) => set.groups.length < groups.length)) return undefined;
  const unit = { kind: 'responses', model: outline.model.name, name: spec.name, chunk: -1 } as const;
  for (const index of groups.keys()) read.add(unitKey(outline, seed, unit, index));
  const signatures = signaturesOf({ outline, responses });
  if (signatures && areNarrow(bracketsOf(await measureIntact(signatures, analysis, seed)), spec.resolve))
    return { ...extent, state: 'resolved' };
  return nextExtent(spec, extent) ?? { ...extent, state: 'budget' };
}
