import { decodeChunk } from '../../data/chunk.js';
import type { Digest } from '../../digest.js';
import { isPercussError } from '../../errors.js';
import type { Ledger } from '../../ledger/ledger.js';
import { cellScopes, type ScopeFolder } from '../../ledger/scopes.js';
import { printNumericMode, readNumericMode } from '../../numeric-mode.js';
import type { Edit } from '../../plan/condition.js';
import { cellKeyOf, printEdits, SEMANTICS } from '../../plan/identity.js';
import { imageSetDigest, type ModelOutline } from '../../plan/outline.js';
import type { ResolvedData, ResolvedStudy } from '../../spec/resolved-study.js';
import { fills } from '../../spec/words/fills.js';
import { wordsOf } from '../../word-table.js';
import { dataDifferences } from './data-differences.js';
import type { StoredStudy } from './nearest-study.js';
import { modelDifferences, type Difference } from './study-differences.js';

/** A stored cell of the same condition, or of the same channels with something else in their place. */
export interface NearCell {
  readonly key: Digest;
  readonly object: string;
  /** A study that has such a network and such images, where one is stored. */
  readonly study: string | null;
  readonly differences: readonly Difference[];
}

/** The cell to which others are near. */
export interface OwnCell {
  readonly outline: ModelOutline;
  readonly study: ResolvedStudy;
  readonly chunk: Digest;
  readonly edits: readonly Edit[];
}

/** Folders that are looked into: each is a listing, and a segment to read. */
const MOST_FOLDERS = 64;
/** Folders that are named at all. */
const MOST_NAMED = 10_000;

/** The stored cell whose key has the fewest other parts; undefined where there is none of these channels. */
export async function nearestCell(
  ledger: Ledger,
  own: OwnCell,
  studies: readonly StoredStudy[],
): Promise<NearCell | undefined> {
  return (await otherFill(ledger, own, studies)) ?? (await otherFolder(ledger, own, studies));
}

/** The same channels, images and network with another fill, or other reference images. */
async function otherFill(
  ledger: Ledger,
  { outline, chunk, edits }: OwnCell,
  studies: readonly StoredStudy[],
): Promise<NearCell | undefined> {
  const [first] = edits;
  if (!first || edits.some(({ fill }) => JSON.stringify(fill) !== JSON.stringify(first.fill))) return undefined;
  const there = await ledger.committedKeys({ ...outline.scope, chunk, semantics: SEMANTICS });
  const references = new Map<Digest, string>([[outline.reference, outline.model.reference]]);
  for (const { study } of studies)
    for (const data of study.data) references.set(imageSetDigest(data.chunks), data.name);
  const ownText = printEdits(edits);
  for (const [reference, name] of references) {
    for (const word of wordsOf(fills)) {
      const other = printEdits(edits.map((edit) => ({ ...edit, fill: fills[word].of(reference, 0) })));
      const key = cellKeyOf(outline.scope, chunk, other);
      const object = other === ownText ? undefined : there.get(key);
      if (object === undefined) continue;
      const same = 'reference' in first.fill && fills[word].of(first.fill.reference, 0).kind === first.fill.kind;
      const component = same && reference !== outline.reference ? 'reference images' : 'fill';
      const difference: Difference = {
        component,
        share: component === 'fill' ? 'asked' : 'values',
        here: component === 'fill' ? first.fill.kind : outline.reference.slice(0, 12),
        there: component === 'fill' ? word : `${name} (${reference.slice(0, 12)})`,
      };
      return { key, object, study: null, differences: [difference] };
    }
  }
  return undefined;
}

/** How many parts of the key are others there. */
function distanceOf(folder: ScopeFolder, { outline, chunk }: OwnCell): number {
  const same = [
    folder.semantics === SEMANTICS,
    folder.model === outline.scope.model,
    folder.mode === printNumericMode(outline.scope.mode),
    folder.chunk === chunk,
  ];
  return same.filter((is) => !is).length;
}

