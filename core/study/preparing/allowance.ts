import { limits } from '../../limits.js';
import type { NumericMode } from '../../numeric-mode.js';
import type { CostModel } from '../../plan/cost.js';
import { countsOf, type CountedModel, type WorkCount } from '../../plan/count.js';
import type { Factor } from '../../plan/modes.js';
import { outlineOf, type ModelOutline } from '../../plan/outline.js';
import { stageGroups } from '../../plan/planner.js';
import { sampleBelow, secondsOf, type Workload } from '../../plan/prediction.js';
import type { Positions, SpecIssue } from '../../spec/issue.js';
import type { ResolvedData, ResolvedStudy } from '../../spec/resolved-study.js';
import type { RunSpec, StudySpec } from '../../spec/study-spec.js';
import type { ReadModel } from './resolve-study.js';
import { printBytes, printCount, printSeconds } from '../print.js';
import { workloadOf } from '../planning/workload.js';

/** What a study takes, or may take. */
export interface Amounts {
  readonly cells: number;
  readonly bytes: number;
  /** Of one process; undefined where it was not predicted. */
  readonly seconds: number | undefined;
}

/** Up to so many units a plan is made before `run.limit` is judged, so that what is stored or shared counts for nothing. */
export const JUDGED_BY_PLAN = 100_000;

/** Counts what a spec asks of its networks, without enumerating any of it. */
export function studyCounts(
  spec: Pick<StudySpec, 'ablations' | 'impulses' | 'analysis'>,
  models: readonly CountedModel[],
): readonly WorkCount[] {
  return models.flatMap((model) => countsOf(model, spec));
}

/** The sum of all counts. */
export function totalOf(counts: readonly WorkCount[]): Amounts {
  const sum = (field: 'units' | 'bytes'): number => counts.reduce((all, count) => all + count[field], 0);
  return { cells: sum('units'), bytes: sum('bytes'), seconds: undefined };
}

/** Of what a study is above `run.limit`, in words: `300000 cells to compute, limit 250000`. */
export function refusals({ cells, bytes, seconds }: Amounts, limit: RunSpec['limit']): readonly string[] {
  const above = (value: number | undefined, most: number | undefined): boolean =>
    value !== undefined && most !== undefined && value > most;
  return [
    ...(above(seconds, limit.hours && 3600 * limit.hours)
      ? [`about ${printSeconds(seconds as number)} of one process, run.limit.hours ${limit.hours}`]
      : []),
    ...(above(bytes, limit.bytes)
      ? [`about ${printBytes(bytes)} to store, run.limit.bytes ${limit.bytes} (${printBytes(limit.bytes as number)})`]
      : []),
    ...(above(cells, limit.cells) ? [`${printCount(cells)} cells to compute, run.limit.cells ${limit.cells}`] : []),
  ];
}

/** How many of the largest parts are named. */
const NAMED = 3;

/** What takes most of the cells, and the key of the spec that asks for most of it. */
export function largestParts(counts: readonly WorkCount[]): readonly string[] {
  const asked = counts.filter(({ factors }) => factors.length > 0);
  return [...asked]
    .sort((a, b) => b.units - a.units || b.bytes - a.bytes)
    .slice(0, NAMED)
    .map(describeCount);
}

/** One count in words: `ablations a, network m: 11 fractions × 1000 trials = 11000 conditions (ask for less of trials)`. */
function describeCount(count: WorkCount): string {
  const { kind, model, name, conditions, units, impulses, factors, bytes } = count;
  const section = sectionOf[kind];
  const what = nounOf[kind](impulses);
  const shown = factors
    .filter(({ key, count: n }) => n !== 1 && !inGroup.has(key))
    .map((one) => `${printCount(one.count)} ${one.what}`);
  const product = shown.length > 1 ? `${shown.join(' × ')} = ` : '';
  const chunks = units === conditions ? '' : `, ${printCount(units)} cells`;
  const largest = largestFactor(factors);
  return `${section} ${name} of ${model}: ${product}${printCount(conditions)} ${what}${chunks}, ${printBytes(bytes)}${largest ? `; ask for less of ${largest.key}` : ''}`;
}

/** What one count is called, by its kind. */
const sectionOf: { readonly [K in WorkCount['kind']]: string } = {
  profile: 'profile',
  moments: 'moments',
  optima: 'best constants',
  baseline: 'baseline',
  gradients: 'gradients',
  predictions: 'preview of ablation',
  cells: 'ablation',
  responses: 'impulses',
  nulls: 'nulls for impulses',
};

const nounOf: { readonly [K in WorkCount['kind']]: (impulses: number) => string } = {
  profile: () => 'profiles',
  moments: () => 'objects',
  optima: () => 'objects',
  baseline: () => 'conditions',
  gradients: () => 'objects',
  predictions: () => 'chunks',
  cells: () => 'conditions',
  responses: (impulses) => `groups of ${printCount(impulses)} impulses`,
  nulls: (impulses) => `objects, ${printCount(impulses)} impulses on each base`,
};

function largestFactor(factors: readonly Factor[]): Factor | undefined {
  return factors.reduce<Factor | undefined>((most, one) => (one.count > (most?.count ?? 1) ? one : most), undefined);
}

/** All counts, for people. */
export function countLines(counts: readonly WorkCount[]): readonly string[] {
  const { cells, bytes } = totalOf(counts);
  const asked = counts.filter(({ factors }) => factors.length > 0);
  return [...asked.map(describeCount), `total: at most ${printCount(cells)} cells, ${printBytes(bytes)}`];
}

