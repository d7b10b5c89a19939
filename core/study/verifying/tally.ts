import type { Digest } from '../../digest.js';
import { isPercussError } from '../../errors.js';
import { Ledger } from '../../ledger/ledger.js';
import type { Tally } from '../../plan/planner.js';
import { withoutWriting } from '../../store/without-writing.js';
import { Catalog } from '../catalog.js';
import { nextStage } from '../planning/plan-stage.js';
import { storedStudy } from './verify.js';

/** How much of a study the store holds, of what its stages ask for as far as results have decided them. */
export interface StoredTally extends Tally {
  /** Nothing is missing, though something may have failed. */
  readonly whole: boolean;
}

/** Counts what of a study is stored, without deciding or writing anything. Undefined for a study that was never stored whole. */
export async function storedTally(ledger: Ledger, id: Digest): Promise<StoredTally | undefined> {
  const looking = new Ledger(withoutWriting(ledger.store));
  try {
    const ref = await storedStudy(looking, id);
    const catalog = new Catalog((digest) => looking.getBlob(digest));
    const { tally, stage } = await nextStage(looking, catalog, ref, { expectations: false });
    return { ...tally, whole: stage === undefined };
  } catch (error) {
    if (isPercussError(error) && (error.code === 'NOT_FOUND' || error.code === 'OBJECT_DAMAGED')) return undefined;
    throw error;
  }
}
