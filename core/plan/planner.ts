import type { Digest } from '../digest.js';
import { DigestSet } from '../digest-set.js';
import { needsScores } from './conditions.js';
import { chunkOf, extentsOf, keepsOutputsOf, piecesOf, trialNumber, unitKey, type ModelOutline } from './outline.js';
import { scoringAblation } from './scoring-ablation.js';
import type { ChunkRef } from '../spec/resolved-study.js';
import { sampleOf, secondsOf, type PredictionContext } from './prediction.js';
import { triedConditions } from './trial.js';
import { indicesOf, lengthOf, rangesOf, storedAs, type Ranges, type Stage, type UnitGroup } from './stage.js';

/** Keys that are there: a set or a map of them. */
export interface KeysThere {
  has(key: Digest): boolean;
}

/** What the store holds, as far as planning must know. */
export interface Committed {
  /** Keys of the cells of one network on one chunk. */
  cells(outline: ModelOutline, chunk: Digest): Promise<KeysThere>;
  /** Keys of the cells of one network on one chunk whose outputs are kept. */
  outputs(outline: ModelOutline, chunk: ChunkRef): Promise<KeysThere>;
  /** Keys of profiles, moments, best constants, gradients and responses of one network. */
  results(outline: ModelOutline): Promise<KeysThere>;
}

export interface StageContext extends PredictionContext {
  readonly seed: number;
  readonly committed: Committed;
  readonly failed: ReadonlySet<Digest>;
}

/** Keys that groups were asked for: of cells and results, and of outputs beside them. */
export class PlannedKeys {
  readonly units = new DigestSet();
  readonly outputs = new DigestSet();

  /** Takes up a unit; false where all that it leaves was asked for before. */
  take(key: Digest, keepsOutputs: boolean): boolean {
    const before = this.units.size + this.outputs.size;
    this.units.add(key);
    if (keepsOutputs) this.outputs.add(key);
    return this.units.size + this.outputs.size > before;
  }
}

/** How many units there are, stored, failed and missing. */
export interface Tally {
  readonly total: number;
  readonly stored: number;
  readonly failed: number;
}

/** A group with every unit in it, before anything is known to be stored. */
export interface WholeGroup extends Omit<UnitGroup, 'missing' | 'seconds'> {
  readonly count: number;
  readonly images: number;
  /** Which units are asked for; all, where nothing is said. */
  readonly asked?: Ranges;
}

/** Indices of the units of a group. */
export function unitIndices({ count, asked }: WholeGroup): readonly number[] {
  return indicesOf(asked ?? [[0, count]], 0, count);
}

/**
 * The kinds of stage, in order: what every other stage rests on; what can be planned from the spec alone; and what is
 * ordered by results of the stages before; and the waves of adaptive ablations and of impulses with `resolve`, as far as
 * results have asked for them.
 */
export function stageGroups(outlines: readonly ModelOutline[]): readonly (readonly WholeGroup[])[] {
  const basics: WholeGroup[] = [];
  const plain: WholeGroup[] = [];
  const ordered: WholeGroup[] = [];
  const waves: WholeGroup[] = [];
  for (const outline of outlines) {
    const model = outline.model.name;
    const overChunks = (kind: 'baseline' | 'cells', name: string, count: number): WholeGroup[] =>
      outline.chunks.map((chunk, index) => ({ kind, model, name, chunk: index, count, images: chunk.images }));
    basics.push({ kind: 'profile', model, name: '', chunk: -1, count: 1, images: 0 });
    const moments = outline.substitutions.length;
    if (moments > 0) basics.push({ kind: 'moments', model, name: '', chunk: -1, count: moments, images: 0 });
    const optima = outline.optima.length;
    if (optima > 0) basics.push({ kind: 'optima', model, name: '', chunk: -1, count: optima, images: 0 });
    add(basics, overChunks('baseline', '', 1));
    for (const { spec, list, scoring, reach, predicted } of outline.ablations) {
      if (scoring) add(plain, overChunks('cells', scoringAblation(spec).name, scoring.length));
      if (reach && list && predicted) {
        const count = outline.chunks.length;
        basics.push({ kind: 'predictions', model, name: spec.name, chunk: -1, count, images: 0 });
        add(waves, onTrial(outline, spec.name, list.length));
      }
      if (reach) add(waves, overWaves(outline, spec.name, reach));
      else if (list) add(needsScores(spec) ? ordered : plain, overChunks('cells', spec.name, list.length));
    }
    for (const { spec, extent, groups, nulls } of outline.impulses) {
      const common = { model, name: spec.name, chunk: -1, images: 0 };
      const stage = extent ? waves : plain;
      stage.push({ ...common, kind: 'responses', count: groups.length });
      if (nulls.length > 0) stage.push({ ...common, kind: 'nulls', count: nulls.length });
    }
    if (outline.gradients) plain.push({ kind: 'gradients', model, name: '', chunk: -1, count: 1, images: 0 });
  }
  // A unit that several ask for is given to the first: to those that keep its outputs, too.
  const keeping = (group: WholeGroup): boolean =>
    keepsOutputsOf(outlines.find(({ model }) => model.name === group.model) as ModelOutline, group);
  const keptFirst = (stage: readonly WholeGroup[]): readonly WholeGroup[] => [
    ...stage.filter(keeping),
    ...stage.filter((group) => !keeping(group)),
  ];
  return [basics, keptFirst(plain), keptFirst(ordered), waves];
}