/** That `run` will not begin. */
export function refusedLine(refused: readonly string[]): string {
  return `above run.limit: ${refused.join('; ')}. percuss run refuses it; ask for less or raise the limit`;
}

/** Something that no run can be asked for, whatever `run.limit` says. */
export interface Excess {
  /** That asks for it; undefined: all together. */
  readonly count: WorkCount | undefined;
  readonly message: string;
  /** What it comes from. */
  readonly origin: string;
}

/** What no run can be asked for, in words. */
export function excessesOf(counts: readonly WorkCount[]): readonly Excess[] {
  const found: Excess[] = [];
  const add = (count: WorkCount, message: string): void =>
    void found.push({ count, message, origin: describeCount(count) });
  const most = limits.studyUnits.value;
  for (const count of counts) {
    if (count.units > most) {
      const total = `${printCount(count.units)} cells or groups of impulses are asked of ${count.model}, above the limit of ${most} (docs/limits.md)`;
      add(count, total);
    }
    const { impulsesOfGroup, momentsObject, responseObject } = limits;
    if (count.kind === 'moments' && (count.largest ?? 0) > momentsObject.value) {
      const size = `substitutes at one site of ${count.model} are fitted to moments of ${printBytes(count.largest ?? 0)}, above the limit of ${printBytes(momentsObject.value)} (docs/limits.md)`;
      add(count, size);
    }
    if (count.kind !== 'responses' || count.units === 0) continue;
    const group = { ...count, factors: count.factors.filter(({ key }) => inGroup.has(key)) };
    const object = count.bytes / count.units;
    if (count.impulses > impulsesOfGroup.value) {
      const many = `${printCount(count.impulses)} impulses are given on each base of ${count.model}, above the limit of ${impulsesOfGroup.value} (docs/limits.md)`;
      add(group, many);
    } else if (object > responseObject.value) {
      const size = `${printCount(count.impulses)} impulses on each base of ${count.model} leave up to ${printBytes(object)} in one object, above the limit of ${printBytes(responseObject.value)} (docs/limits.md)`;
      add(group, size);
    }
  }
  const { cells } = totalOf(counts);
  if (found.length === 0 && cells > most) {
    const total = `all together ask for ${printCount(cells)} cells, above the limit of ${most} (docs/limits.md)`;
    found.push({ count: undefined, message: total, origin: `most by ${largestParts(counts).join('; ')}` });
  }
  return found;
}

/** As `excessesOf`, with the place in the spec that asks for most of it. */
export function boundIssues(counts: readonly WorkCount[], positions: Positions): readonly SpecIssue[] {
  return excessesOf(counts).map(({ count, message, origin }) => {
    const path = count ? placeOf(count, positions) : '';
    return positions.issue(path, message, origin, positions.at(path), 'LIMIT_EXCEEDED');
  });
}

/** What multiplies the impulses of one group. */
const inGroup: ReadonlySet<string> = new Set(['channels', 'positions', 'amplitudes']);

function placeOf(count: WorkCount, positions: Positions): string {
  if (count.kind === 'moments') return 'ablations';
  const entry = `${count.kind === 'cells' ? 'ablations' : 'impulses'}.${count.name.replace(/ \(order\)$/, '')}`;
  const key = largestFactor(count.factors)?.key;
  const path = key === undefined ? entry : key === 'nulls' ? 'analysis.nulls' : `${entry}.${key}`;
  return positions.given(path) ? path : entry;
}

/** Predicted seconds of one process for a whole study of which nothing is stored, by a sample of each part. */
export function predictedSeconds(
  study: ResolvedStudy,
  networks: readonly Pick<ReadModel, 'spec' | 'graph' | 'anatomy'>[],
  mode: NumericMode,
  run: Pick<RunSpec, 'batchSeconds' | 'workers'>,
  cost: CostModel | undefined,
): number {
  let seconds = 0;
  for (const model of study.models) {
    const network = networks.find(({ spec }) => spec.name === model.name);
    if (!network) continue;
    const { graph, anatomy } = network;
    const data = study.data.find((candidate) => candidate.name === model.data) as ResolvedData;
    const outline = outlineOf(model, {
      study,
      mode,
      anatomy,
      image: data.shape,
      scores: {},
      reach: 'all',
      extents: 'most',
    });
    seconds += outlineSeconds(outline, workloadOf(graph, anatomy), run, cost);
  }
  return seconds;
}

function outlineSeconds(
  outline: ModelOutline,
  workload: Workload,
  run: Pick<RunSpec, 'batchSeconds' | 'workers'>,
  cost: CostModel | undefined,
): number {
  const context = {
    workload: () => workload,
    run: { processes: run.workers ?? 1, batchSeconds: run.batchSeconds },
    ...(cost ? { cost } : {}),
  };
  // Chunks behind the first differ in their number of images only.
  const perImage = new Map<string, number>();
  let seconds = 0;
  for (const group of stageGroups([outline]).flat()) {
    const part = `${group.kind} ${group.name}`;
    const known = group.chunk > 0 ? perImage.get(part) : undefined;
    const each =
      known === undefined ? secondsOf(group, outline, sampleBelow(group.count), context) : known * group.images;
    if (group.chunk > 0 && known === undefined) perImage.set(part, each / group.images);
    if (group.count > 0) seconds += each * group.count;
  }
  return seconds;
}
