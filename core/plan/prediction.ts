import { canonicalJson, type Json } from '../canonical.js';
import type { Anatomy } from '../anatomy/site.js';
import { strategyOf } from './strategy.js';
import { sizeOf } from '../tensor.js';
import type { Condition, Edit } from './condition.js';
import {
  HANDED_OVER,
  makingSeconds,
  noWork,
  secondsFor,
  sumOf,
  walkSeconds,
  type CostModel,
  type Work,
  defaultCost,
} from './cost.js';
import { conditionList, type ModelOutline } from './outline.js';
import { optimumAt, optimumChannels } from './optimum.js';
import { momentSizes, momentWork, substitutionAt } from './substitution.js';
import type { UnitGroup } from './stage.js';

/** What one image costs, for the prediction of time. */
export interface Workload {
  /** Whole network. */
  readonly whole: Work;
  /** From an edit at a site to the output; `single`: of one channel. */
  behind(site: string, single: boolean): Work;
  /** Of the intact network, what such edits need ahead of it: once for all conditions of a batch there. */
  ahead(site: string, single: boolean): Work;
  /** From the first of edits at many sites to the output. */
  spread(site: string): Work;
}

export interface PredictionContext {
  workload(outline: ModelOutline): Workload;
  /** Default: that of a usual processor, so that a plan doesn't depend on the machine. */
  readonly cost?: CostModel;
  /** Compute processes, each of which walks along the intact network for its batches of about so long; default: one. */
  readonly run?: { readonly processes: number; readonly batchSeconds: number };
}

/** How many units there are, and some of them, evenly spread. */
export interface Sampled {
  readonly count: number;
  readonly sample: readonly number[];
}

/** Units of a group that its prediction looks at, at least. */
const SAMPLE = 64;

/** A sample of a list of units. */
export function sampleOf(units: readonly number[]): Sampled {
  const step = Math.max(1, Math.floor(units.length / SAMPLE));
  return { count: units.length, sample: units.filter((_, i) => i % step === 0) };
}

/** A sample of the units [0, count), which are never listed. */
export function sampleBelow(count: number): Sampled {
  const step = Math.max(1, Math.floor(count / SAMPLE));
  return { count, sample: Array.from({ length: Math.ceil(count / step) }, (_, i) => i * step) };
}

/**
 * Predicted seconds of one unit: the mean over a sample of the group, since conditions differ in depth, and its share of
 * the intact network that all of them begin with, in every process, and of making their programs.
 */
