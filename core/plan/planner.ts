import { canonicalJson, type Json } from '../canonical.js';
import type { Digest } from '../digest.js';
import type { Anatomy } from '../network/site.js';
import { sizeOf } from '../tensor.js';
import type { Condition } from './condition.js';
import { needsScores } from './conditions.js';
import { makingSeconds, noWork, secondsFor, sumOf, walkSeconds, type CostModel, type Work } from './cost.js';
import { chunkOf, conditionList, piecesOf, scoringAblation, unitKey, type ModelOutline } from './outline.js';
import { indicesOf, lengthOf, rangesOf, type Ranges, type Stage, type UnitGroup } from './stage.js';

/** Keys that are there: a set or a map of them. */
export interface KeysThere {
  has(key: Digest): boolean;
}

/** What the store holds, as far as planning must know. */
export interface Committed {
  /** Keys of the cells of one network on one chunk. */
  cells(outline: ModelOutline, chunk: Digest): Promise<KeysThere>;
  /** Keys of profiles and responses of one network. */
  results(outline: ModelOutline): Promise<KeysThere>;
}

/** What one image costs, for the prediction of time. */
export interface Workload {
  /** Whole network. */
  readonly whole: Work;
  /** From an edit at a site to the output; `single`: of one channel. */
  behind(site: string, single: boolean): Work;
  /** Of the intact network, what such edits need ahead of it: once for all conditions of a batch there. */
  ahead(site: string, single: boolean): Work;
}

export interface StageContext {
  readonly seed: number;
  readonly committed: Committed;
  readonly failed: ReadonlySet<Digest>;
  workload(outline: ModelOutline): Workload;
  /** Default: that of a usual processor, so that a plan doesn't depend on the machine. */
  readonly cost?: CostModel;
  /** Compute processes, each of which walks along the intact network for its batches of about so long; default: one. */
  readonly run?: { readonly processes: number; readonly batchSeconds: number };
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
 * ordered by results of the stages before; and the waves of adaptive ablations, as far as results have asked for them.
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
    basics.push(...overChunks('baseline', '', 1));
    for (const { spec, list, scoring, reach } of outline.ablations) {
      if (scoring) plain.push(...overChunks('cells', scoringAblation(spec).name, scoring.length));
      if (reach) waves.push(...overWaves(outline, spec.name, reach));
      else if (list) (needsScores(spec) ? ordered : plain).push(...overChunks('cells', spec.name, list.length));
    }
    for (const { spec, groups } of outline.impulses) {
      plain.push({ kind: 'responses', model, name: spec.name, chunk: -1, count: groups.length, images: 0 });
    }
  }
  return [basics, plain, ordered, waves];
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

/**
 * What is missing of a stage's groups. Units that several groups ask for are given to the first; `planned` are the keys
 * that groups before these have been asked for, and takes up those of these.
 */
export async function missingOf(
  groups: readonly WholeGroup[],
  outlines: readonly ModelOutline[],
  context: StageContext,
  planned = new Set<Digest>(),
): Promise<{ readonly groups: readonly UnitGroup[]; readonly tally: Tally }> {
  const result: UnitGroup[] = [];
  let [stored, failed] = [0, 0];
  for (const whole of groups) {
    const outline = outlines.find((candidate) => candidate.model.name === whole.model) as ModelOutline;
    const { count: _count, images: _images, asked: _asked, ...group } = whole;
    const known =
      group.kind === 'cells' || group.kind === 'baseline'
        ? await context.committed.cells(outline, chunkOf(outline, group.chunk).digest)
        : await context.committed.results(outline);
    const missing: number[] = [];
    for (const index of unitIndices(whole)) {
      const key = unitKey(outline, context.seed, group, index);
      if (planned.has(key)) continue;
      planned.add(key);
      if (known.has(key)) stored++;
      else if (context.failed.has(key)) failed++;
      else missing.push(index);
    }
    if (missing.length === 0) continue;
    result.push({ ...group, missing: rangesOf(missing), seconds: secondsOf(whole, outline, missing, context) });
  }
  const left = result.reduce((sum, group) => sum + lengthOf(group.missing), 0);
  return { groups: result, tally: { total: left + stored + failed, stored, failed } };
}

/**
 * Predicted seconds of one unit: the mean over a sample of the group, since conditions differ in depth, and its share of
 * the intact network that all of them begin with, in every process, and of making their programs.
 */
