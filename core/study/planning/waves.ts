import type { Verdict } from '../../analysis/verdict.js';
import type { Digest } from '../../digest.js';
import { DigestSet, digestOfKeys } from '../../digest-set.js';
import type { Ledger } from '../../ledger/ledger.js';
import { firstExtent, lastExtent, type Extent, type Extents } from '../../plan/extent.js';
import { extentsOf, plannedImpulses, scoresName, type ModelOutline, type Reach } from '../../plan/outline.js';
import { indicesOf, lengthOf, rangesOf, type Ranges } from '../../plan/stage.js';
import type { ResolvedStudy, StudyRef } from '../../spec/resolved-study.js';
import type { StopSpec } from '../../spec/study-spec.js';
import { loadAblationPreview } from '../reading/ablation-preview.js';
import { CellReader } from '../reading/cell-reader.js';
import { decideExtents } from './resolve-impulses.js';
import { verdictOf } from './settle.js';
import type { Unread } from './unread.js';

/** Number of the first decision on waves among a study's decisions; those before it order conditions. */
const FIRST = 3;

/** What is asked for of adaptive ablations and of impulses with `resolve`: empty where there are none. */
export interface Waves {
  readonly reach: Reach;
  readonly extents: Extents;
}

/** Whether anything is asked for in waves. */
export const isAdaptive = ({ reach, extents }: Waves): boolean =>
  Object.keys(reach).length > 0 || Object.keys(extents).length > 0;

/** One round of decisions: which conditions go on to which wave, and how far impulses go. */
export interface WaveDecision {
  /** By `model/ablation`: waves, and the conditions that are asked for on them from now on. */
  readonly advance: Readonly<Record<string, readonly (readonly [wave: number, conditions: Ranges])[]>>;
  /** Of those impulses of which this round decided anything; absent where it decided nothing of any. */
  readonly extents?: Extents;
  /** SHA-256 of the sorted keys of the cells and responses that it was read from. */
  readonly read: Digest;
}

/** What was decided on waves so far, and how often. */
export async function adoptedWaves(
  ledger: Ledger,
  ref: StudyRef,
  models: readonly ModelOutline[],
): Promise<{ readonly waves: Waves; readonly decisions: number }> {
  let waves: Waves = { reach: reachOf(models), extents: extentsOf(models) ?? {} };
  for (let decisions = 0; ; decisions++) {
    const known = isAdaptive(waves) && (await ledger.getStage<WaveDecision>(ref.id, FIRST + decisions));
    if (!known) return { waves, decisions };
    waves = extended(waves, known);
  }
}

/** How far impulses with `resolve` of one network go by what is decided, and how far they may. */
export interface KnownExtent extends Extent {
  readonly model: string;
  readonly impulses: string;
  readonly most: Pick<Extent, 'images' | 'positions'>;
}

/** Of a stored study, by its decisions alone: nothing is measured. Those of which nothing is decided are at their first wave. */
export async function knownExtents(ledger: Ledger, id: Digest): Promise<readonly KnownExtent[]> {
  const { impulses } = await ledger.getStudy(id);
  const decided: Record<string, Extent> = {};
  for (let round = 0; impulses.some(({ resolve }) => resolve); round++) {
    const known = await ledger.getStage<WaveDecision>(id, FIRST + round);
    if (!known) break;
    Object.assign(decided, known.extents);
  }
  return impulses.flatMap((spec) =>
    spec.models.flatMap((model): KnownExtent[] => {
      const [extent, most] = [decided[scoresName(model, spec.name)] ?? firstExtent(spec), lastExtent(spec)];
      if (!extent || !most) return [];
      return [{ model, impulses: spec.name, ...extent, most: { images: most.images, positions: most.positions } }];
    }),
  );
}

/** The waves that outlines ask for now. */
export function reachOf(models: readonly ModelOutline[]): Reach {
  return Object.fromEntries(
    models.flatMap(({ model, ablations }) =>
      ablations.flatMap(({ spec, reach }) => (reach ? [[scoresName(model.name, spec.name), reach] as const] : [])),
    ),
  );
}

/** Outlines that ask for other waves. */
export function withWaves(
  models: readonly ModelOutline[],
  study: ResolvedStudy,
  { reach, extents }: Waves,
): readonly ModelOutline[] {
  return models.map((outline) => ({
    ...outline,
    impulses: outline.impulses.some(({ extent }) => extent)
      ? plannedImpulses(outline, study, extents)
      : outline.impulses,
    ablations: outline.ablations.map((ablation) =>
      ablation.reach
        ? { ...ablation, reach: reach[scoresName(outline.model.name, ablation.spec.name)] ?? ablation.reach }
        : ablation,
    ),
  }));
}