/** The same edits of another network, on other images, or on another engine. */
async function otherFolder(
  ledger: Ledger,
  own: OwnCell,
  studies: readonly StoredStudy[],
): Promise<NearCell | undefined> {
  const folders: ScopeFolder[] = [];
  for await (const folder of cellScopes(ledger.store)) {
    if (distanceOf(folder, own) > 0) folders.push(folder);
    if (folders.length >= MOST_NAMED) break;
  }
  folders.sort((a, b) => distanceOf(a, own) - distanceOf(b, own));
  const edits = printEdits(own.edits);
  for (const folder of folders.slice(0, MOST_FOLDERS)) {
    const { semantics, model, chunk } = folder;
    const mode = readNumericMode(folder.mode);
    if (!mode) continue;
    const key = cellKeyOf({ model, mode }, chunk, edits, semantics);
    const object = (await ledger.committedKeys({ model, mode, chunk, semantics })).get(key);
    if (object !== undefined) return { key, object, ...(await described(ledger, own, folder, studies)) };
  }
  return undefined;
}

/** What of a folder is other than where our cell belongs, in words of the studies that have such networks and images. */
async function described(
  ledger: Ledger,
  own: OwnCell,
  folder: ScopeFolder,
  studies: readonly StoredStudy[],
): Promise<Pick<NearCell, 'study' | 'differences'>> {
  const { outline, chunk } = own;
  const differences: Difference[] = [];
  const add = (component: string, here: string, there: string): void => {
    differences.push({ component, share: 'values', here, there });
  };
  const { semantics, model, mode } = folder;
  if (semantics !== SEMANTICS) add('semantics', String(SEMANTICS), String(semantics));
  const ownMode = printNumericMode(outline.scope.mode);
  if (mode !== ownMode) add('run.engine, run.device', ownMode, mode);
  const having = studies.find(
    ({ study }) =>
      study.models.some(({ content }) => content === model) && study.data.some((data) => holds(data, folder.chunk)),
  );
  if (model !== outline.scope.model) {
    const other = studies.flatMap(({ study }) => study.models).find(({ content }) => content === model);
    for (const difference of other ? modelDifferences(outline.model, other) : [])
      if (difference.share === 'values') differences.push(difference);
    if (!other)
      add(`models.${outline.model.name}`, outline.scope.model.slice(0, 12), `${model.slice(0, 12)}, of no study here`);
  }
  const ofImages = folder.chunk === chunk ? [] : await images(ledger, own, folder.chunk, having, studies);
  return { study: having?.root.study ?? null, differences: [...differences, ...ofImages] };
}

const holds = ({ chunks, waves = [], trial }: ResolvedData, digest: Digest): boolean =>
  [...chunks, ...waves.flat(), ...(trial ? [trial] : [])].some((chunk) => chunk.digest === digest);

async function images(
  ledger: Ledger,
  { outline, study, chunk }: OwnCell,
  other: Digest,
  having: StoredStudy | undefined,
  studies: readonly StoredStudy[],
): Promise<readonly Difference[]> {
  const plain: Difference = {
    component: `data.${outline.model.data}`,
    share: 'values',
    here: chunk.slice(0, 12),
    there: other.slice(0, 12),
  };
  const own = study.data.find(({ name }) => name === outline.model.data);
  const stored = having ?? studies.find((one) => one.study.data.some((data) => holds(data, other)));
  const data = stored?.study.data.find((candidate) => holds(candidate, other));
  // Another chunk of the same set is no difference of sets.
  if (!own || !data || !stored || holds(own, other)) return [plain];
  const read = async (digest: Digest) => decodeChunk(await ledger.getBlob(digest));
  try {
    return await dataDifferences(
      { data: own, seed: study.seed, chunk: read },
      { data, seed: stored.study.seed, chunk: read },
    );
  } catch (error) {
    if (isPercussError(error) && (error.code === 'NOT_FOUND' || error.code === 'OBJECT_DAMAGED')) return [plain];
    throw error;
  }
}