function secondsOf(
  group: WholeGroup,
  outline: ModelOutline,
  missing: readonly number[],
  context: StageContext,
): number {
  const workload = context.workload(outline);
  const { cost } = context;
  const seconds = (rows: number, work: Work): number => secondsFor(rows, work, cost);
  // Programs outlive a chunk of images.
  const making = (works: Iterable<Work>): number =>
    group.chunk > 0 ? 0 : [...works].reduce((sum, work) => sum + makingSeconds(work, cost), 0);
  if (group.kind === 'baseline') return walkSeconds(group.images, workload.whole, cost) + making([workload.whole]);
  if (group.kind === 'profile') {
    const images = outline.referenceChunks.reduce((sum, chunk) => sum + chunk.images, 0);
    return walkSeconds(images, workload.whole, cost) + making([workload.whole]);
  }
  const { processes, batchSeconds } = context.run ?? { processes: 1, batchSeconds: Infinity };
  const sharing = (own: number): number =>
    Math.max(1, Math.min(processes, missing.length, Math.ceil((own * missing.length) / batchSeconds)));
  const step = Math.max(1, Math.floor(missing.length / 64));
  const sample = missing.filter((_, i) => i % step === 0);
  if (group.kind === 'responses') {
    const { groups } = outline.impulses.find(
      ({ spec }) => spec.name === group.name,
    ) as (typeof outline.impulses)[number];
    const responding = sample.map((index) => {
      const { channels, positions, amplitudes, record } = groups[index] as (typeof groups)[number];
      const rows = channels.length * positions.length * amplitudes.values.length;
      const hostBytes = record.reduce((sum, site) => sum + RESPONSE_PASSES * mapBytes(outline.anatomy, site), 0);
      return seconds(rows, sumOf(workload.whole, { ...noWork, hostBytes }));
    });
    const own = meanOf(responding);
    return own + (sharing(own) * making([workload.whole])) / missing.length;
  }
  const list = conditionList(outline, group.name);
  const made = new Map<string, ProgramMade>();
  const own = sample.map((index) => {
    const before = index > 0 ? list.at(index - 1).condition : undefined;
    const marginal = marginalWork(list.at(index).condition, before, workload, outline.anatomy);
    if (marginal.program) made.set(marginal.program.name, marginal.program);
    return seconds(group.images, marginal.work);
  });
  const walk = walkSeconds(group.images, workload.whole, cost) + making([workload.whole]);
  const programs = [...made.values()];
  const ahead = programs.reduce((sum, program) => sum + walkSeconds(group.images, program.ahead, cost), 0);
  const mean = meanOf(own);
  const once = sharing(mean) * walk + ahead + making(programs.map(({ work }) => work));
  return mean + once / missing.length;
}

/**
 * What the host does with a recorded response (difference from the base, crop, sums of parts, norms), in bytes read or written for
 * each byte of it: fitted to `bench:prediction`'s impulses on ResNet-56, of which it is three quarters of the time.
 */
const RESPONSE_PASSES = 13;

const meanOf = (values: readonly number[]): number => values.reduce((sum, value) => sum + value, 0) / values.length;

/** Bytes of a site's value, of one image. */
const mapBytes = (anatomy: Anatomy, name: string): number =>
  4 * sizeOf(anatomy.sites.find((site) => site.name === name)?.shape ?? [0]);

/**
 * What a condition costs besides what it shares with the one before it: from the site where they part to its last site the
 * network as it is, with the values at each written anew on the host, and behind the last site the program for lesions.
 */
function marginalWork(
  { edits }: Condition,
  before: Condition | undefined,
  workload: Workload,
  anatomy: Anatomy,
): { readonly work: Work; readonly program: ProgramMade | undefined } {
  const same = (i: number): boolean =>
    canonicalJson(edits[i] as unknown as Json) === canonicalJson((before?.edits[i] ?? null) as unknown as Json);
  const parted = edits.findIndex((_, i) => !same(i));
  const last = edits.at(-1);
  const from = edits[parted] ?? last;
  if (!from || !last) return { work: workload.whole, program: undefined };
  const single = edits.length === 1 && last.channels.length === 1;
  const end = workload.behind(last.site, single);
  const program = { name: `behind ${last.site} ${single}`, work: end, ahead: workload.ahead(last.site, single) };
  const sites = [...new Set(edits.slice(parted).map(({ site }) => site))];
  let work = end;
  for (const [i, site] of sites.slice(0, -1).entries()) {
    const next = sites[i + 1] as string;
    const [here, there] = [workload.behind(site, false), workload.behind(next, false)];
    const between = (part: keyof Work): number => Math.max(0, here[part] - there[part]);
    work = sumOf(work, {
      ...noWork,
      macs: between('macs'),
      bytes: between('bytes'),
      // What is alive at a cut is read and, edited, written.
      hostBytes: 2 * mapBytes(anatomy, site),
    });
  }
  return { work, program };
}

/** The program that a condition needs besides the intact network's; equal names are one. */
interface ProgramMade {
  readonly name: string;
  readonly work: Work;
  /** Of the intact network, what it needs ahead of its cut. */
  readonly ahead: Work;
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

/** Units of one batch that take about so many seconds, at least one. */
export function batchSize(group: UnitGroup, batchSeconds: number): number {
  return Math.max(1, Math.min(lengthOf(group.missing), Math.round(batchSeconds / Math.max(group.seconds, 1e-9))));
}

/** The first stage that misses anything, of the stages in order; and the keys of all units, what decisions rest on. */
export async function firstMissing(
  outlines: readonly ModelOutline[],
  context: StageContext,
  scores: Stage['scores'],
): Promise<{ readonly stage: Stage | undefined; readonly tally: Tally; readonly keys: ReadonlySet<Digest> }> {
  const keys = new Set<Digest>();
  let tally: Tally = { total: 0, stored: 0, failed: 0 };
  let found: Stage | undefined;
  for (const [index, groups] of stageGroups(outlines).entries()) {
    const missing = await missingOf(groups, outlines, context, keys);
    tally = {
      total: tally.total + missing.tally.total,
      stored: tally.stored + missing.tally.stored,
      failed: tally.failed + missing.tally.failed,
    };
    if (!found && missing.groups.length > 0) found = { index, groups: missing.groups, scores };
  }
  return { stage: found, tally, keys };
}