function extended({ reach, extents }: Waves, { advance, extents: decided = {} }: WaveDecision): Waves {
  return {
    reach: extendedReach(reach, advance),
    extents: Object.fromEntries(Object.entries(extents).map(([name, own]) => [name, decided[name] ?? own])),
  };
}

function extendedReach(reach: Reach, advance: WaveDecision['advance']): Reach {
  return Object.fromEntries(
    Object.entries(reach).map(([name, waves]) => {
      const next = [...waves];
      for (const [wave, conditions] of advance[name] ?? []) {
        // A record of another store may name more than there are.
        const known = conditions.map(([from, to]) => [from, Math.min(to, next.length)] as const);
        const there = known.filter(([from, to]) => from < to);
        for (const index of indicesOf(there, 0, lengthOf(there))) {
          next[index] = Math.max(next[index] as number, wave + 1);
        }
      }
      return [name, next];
    }),
  );
}

/**
 * Decides which conditions go on to which wave, and how far impulses go, from the cells and responses of the waves that were asked for
 * before: a pure function of these. Undefined where everything is settled, or undecided.
 * @param unread takes note of cells that were not found
 */
export async function decideWaves(
  ledger: Ledger,
  models: readonly ModelOutline[],
  study: Pick<ResolvedStudy, 'seed' | 'analysis'>,
  unread: Unread,
): Promise<WaveDecision | undefined> {
  const { seed } = study;
  const advance: Record<string, (readonly [number, Ranges])[]> = {};
  const read = new DigestSet();
  for (const outline of models) {
    const adaptive = outline.ablations.filter(({ reach }) => reach);
    if (adaptive.length === 0) continue;
    const cells = await CellReader.open(ledger, outline, seed, 'waves');
    try {
      for (const planned of adaptive) {
        const { spec, list, reach } = planned;
        if (!list || !reach) continue;
        const results = Array.from({ length: list.length }, (_, index) => {
          unread.note(cells.absent('cells', spec.name, index));
          return cells.condition('cells', spec.name, index, read);
        });
        const images = outline.chunks.reduce((sum, chunk) => sum + chunk.images, 0);
        const preview = await loadAblationPreview(ledger, outline, seed, planned, read);
        const verdict = verdictOf(spec.stop as StopSpec, results, images, preview);
        const next = nextWaves(outline, reach, verdict.advance);
        if (next.length > 0) advance[scoresName(outline.model.name, spec.name)] = next;
      }
    } finally {
      cells.close();
    }
  }
  const extents = await decideExtents(ledger, models, study, read);
  const decidesExtents = Object.keys(extents).length > 0;
  if (Object.keys(advance).length === 0 && !decidesExtents) return undefined;
  return { advance, ...(decidesExtents ? { extents } : {}), read: digestOfKeys(read) };
}

/** Adopts the decision of a round, or writes it: the first to write decides. Gives what is asked for from then on. */
export async function adoptWaves(
  ledger: Ledger,
  ref: StudyRef,
  round: number,
  waves: Waves,
  decision: WaveDecision,
): Promise<Waves> {
  return extended(waves, await ledger.putStage(ref.id, FIRST + round, decision));
}

/** By wave, ascending: which conditions are asked for on it from now on, each to the end of a wave by which it has seen as many images as it is to. */
function nextWaves(
  { waves }: ModelOutline,
  reach: readonly number[],
  advance: Verdict['advance'],
): (readonly [number, Ranges])[] {
  let seen = 0;
  const ends = waves.map((pieces) => (seen += pieces.reduce((sum, piece) => sum + piece.images, 0)));
  const byWave = waves.map((): number[] => []);
  for (const { condition, values } of advance) {
    const now = reach[condition] as number;
    const until = ends.findIndex((end) => end >= values);
    const to = Math.max(now + 1, until < 0 ? waves.length : until + 1);
    for (let wave = now; wave < Math.min(to, waves.length); wave++) byWave[wave]?.push(condition);
  }
  return byWave.flatMap((conditions, wave) => (conditions.length > 0 ? [[wave, rangesOf(conditions)] as const] : []));
}
