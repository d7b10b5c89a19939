import type { Digest } from '../../digest.js';
import type { Taken } from '../../ledger/claims.js';
import type { Ledger } from '../../ledger/ledger.js';
import { SEMANTICS } from '../../plan/identity.js';
import { chunkOf, type ModelOutline } from '../../plan/outline.js';
import { thereOf } from '../../plan/planner.js';
import type { UnitGroup } from '../../plan/stage.js';
import { committedOf } from '../reading/committed.js';

export interface Unit {
  readonly index: number;
  readonly key: Digest;
}

/** What is to be done of a part of a batch. */
export interface ClaimedUnits {
  /** Neither stored nor in the hands of another run: claimed until `claim` is given back. */
  readonly missing: readonly Unit[];
  readonly stored: number;
  /** Not stored, but in the hands of another run. */
  readonly held: number;
  readonly claim: Taken;
}

/** Claims units of a group for a run, and looks which of them are left to do. */
export async function claimUnits(
  ledger: Ledger,
  outline: ModelOutline,
  group: UnitGroup,
  units: readonly Unit[],
  run: string,
): Promise<ClaimedUnits> {
  const scope = { ...outline.scope, semantics: SEMANTICS };
  const keys = units.map(({ key }) => key);
  const onChunk = group.chunk < 0 ? scope : { ...scope, chunk: chunkOf(outline, group.chunk).digest };
  const claim = await ledger.claims(onChunk).take(keys, run);
  try {
    const stored = await thereOf(outline, group, committedOf(ledger, keys));
    const left = units.filter(({ key }) => !stored.has(key));
    const missing = left.filter(({ key }) => !claim.isHeld(key));
    return { missing, stored: units.length - left.length, held: left.length - missing.length, claim };
  } catch (error) {
    await claim.release();
    throw error;
  }
}
