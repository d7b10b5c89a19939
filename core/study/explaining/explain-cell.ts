import { canonicalJson, type Json } from '../../canonical.js';
import type { Digest } from '../../digest.js';
import { asideRecords } from '../../ledger/aside-records.js';
import { cellFolder } from '../../ledger/keys.js';
import { Ledger } from '../../ledger/ledger.js';
import { provenanceOfObject } from '../../ledger/provenance.js';
import type { Edit } from '../../plan/condition.js';
import { cellKey, SEMANTICS } from '../../plan/identity.js';
import { chunkOf, type ModelOutline } from '../../plan/outline.js';
import type { StudyRef } from '../../spec/resolved-study.js';
import { withoutWriting } from '../../store/without-writing.js';
import { Catalog } from '../catalog.js';
import { adoptedScores } from '../planning/decisions.js';
import { adoptedWaves, withWaves } from '../planning/waves.js';
import { loadOutlines } from '../reading/outlines.js';
import { findCondition, type CellQuery, type FoundCondition } from './found-condition.js';
import { nearestCell, type NearCell } from './nearest-cell.js';
import { storedStudies } from './nearest-study.js';

/** One part of a cell's key, and what it is made of. */
export interface KeyPart {
  readonly part: 'semantics' | 'model' | 'mode' | 'chunk' | 'edits';
  readonly value: Json;
  readonly of: Readonly<Record<string, Json>>;
}

/** An object that holds the cell. The worker and the attempt that computed it are in none (docs/decisions/0002). */
export interface HoldingObject {
  readonly key: string;
  readonly bytes: number;
  /** ISO 8601; null where the store does not say. */
  readonly written: string | null;
  /** Engine, device, processor and version of percuss; null where it can't be read. */
  readonly computedBy: string | null;
}

/** All that is known of one cell. */
export interface CellExplanation {
  readonly key: Digest;
  readonly network: string;
  readonly ablation: string | null;
  readonly condition: number | null;
  readonly parts: readonly KeyPart[];
  /** `unasked`: an adaptive ablation has not asked for these images. */
  readonly state: 'stored' | 'failed' | 'set-aside' | 'unasked' | 'missing';
  /** Why it is not stored; null where it is. */
  readonly because: string | null;
  readonly objects: readonly HoldingObject[];
  /** What the folder of the cell has lost: which cells the objects held is not known. */
  readonly setAside: readonly { readonly key: string; readonly reason: string }[];
  /** How often the study was submitted or run; a failed unit is tried again by each. */
  readonly submissions: number;
  readonly nearest: NearCell | null;
}

/** Records of `aside/` that are looked at. */
const MOST_ASIDE = 10_000;

/**
 * Says of one cell of a stored study what its key is made of, whether it is stored and by what it was computed, why not otherwise, and which
 * stored cell is nearest. Decides and writes nothing.
 *
 * @throws PercussError NOT_FOUND for a condition that the study does not have.
 */