export function secondsOf(
  group: Pick<UnitGroup, 'kind' | 'name' | 'chunk'> & { readonly images: number },
  outline: ModelOutline,
  { count, sample }: Sampled,
  context: PredictionContext,
): number {
  const workload = context.workload(outline);
  const { cost } = context;
  const seconds = (rows: number, work: Work): number => secondsFor(rows, work, cost);
  // Programs outlive a chunk of images.
  const making = (works: Iterable<Work>): number =>
    group.chunk > 0 ? 0 : [...works].reduce((sum, work) => sum + makingSeconds(work, cost), 0);
  switch (group.kind) {
    case 'baseline':
      return walkSeconds(group.images, workload.whole, cost) + making([workload.whole]);
    case 'profile':
      return walkSeconds(referenceImages(outline), workload.whole, cost) + making([workload.whole]);
    case 'gradients':
      return GRADIENT_WALKS * seconds(referenceImages(outline), workload.whole) + 2 * making([workload.whole]);
    case 'predictions':
      return walkSeconds(PREVIEW_WALKS * chunkImages(outline), workload.whole, cost) + making([workload.whole]);
    case 'optima':
      return (
        seconds(meanOf(sample.map((index) => optimumRows(outline, index))), workload.whole) + making([workload.whole])
      );
    case 'moments':
    case 'cells':
    case 'responses':
    case 'nulls':
      break;
  }
  const { processes, batchSeconds } = context.run ?? { processes: 1, batchSeconds: Infinity };
  const sharing = (own: number): number =>
    Math.max(1, Math.min(processes, count, Math.ceil((own * count) / batchSeconds)));
  if (group.kind === 'moments') {
    const images = referenceImages(outline);
    const own = meanOf(sample.map((index) => momentSeconds(outline, index, cost ?? defaultCost)));
    // The sites of a batch are met on one walk.
    return own + (sharing(own) * (walkSeconds(images, workload.whole, cost) + making([workload.whole]))) / count;
  }
  if (group.kind === 'responses') {
    const { groups } = impulsesOf(outline, group.name);
    const responding = sample.map((index) => {
      const { channels, positions, amplitudes, record } = groups[index] as (typeof groups)[number];
      const rows = channels.length * positions.length * amplitudes.values.length;
      const hostBytes = record.reduce((sum, site) => sum + RESPONSE_PASSES * mapBytes(outline.anatomy, site), 0);
      return seconds(rows, sumOf(workload.whole, { ...noWork, hostBytes }));
    });
    const own = meanOf(responding);
    return own + (sharing(own) * making([workload.whole])) / count;
  }
  if (group.kind === 'nulls') {
    const { nulls } = impulsesOf(outline, group.name);
    const asked = sample.map((index) => {
      const { channels, bases, record } = nulls[index] as (typeof nulls)[number];
      const rows = bases.reduce((sum, { positions }) => sum + 1 + 2 * channels.length * positions.length, 0);
      const recorded = record.reduce((sum, site) => sum + mapBytes(outline.anatomy, site), 0);
      return seconds(rows, sumOf(workload.whole, { ...noWork, hostBytes: SIGNATURE_PASSES * recorded }));
    });
    const recalibrated = seconds(referenceImages(outline), recalibrationWork(outline, workload));
    return meanOf(asked) + recalibrated + 2 * making([workload.whole]);
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
  return mean + once / count;
}

/** Impulses of the outline by their name, which a stage has of it. */
const impulsesOf = ({ impulses }: ModelOutline, name: string): ModelOutline['impulses'][number] =>
  impulses.find(({ spec }) => spec.name === name) as ModelOutline['impulses'][number];

/** Seconds of the moments of a site: a product in float64 takes the host about as long as a byte that it makes. */
function momentSeconds(outline: ModelOutline, index: number, { hostBytesPerSecond }: CostModel): number {
  const substitution = substitutionAt(outline, index);
  const { image, once } = momentWork(momentSizes(outline.anatomy, substitution), substitution.fill);
  return (referenceImages(outline) * image + once) / hostBytesPerSecond;
}

/** Passes of the whole network that looking for the constants of a site takes: rows run from the site on, which lies half-way on average. */
function optimumRows(outline: ModelOutline, index: number): number {
  const optimum = optimumAt(outline, index);
  return 0.5 * optimum.fill.evaluations * optimumChannels(outline.anatomy, optimum) * referenceImages(outline);
}

/** Forward passes that a preview takes, about (docs/performance.md). */
const PREVIEW_WALKS = 10;

/** Images of a chunk, as far as all are as large as the first. */
const chunkImages = ({ chunks }: ModelOutline): number => chunks[0]?.images ?? 0;

const referenceImages = ({ referenceChunks }: ModelOutline): number =>
  referenceChunks.reduce((sum, { images }) => sum + images, 0);

/** A null is recalibrated on each reference image, by what every convolution gives on it. */
function recalibrationWork({ anatomy }: ModelOutline, { whole }: Workload): Work {
  const given = anatomy.sites.reduce((sum, site) => sum + mapBytes(anatomy, site.name), 0);
  return sumOf(whole, { ...noWork, hostBytes: RECALIBRATION_PASSES * given });
}

/**
 * What the host does with a recorded response (difference from the base, crop, sums of parts, norms), in bytes read or written for
 * each byte of it: fitted to `bench:prediction`'s impulses on ResNet-56, of which it is three quarters of the time.
 */
const RESPONSE_PASSES = 13;

/** The same where only a signature is taken, and for the moments that a null is recalibrated by: of the former half the time is such. */
const SIGNATURE_PASSES = 2;
const RECALIBRATION_PASSES = 4;

/** What the network and some directions' way back through it take, in times of the network alone (`bench:preview`). */
const GRADIENT_WALKS = 12;

const meanOf = (values: readonly number[]): number => values.reduce((sum, value) => sum + value, 0) / values.length;

/** Bytes of a site's value, of one image. */
const mapBytes = (anatomy: Anatomy, name: string): number =>
  4 * sizeOf(anatomy.sites.find((site) => site.name === name)?.shape ?? [0]);

/** What a condition removes at each site, as its strategy is chosen by. */
function removalsOf(edits: readonly Edit[]): readonly (readonly number[])[] {
  const sites = new Map<string, number[]>();
  for (const { site, channels } of edits) sites.set(site, [...(sites.get(site) ?? []), channels.length]);
  return [...sites.values()];
}

/**
 * What a condition costs besides what it shares with the one before it, by how it is run: with edits at many sites it shares
 * nothing; else it is the program for lesions behind its last site and, where they part at the site before that, the way there.
 */
function marginalWork(
  { edits }: Condition,
  before: Condition | undefined,
  workload: Workload,
  anatomy: Anatomy,
): { readonly work: Work; readonly program: ProgramMade | undefined } {
  const [first, last] = [edits[0], edits.at(-1)];
  if (!first || !last) return { work: workload.whole, program: undefined };
  const strategy = strategyOf(
    removalsOf(edits),
    edits.some(({ fill }) => fill.kind === 'substitute' && fill.from === 'same'),
  );
  switch (strategy) {
    case 'many-cuts': {
      const spread = workload.spread(first.site);
      return { work: spread, program: { name: `spread behind ${first.site}`, work: spread, ahead: noWork } };
    }
    case 'carried':
    case 'one-cut':
    case 'two-cuts':
    case 'cut-by-cut': {
      const single = strategy === 'carried';
      const end = sumOf(workload.behind(last.site, single), toldWork(edits, anatomy));
      const program = { name: `behind ${last.site} ${single}`, work: end, ahead: workload.ahead(last.site, single) };
      const ways = { 'two-cuts': wayBetween, 'cut-by-cut': wayThrough, carried: undefined, 'one-cut': undefined };
      const way = ways[strategy]?.(edits, before, workload, anatomy);
      return { work: way ? sumOf(end, way) : end, program };
    }
  }
}

/** What the host does to tell channels from others. */
function toldWork(edits: readonly Edit[], anatomy: Anatomy): Work {
  const macs = edits.reduce((sum, { site, channels, fill }) => {
    if (fill.kind !== 'substitute') return sum;
    const { pool } = momentSizes(anatomy, { site, fill });
    return sum + (channels.length * pool * mapBytes(anatomy, site)) / (4 * channelsOf(anatomy, site));
  }, 0);
  // A product in float64 takes the host about as long as a byte that it makes.
  return { ...noWork, hostBytes: macs };
}

const channelsOf = (anatomy: Anatomy, name: string): number =>
  anatomy.sites.find((site) => site.name === name)?.channels ?? 1;

/** Of a condition with edits at many sites, the network from the first to the last, stopped and written anew at each. */
function wayThrough(edits: readonly Edit[], _before: unknown, workload: Workload, anatomy: Anatomy): Work | undefined {
  const [first, last] = [edits[0], edits.at(-1)];
  if (!first || !last) return undefined;
  const [here, there] = [workload.behind(first.site, false), workload.behind(last.site, false)];
  const between = (part: keyof Work): number => HANDED_OVER * Math.max(0, here[part] - there[part]);
  const hostBytes = edits.reduce((sum, { site }) => sum + 2 * mapBytes(anatomy, site), 0);
  return { ...noWork, macs: between('macs'), bytes: between('bytes'), hostBytes };
}

/**
 * Of a condition with edits at two sites, the network as it is from the one to the other, with the values at the first written anew
 * on the host; nothing where the condition before has the same edits at the first.
 */
function wayBetween(
  edits: readonly Edit[],
  before: Condition | undefined,
  workload: Workload,
  anatomy: Anatomy,
): Work | undefined {
  const same = (i: number): boolean =>
    canonicalJson(edits[i] as unknown as Json) === canonicalJson((before?.edits[i] ?? null) as unknown as Json);
  const parted = edits.findIndex((_, i) => !same(i));
  const [site, next] = new Set(edits.slice(parted).map((edit) => edit.site));
  if (site === undefined || next === undefined) return undefined;
  const [here, there] = [workload.behind(site, false), workload.behind(next, false)];
  const between = (part: keyof Work): number => Math.max(0, here[part] - there[part]);
  return {
    ...noWork,
    macs: between('macs'),
    bytes: between('bytes'),
    // What is alive at a cut is read and, edited, written.
    hostBytes: 2 * mapBytes(anatomy, site),
  };
}

/** The program that a condition needs besides the intact network's; equal names are one. */
interface ProgramMade {
  readonly name: string;
  readonly work: Work;
  /** Of the intact network, what it needs ahead of its cut. */
  readonly ahead: Work;
}
