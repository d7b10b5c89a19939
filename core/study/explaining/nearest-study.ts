import type { Digest } from '../../digest.js';
import { isPercussError } from '../../errors.js';
import type { Ledger } from '../../ledger/ledger.js';
import type { StudyRoot } from '../../ledger/studies.js';
import type { NumericMode } from '../../numeric-mode.js';
import { parseStudySpec } from '../../spec/parse.js';
import type { ResolvedStudy } from '../../spec/resolved-study.js';
import type { DataSpec, StudySpec } from '../../spec/study-spec.js';
import { decodeChunk } from '../../data/chunk.js';
import { dataDifferences, type ComparedData } from './data-differences.js';
import { studyDifferences, type Difference } from './study-differences.js';

/** A stored study that others are compared with. */
export interface StoredStudy {
  readonly root: StudyRoot;
  readonly study: ResolvedStudy;
  readonly mode?: NumericMode;
}

/** Studies that are looked at, the newest: each is a record to read. */
const MOST_STUDIES = 200;

/** The studies of a store that can be read, the newest first; at most so many. */
export async function storedStudies(ledger: Ledger, most = MOST_STUDIES): Promise<readonly StoredStudy[]> {
  const found: StoredStudy[] = [];
  for (const root of (await ledger.listStudies()).toReversed().slice(0, most)) {
    try {
      const study = await ledger.getStudy(root.id);
      const mode = await ledger.getDecision<NumericMode>(root.id, 'mode');
      found.push({ root, study, ...(mode ? { mode } : {}) });
    } catch (error) {
      // One that was only begun to be stored, or is damaged, is near to nothing.
      if (!isPercussError(error) || (error.code !== 'NOT_FOUND' && error.code !== 'OBJECT_DAMAGED')) throw error;
    }
  }
  return found;
}

/** The study to explain: stored, or as it would be. */
export interface ExplainedStudy {
  readonly id: Digest;
  readonly study: ResolvedStudy;
  readonly mode?: NumericMode;
  /** As its author wrote it, where that is at hand. */
  readonly spec?: StudySpec;
  blob(digest: Digest): Promise<Uint8Array>;
}

/** Another study, and in which components it differs; the fewer the nearer. */
export interface Neighbour {
  readonly id: Digest;
  readonly study: string;
  readonly created: string;
  readonly differences: readonly Difference[];
}

/** Of several components, those count most on which results hang. */
const weight = ({ share }: Difference): number => ({ values: 4, asked: 1, study: 1, run: 0 })[share];

/**
 * The study from which this one differs in the fewest components, or the one of this id; undefined where no other is stored. Image sets whose
 * content differs are compared image by image.
 */
export async function nearestStudy(
  ledger: Ledger,
  own: ExplainedStudy,
  against?: Digest,
): Promise<Neighbour | undefined> {
  let nearest: { readonly stored: StoredStudy; readonly found: readonly Difference[] } | undefined;
  let least = Infinity;
  for (const stored of await storedStudies(ledger)) {
    if (against === undefined ? stored.root.id === own.id : stored.root.id !== against) continue;
    const found = studyDifferences(own, stored);
    const distance = found.reduce((sum, difference) => sum + weight(difference), 0);
    if (distance < least) [nearest, least] = [{ stored, found }, distance];
  }
  if (!nearest) return undefined;
  const { root } = nearest.stored;
  const { id, study, created } = root;
  return { id, study, created, differences: await withImages(ledger, own, nearest.stored, nearest.found) };
}

/** Says of image sets that differ in what they do. */
async function withImages(
  ledger: Ledger,
  own: ExplainedStudy,
  { root, study }: StoredStudy,
  found: readonly Difference[],
): Promise<readonly Difference[]> {
  const theirs = await specOf(ledger, root.id);
  const ours = own.spec ?? (await specOf(ledger, own.id));
  const result: Difference[] = [];
  for (const difference of found) {
    const named = ({ name }: { readonly name: string }): boolean => difference.component === `data.${name}`;
    const here = own.study.data.find(named);
    const there = study.data.find(named);
    if (!here || !there) result.push(difference);
    else {
      const side = (
        data: typeof here,
        { seed }: ResolvedStudy,
        spec: StudySpec | undefined,
        blob: (digest: Digest) => Promise<Uint8Array>,
      ): ComparedData => ({
        data,
        seed,
        ...specNamed(spec, data.name),
        chunk: async (digest) => decodeChunk(await blob(digest)),
      });
      const images = dataDifferences(
        side(here, own.study, ours, (digest) => own.blob(digest)),
        side(there, study, theirs, (digest) => ledger.getBlob(digest)),
      );
      for (const one of await images.catch((error: unknown) => kept(error, difference))) result.push(one);
    }
  }
  return result;
}

/** Images that are not there any more leave it at what is known of them. */
function kept(error: unknown, difference: Difference): readonly Difference[] {
  if (isPercussError(error) && (error.code === 'NOT_FOUND' || error.code === 'OBJECT_DAMAGED')) return [difference];
  throw error;
}

function specNamed(spec: StudySpec | undefined, name: string): { readonly spec?: DataSpec } {
  const found = spec?.data.find((data) => data.name === name);
  return found ? { spec: found } : {};
}

/** A stored study as its author wrote it; undefined where that can't be read any more. Files need not be there. */
async function specOf(ledger: Ledger, id: Digest): Promise<StudySpec | undefined> {
  const text = await ledger.getDecision<string>(id, 'yaml');
  return text === undefined ? undefined : parseStudySpec(text, 'spec.yaml', () => true).spec;
}