export async function explainCell(stored: Ledger, ref: StudyRef, query: CellQuery): Promise<CellExplanation> {
  const ledger = new Ledger(withoutWriting(stored.store));
  const catalog = new Catalog((digest) => ledger.getBlob(digest));
  const scores = await adoptedScores(ledger, ref);
  const { study, models: plain } = await loadOutlines(ledger, catalog, ref, { scores });
  const { waves } = await adoptedWaves(ledger, ref, plain);
  const found = findCondition(withWaves(plain, study, waves), query);
  const { outline } = found;
  const edits: readonly Edit[] = found.condition?.condition.edits ?? [];
  const chunk = chunkOf(outline, found.chunk);
  const key = cellKey(outline.scope, chunk.digest, edits);
  const scope = { ...outline.scope, chunk: chunk.digest, semantics: SEMANTICS };
  const object = (await ledger.committedKeys(scope)).get(key);
  const objects = object === undefined ? [] : [await holding(ledger, object)];
  const folder = cellFolder(SEMANTICS, scope);
  const aside = await asideRecords(ledger.store, MOST_ASIDE);
  const setAside = aside.filter((record) => record.key.startsWith(folder)).map(({ key, reason }) => ({ key, reason }));
  const failure = (await ledger.failuresOf(ref.id)).find((one) => one.key === key);
  const state = stateOf(found, objects.length > 0, failure !== undefined, setAside.length > 0);
  const studies = await storedStudies(ledger);
  const nearest = await nearestCell(ledger, { outline, study, chunk: chunk.digest, edits }, studies);
  return {
    key,
    network: outline.model.name,
    ablation: found.ablation ?? null,
    condition: found.condition ? found.index : null,
    parts: partsOf(found, edits),
    state,
    because: failure && state === 'failed' ? `${failure.code}: ${failure.message}` : reasons[state](found, setAside),
    objects,
    setAside,
    submissions: await submissionsOf(ledger, ref.id),
    nearest: nearest ?? null,
  };
}

function stateOf(
  { wave }: FoundCondition,
  stored: boolean,
  failed: boolean,
  setAside: boolean,
): CellExplanation['state'] {
  if (stored) return 'stored';
  if (failed) return 'failed';
  if (wave && wave.number >= wave.asked) return 'unasked';
  return setAside ? 'set-aside' : 'missing';
}

type Reason = (found: FoundCondition, setAside: CellExplanation['setAside']) => string | null;

const reasons: { readonly [S in CellExplanation['state']]: Reason } = {
  stored: () => null,
  failed: () => null,
  unasked: ({ wave }) =>
    `the ablation is adaptive: its condition was asked for on ${wave?.asked ?? 0} waves of images, and this is wave ${wave?.number ?? 0}, counted from 0`,
  'set-aside': (_, [first, ...more]) =>
    `nothing holds it; of its folder ${more.length + 1 === 1 ? 'an object was' : `${more.length + 1} objects were`} set aside, perhaps with it: ${first?.key ?? ''}: ${first?.reason ?? ''}`,
  missing: () => 'nobody has computed it: the study has not come so far, or asks for it anew',
};

async function holding({ store }: Ledger, key: string): Promise<HoldingObject> {
  const info = await store.head(key);
  return {
    key,
    bytes: info?.bytes ?? 0,
    written: info && info.written > 0 ? new Date(info.written).toISOString() : null,
    computedBy: (await provenanceOfObject(store, key, {})) ?? null,
  };
}

async function submissionsOf({ store }: Ledger, id: Digest): Promise<number> {
  let count = 0;
  for await (const _ of store.list(`studies/${id}/submissions/`)) count++;
  return count;
}

/** The key, part by part, in the order of its canonical JSON's meaning. */
function partsOf({ outline, chunk: number }: FoundCondition, edits: readonly Edit[]): readonly KeyPart[] {
  const { model, scope } = outline;
  const chunk = chunkOf(outline, number);
  return [
    { part: 'semantics', value: SEMANTICS, of: {} },
    { part: 'model', value: scope.model, of: modelParts(outline) },
    { part: 'mode', value: `${scope.mode.engine}-${scope.mode.precision}-${scope.mode.device}`, of: { ...scope.mode } },
    { part: 'chunk', value: chunk.digest, of: { data: model.data, number, images: chunk.images } },
    {
      part: 'edits',
      value: canonicalJson(edits as unknown as Json),
      of: Object.fromEntries(edits.map(({ site, channels, fill }) => [site, { channels, fill } as unknown as Json])),
    },
  ];
}

function modelParts({ model }: ModelOutline): Readonly<Record<string, Json>> {
  const { format, files, input, output, after } = model;
  return {
    format,
    files: Object.fromEntries(files.map(({ name, blob }) => [name, blob])),
    input: { ...input },
    output: JSON.parse(JSON.stringify(output)) as Json,
    after,
  };
}
