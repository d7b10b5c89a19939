import type { Digest } from '../../digest.js';
import { isPercussError } from '../../errors.js';
import { Ledger } from '../../ledger/ledger.js';
import { stageGroups, type Tally } from '../../plan/planner.js';
import { withoutWriting } from '../../store/without-writing.js';
import { Catalog } from '../catalog.js';
import { nextStage } from '../planning/plan-stage.js';
import { storedStudy } from './verify.js';
import { cellFolder, responseFolder } from '../../ledger/keys.js';
import { rowsTold } from '../../ledger/segment-rows.js';
import { SEMANTICS } from '../../plan/identity.js';
import { chunkOf, type ModelOutline } from '../../plan/outline.js';
import { storedAs } from '../../plan/stage.js';
import type { ObjectStore } from '../../store/object-store.js';
import { adoptedScores } from '../planning/decisions.js';
import { adoptedWaves, withWaves } from '../planning/waves.js';
import { loadOutlines } from '../reading/outlines.js';

/** How much of a study the store holds, of what its stages ask for as far as results have decided them. */
export interface StoredTally extends Tally {
  /** Nothing is missing, though something may have failed. */
  readonly whole: boolean;
  /** Unit by unit; else `total` is at most so many, and `stored` about. */
  readonly exact: boolean;
}

/** Above so many units, they are counted by arithmetic and by what the index tells: unit by unit a million take 15 seconds. */
const QUICKLY = 50_000;

/**
 * Counts what of a study is stored: unit by unit where these are few, or where that is asked for; else what its ablations ask for, less nothing
 * for what two of them share, against what the index tells. Undefined for a study that was never stored whole.
 */
export async function studyTally(
  ledger: Ledger,
  id: Digest,
  { exact = false }: { readonly exact?: boolean } = {},
): Promise<StoredTally | undefined> {
  const counted = exact ? undefined : await countedTally(ledger, id);
  return counted && counted.total > QUICKLY ? counted : storedTally(ledger, id);
}

/** By arithmetic and by what the index tells. Undefined for a study that was never stored whole. */
export async function countedTally(ledger: Ledger, id: Digest): Promise<StoredTally | undefined> {
  const looking = new Ledger(withoutWriting(ledger.store));
  try {
    const ref = await storedStudy(looking, id);
    const catalog = new Catalog((digest) => looking.getBlob(digest));
    const scores = await adoptedScores(looking, ref);
    const { study, models } = await loadOutlines(looking, catalog, ref, { scores });
    const { waves } = await adoptedWaves(looking, ref, models);
    let [total, stored] = [0, 0];
    for (const outline of withWaves(models, study, waves)) {
      const counts = await countsOf(looking, outline);
      total += counts.total;
      stored += counts.stored;
    }
    const failed = (await looking.failuresOf(id)).length;
    return { total, stored: Math.max(0, Math.min(stored, total - failed)), failed, whole: false, exact: false };
  } catch (error) {
    if (isPercussError(error) && (error.code === 'NOT_FOUND' || error.code === 'OBJECT_DAMAGED')) return undefined;
    throw error;
  }
}

async function countsOf({ store }: Ledger, outline: ModelOutline): Promise<Pick<Tally, 'total' | 'stored'>> {
  const asked = new Map<number, number>();
  for (const group of stageGroups([outline]).flat()) {
    const chunk = storedAs[group.kind] === 'cell' ? group.chunk : RESULTS;
    asked.set(chunk, (asked.get(chunk) ?? 0) + group.count);
  }
  let [total, stored] = [0, 0];
  for (const [chunk, units] of asked) {
    total += units;
    stored += Math.min(units, chunk === RESULTS ? await results(store, outline) : await cells(store, outline, chunk));
  }
  return { total, stored };
}

/** Where what is no cell is counted. */
const RESULTS = -1;

const cells = (store: ObjectStore, outline: ModelOutline, chunk: number): Promise<number> =>
  rowsTold(store, cellFolder(SEMANTICS, { ...outline.scope, chunk: chunkOf(outline, chunk).digest }));

async function results(store: ObjectStore, { scope }: ModelOutline): Promise<number> {
  let count = 0;
  for await (const _ of store.list(responseFolder(SEMANTICS, scope))) count++;
  return count;
}

/** Counts what of a study is stored, without deciding or writing anything. Undefined for a study that was never stored whole. */
export async function storedTally(ledger: Ledger, id: Digest): Promise<StoredTally | undefined> {
  const looking = new Ledger(withoutWriting(ledger.store));
  try {
    const ref = await storedStudy(looking, id);
    const catalog = new Catalog((digest) => looking.getBlob(digest));
    const { tally, stage } = await nextStage(looking, catalog, ref, { expectations: false });
    return { ...tally, whole: stage === undefined, exact: true };
  } catch (error) {
    if (isPercussError(error) && (error.code === 'NOT_FOUND' || error.code === 'OBJECT_DAMAGED')) return undefined;
    throw error;
  }
}