function add(stage: WholeGroup[], groups: readonly WholeGroup[]): void {
  for (const group of groups) stage.push(group);
}

/** The cells by which an ablation's predictions are tried. */
function onTrial(outline: ModelOutline, name: string, conditions: number): WholeGroup[] {
  if (!outline.trial) return [];
  const asked = rangesOf(triedConditions(conditions));
  const { images } = outline.trial;
  const chunk = trialNumber(outline);
  return [{ kind: 'cells', model: outline.model.name, name, chunk, count: lengthOf(asked), images, asked }];
}

/** The cells of an adaptive ablation, piece by piece. */
function overWaves(outline: ModelOutline, name: string, reach: readonly number[]): WholeGroup[] {
  const model = outline.model.name;
  return outline.waves.flatMap((_, wave) => {
    const asked = rangesOf(reach.flatMap((waves, index) => (waves > wave ? [index] : [])));
    if (asked.length === 0) return [];
    return piecesOf(outline, wave).map((chunk): WholeGroup => {
      const { images } = chunkOf(outline, chunk);
      return { kind: 'cells', model, name, chunk, count: lengthOf(asked), images, asked };
    });
  });
}

/** What is there of a group: units whose cell or result is stored, and their outputs where these are kept. */
export async function thereOf(
  outline: ModelOutline,
  group: Pick<UnitGroup, 'kind' | 'name' | 'chunk'>,
  committed: Committed,
): Promise<KeysThere> {
  if (storedAs[group.kind] === 'result') return committed.results(outline);
  const chunk = chunkOf(outline, group.chunk);
  const cells = await committed.cells(outline, chunk.digest);
  if (!keepsOutputsOf(outline, group)) return cells;
  const outputs = await committed.outputs(outline, chunk);
  return { has: (key) => cells.has(key) && outputs.has(key) };
}

/**
 * What is missing of a stage's groups. Units that several groups ask for are given to the first; `planned` are the keys
 * that groups before these have been asked for, and takes up those of these.
 */
export async function missingOf(
  groups: readonly WholeGroup[],
  outlines: readonly ModelOutline[],
  context: StageContext,
  planned = new PlannedKeys(),
): Promise<{ readonly groups: readonly UnitGroup[]; readonly tally: Tally }> {
  const result: UnitGroup[] = [];
  let [stored, failed] = [0, 0];
  for (const whole of groups) {
    const outline = outlines.find((candidate) => candidate.model.name === whole.model) as ModelOutline;
    const { count: _count, images: _images, asked: _asked, ...group } = whole;
    const known = await thereOf(outline, group, context.committed);
    const keeps = keepsOutputsOf(outline, group);
    const missing: number[] = [];
    for (const index of unitIndices(whole)) {
      const key = unitKey(outline, context.seed, group, index);
      if (!planned.take(key, keeps)) continue;
      if (known.has(key)) stored++;
      else if (context.failed.has(key)) failed++;
      else missing.push(index);
    }
    if (missing.length === 0) continue;
    result.push({
      ...group,
      missing: rangesOf(missing),
      seconds: secondsOf(whole, outline, sampleOf(missing), context),
    });
  }
  const left = result.reduce((sum, group) => sum + lengthOf(group.missing), 0);
  return { groups: result, tally: { total: left + stored + failed, stored, failed } };
}

/** The stage of the waves, see `stageGroups`. */
export const WAVES = 3;

/** Into how many batches a wave is divided at least. */
const WAVE_BATCHES = 16;

/** How short batches get, by prediction, where many processes or the end ask for small ones. */
export const LEAST_SECONDS = 0.5;

/**
 * Seconds of the batches of a wave that takes so long in all: what comes next waits for all of a wave, so it is divided
 * among many processes though it be short.
 */
export function waveBatchSeconds(seconds: number, batchSeconds: number): number {
  return Math.min(batchSeconds, Math.max(LEAST_SECONDS, seconds / WAVE_BATCHES));
}

/** Units of one batch at most: it holds the results of all until it commits them as one object. */
const MOST_UNITS = 4_096;

/** Units of one batch that take about so many seconds, at least one. */
export function batchSize(group: UnitGroup, batchSeconds: number): number {
  const units = Math.round(batchSeconds / Math.max(group.seconds, 1e-9));
  return Math.max(1, Math.min(lengthOf(group.missing), units, MOST_UNITS));
}

/** The first stage that misses anything, of the stages in order; and the keys of all units, what decisions rest on. */
export async function firstMissing(
  outlines: readonly ModelOutline[],
  context: StageContext,
  scores: Stage['scores'],
): Promise<{ readonly stage: Stage | undefined; readonly tally: Tally; readonly keys: DigestSet }> {
  const keys = new PlannedKeys();
  const extents = extentsOf(outlines);
  let tally: Tally = { total: 0, stored: 0, failed: 0 };
  let found: Stage | undefined;
  for (const [index, groups] of stageGroups(outlines).entries()) {
    const missing = await missingOf(groups, outlines, context, keys);
    tally = {
      total: tally.total + missing.tally.total,
      stored: tally.stored + missing.tally.stored,
      failed: tally.failed + missing.tally.failed,
    };
    if (!found && missing.groups.length > 0)
      found = { index, groups: missing.groups, scores, ...(extents ? { extents } : {}) };
  }
  return { stage: found, tally, keys: keys.units };
}
