import { EXAMPLES, examplePairs } from './examples.js';
import { largest, smallest } from '../extremes.js';
import { CHUNK_IMAGES } from '../data/chunk.js';
import type { Anatomy, Site } from '../anatomy/site.js';
import { comparedImpulses } from '../spec/compared-impulses.js';
import type { AblationSpec, AnalysisSpec, ImpulseSpec } from '../spec/study-spec.js';
import { fills } from '../spec/words/fills.js';
import { keepsOutputs } from '../spec/words/modes.js';
import { keptResponses } from '../spec/words/kept-responses.js';
import { removalOrders } from '../spec/words/removal-orders.js';
import { sizeOf } from '../tensor.js';
import { cellBytes } from './cost.js';
import { impulsesAt, lastExtent } from './extent.js';
import { gradientsOf, type GradientsAsked } from './gradients.js';
import { outputBytes, outputForm, type OutputForm } from './kept-outputs.js';
import { plannedModes, type Factor } from './modes.js';
import { positionCounts } from './positions.js';
import { nullCount } from './network-variant.js';
import { basesOfObject, signatureBytes } from './null-groups.js';
import type { UnitGroup } from './stage.js';
import { optimaOf, optimumBytes, optimumChannels } from './optimum.js';
import { momentBytes, momentSizes, substitutionsOf } from './substitution.js';
import { selectSites, targetSizes } from './target.js';
import { triedConditions } from './trial.js';
import { TRIAL_IMAGES, waveEnds } from '../data/waves.js';

/**
 * How much one ablation, or set of impulses, asks of one network: by arithmetic, so that no number is too large for it.
 * Nothing is taken off for what several ask for, or what is stored: the plan has at most so much.
 */
export interface WorkCount {
  readonly kind: UnitGroup['kind'];
  readonly model: string;
  readonly name: string;
  /** Conditions, groups of impulses, or objects of nulls. */
  readonly conditions: number;
  /** Conditions × chunks of images; the others as they are. */
  readonly units: number;
  /** Impulses of one group, or on one base; 0 for conditions. */
  readonly impulses: number;
  readonly bytes: number;
  /** Bytes of the largest object, where they differ by site. */
  readonly largest?: number;
  /** Whose product `conditions` is; those of impulses go on to the impulses of each group. */
  readonly factors: readonly Factor[];
}

/** A network, as far as counting needs it. */
export interface CountedModel {
  readonly name: string;
  readonly anatomy: Anatomy;
  /** [channels, height, width] of an image in the network's input. */
  readonly image: readonly number[];
  /** Images that it is evaluated on. */
  readonly images: number;
  /** Chunks that these stand in, and pieces of all waves, where they are known; else as percuss divides images. */
  readonly chunks?: number;
  readonly pieces?: number;
}

/** What is asked of the networks. */
export interface Asked {
  readonly ablations: readonly AblationSpec[];
  readonly impulses: readonly ImpulseSpec[];
  readonly analysis: Pick<AnalysisSpec, 'nulls'>;
}

/** Counts everything that is asked of one network. */
export function countsOf(model: CountedModel, asked: Asked): readonly WorkCount[] {
  const concern = <T extends { models: readonly string[] }>(specs: readonly T[]): T[] =>
    specs.filter(({ models }) => models.includes(model.name));
  const { name, anatomy, images } = model;
  const chunks = chunksOf(model);
  const ablations = concern(asked.ablations);
  const impulses = concern(asked.impulses).map(mostOf);
  const intact = ablations.some(keepsOutputs) ? keptBytes('whole', model, chunks) : 0;
  const plain = { model: name, name: '', conditions: 1, impulses: 0, factors: [] };
  return [
    { ...plain, kind: 'profile', units: 1, bytes: profileBytes(anatomy) },
    { ...plain, kind: 'baseline', units: chunks, bytes: cellsBytes(images, chunks) + intact },
    ...momentsCount(ablations, model),
    ...optimaCount(ablations, model),
    ...gradientsCount(gradientsOf(ablations, anatomy, ''), model),
    ...ablations.flatMap((spec) => ablationCounts(spec, model)),
    ...impulses.map((spec) => impulseCount(spec, model)),
    ...nullsCount(comparedImpulses(impulses), model, nullCount(asked.analysis.nulls)),
  ];
}

/** Impulses with `resolve`, as if they took all of their budget. */
function mostOf(spec: ImpulseSpec): ImpulseSpec {
  const last = lastExtent(spec);
  return last ? impulsesAt(spec, last) : spec;
}

const chunksOf = ({ images, chunks }: CountedModel): number => chunks ?? Math.ceil(images / CHUNK_IMAGES);

/** Bytes of a condition's cells on all images, in so many pieces. */
const cellsBytes = (images: number, pieces: number): number => cellBytes(images) + (pieces - 1) * cellBytes(0);

/** Bytes of a condition's kept outputs on all images, in so many pieces. */
const keptBytes = (form: OutputForm, { anatomy, images }: CountedModel, pieces: number): number =>
  outputBytes(form, anatomy.outputs, images) + (pieces - 1) * outputBytes(form, anatomy.outputs, 0);

/** Bytes of the statistics of every channel, and of what is kept of examples at every site. */
export const profileBytes = ({ sites }: Anatomy): number =>
  sites.reduce((sum, site) => sum + 32 * site.channels + 8 * examplePairs(EXAMPLES), 0);

/** What substitutes are fitted by: an object for each site that they are put at. */
function momentsCount(ablations: readonly AblationSpec[], { name, anatomy }: CountedModel): WorkCount[] {
  const asked = substitutionsOf(ablations, anatomy, '');
  if (asked.length === 0) return [];
  const each = asked.map((one) => momentBytes(momentSizes(anatomy, one), one.fill));
  const bytes = each.reduce((sum, own) => sum + own, 0);
  const [units, most] = [asked.length, largest(each)];
  const common = { model: name, name: '', impulses: 0, factors: [] };
  return [{ ...common, kind: 'moments', conditions: units, units, bytes, largest: most }];
}

/** Best constants: an object for each site that they are put at. */
function optimaCount(ablations: readonly AblationSpec[], { name, anatomy }: CountedModel): WorkCount[] {
  const asked = optimaOf(ablations, anatomy, '');
  if (asked.length === 0) return [];
  const bytes = asked.reduce((sum, one) => sum + optimumBytes(optimumChannels(anatomy, one)), 0);
  const common = { model: name, name: '', impulses: 0, factors: [] };
  return [{ ...common, kind: 'optima', conditions: asked.length, units: asked.length, bytes }];
}

/** Bytes of what gradients leave of every kernel: three numbers of the loss, one for each fill. */
export function gradientsBytes({ sites, fills: put }: GradientsAsked, anatomy: Anatomy): number {
  const channels = anatomy.sites.reduce((sum, site) => sum + (sites.includes(site.name) ? site.channels : 0), 0);
  return 8 * channels * (3 + new Set(put.map(({ name }) => name)).size);
}

function gradientsCount(asked: GradientsAsked | undefined, { name, anatomy }: CountedModel): WorkCount[] {
  if (!asked) return [];
  const bytes = gradientsBytes(asked, anatomy);
  return [{ kind: 'gradients', model: name, name: '', conditions: 1, units: 1, impulses: 0, bytes, factors: [] }];
}

const product = (factors: readonly Factor[]): number => factors.reduce((all, { count }) => all * count, 1);

function ablationCounts(spec: AblationSpec, model: CountedModel): WorkCount[] {
  const { name, anatomy, images } = model;
  const sizes = targetSizes(anatomy, spec.unit, spec.layers);
  const targets = sizes.reduce((sum, size) => sum + size, 0);
  const chunks = chunksOf(model);
  const counted = (what: string, pieces: number, factors: readonly Factor[], keeps = false): WorkCount => {
    const conditions = targets === 0 ? 0 : product(factors);
    const units = conditions * pieces;
    const outputs = keeps ? keptBytes(outputForm(anatomy.outputs), model, pieces) : 0;
    const bytes = conditions * (cellsBytes(images, pieces) + outputs);
    return { kind: 'cells', model: name, name: what, conditions, units, impulses: 0, bytes, factors };
  };
  const all: Factor = { key: 'layers', what: `${spec.unit}s`, count: targets };
  const pieces = spec.stop ? (model.pieces ?? piecesIn(images)) : chunks;
  return [
    ...(spec.previewed?.includes(name) ? previewCounts(spec, model, all.count * fillFactor(spec).count) : []),
    ...(removalOrders[spec.order].leaveOneOut ? [counted(`${spec.name} (order)`, chunks, [all])] : []),
    counted(
      spec.name,
      pieces,
      [...plannedModes[spec.mode].factors(spec, sizes, all), fillFactor(spec)],
      keepsOutputs(spec),
    ),
  ];
}

/** What is predicted of so many conditions, and what is run to try it. */
function previewCounts({ name: what }: AblationSpec, model: CountedModel, conditions: number): WorkCount[] {
  const common = { model: model.name, name: what, impulses: 0, factors: [] };
  const [units, tried] = [chunksOf(model), triedConditions(conditions).length];
  return [
    { ...common, kind: 'predictions', conditions: units, units, bytes: 4 * conditions * model.images },
    { ...common, kind: 'cells', conditions: tried, units: tried, bytes: tried * cellsBytes(TRIAL_IMAGES, 1) },
  ];
}

/** Pieces of all waves of so many images, see `core/data/waves.ts`. */
function piecesIn(images: number): number {
  let from = 0;
  return waveEnds(images).reduce((sum, end) => {
    const size = end - from;
    from = end;
    return sum + Math.ceil(size / CHUNK_IMAGES);
  }, 0);
}

function fillFactor({ fill, draws }: AblationSpec): Factor {
  const count = fill.reduce((sum, one) => sum + (fills[one].drawn ? draws : 1), 0);
  return fill.some((one) => fills[one].drawn)
    ? { key: 'draws', what: 'fills and draws', count }
    : { key: 'fill', what: 'fills', count };
}

function impulseCount(spec: ImpulseSpec, { name, anatomy, image }: CountedModel): WorkCount {
  const recorded = selectSites(anatomy, spec.record);
  const places = spec.at === 'input' ? [undefined] : selectSites(anatomy, spec.at);
  const bases = 'images' in spec.bases ? spec.bases.images : spec.bases.length;
  const amplitudes = spec.amplitudes.values.length;
  const { parts, each: positions } = positionCounts(spec);
  let [impulses, bytes] = [0, 0];
  for (const place of places) {
    const channels = spec.channels === 'each' ? ((place?.shape ?? image)[0] as number) : spec.channels.length;
    const rows = channels * positions * amplitudes;
    const deeper = place ? recorded.filter(({ depth }) => depth > place.depth) : recorded;
    impulses = Math.max(impulses, rows);
    bytes += bases * parts * responseBytes(deeper, rows, amplitudes, spec.keep);
  }
  const factors: readonly Factor[] = [
    { key: 'at', what: 'places', count: places.length },
    { key: 'base', what: 'bases', count: bases },
    ...partsFactor(parts),
  ];
  const groups = product(factors);
  const each = impulses / Math.max(1, positions * amplitudes);
  return {
    kind: 'responses',
    model: name,
    name: spec.name,
    conditions: groups,
    units: groups,
    impulses,
    bytes,
    factors: [
      ...factors,
      { key: 'channels', what: 'channels', count: each },
      { key: 'positions', what: 'positions', count: positions },
      { key: 'amplitudes', what: 'amplitudes', count: amplitudes },
    ],
  };
}

/** Seeded positions, each of which is a group of its own; nothing where there is one. */
const partsFactor = (parts: number): readonly Factor[] =>
  parts === 1 ? [] : [{ key: 'positions.phases', what: 'seeded positions', count: parts }];

/** What nulls are asked for, by the impulses that a network and they are compared by. */
function nullsCount(
  spec: ImpulseSpec | undefined,
  { name, anatomy, image }: CountedModel,
  nulls: number,
): readonly WorkCount[] {
  if (!spec || nulls === 0 || !('images' in spec.bases)) return [];
  const channels = spec.channels === 'each' ? (image[0] as number) : spec.channels.length;
  const { parts, each: positions } = positionCounts(spec);
  const { images } = spec.bases;
  const each = signatureBytes(selectSites(anatomy, spec.record), channels * positions);
  const objects = Math.ceil(images / basesOfObject(each));
  const factors: readonly Factor[] = [
    { key: 'nulls', what: 'nulls', count: nulls },
    { key: 'base', what: 'objects of bases', count: objects },
    ...partsFactor(parts),
    { key: 'channels', what: 'channels', count: channels },
    { key: 'positions', what: 'positions', count: positions },
  ];
  const units = nulls * objects * parts;
  const impulses = 2 * channels * positions;
  const bytes = nulls * images * parts * each;
  return [{ kind: 'nulls', model: name, name: spec.name, conditions: units, units, impulses, bytes, factors }];
}

/** Bytes that the responses to a group of so many impulses take, at most: whole maps, before they are cropped. */
export function responseBytes(
  recorded: readonly Site[],
  impulses: number,
  amplitudes: number,
  keep: ImpulseSpec['keep'],
): number {
  const coarsest = smallest(recorded.map((site) => sizeOf(site.shape.slice(1))));
  return recorded.reduce((sum, site) => {
    const map = keptResponses[keep].maps ? 4 * impulses * sizeOf(site.shape) : 0;
    return sum + map + 4 * site.channels * (impulses * 2 + (impulses / amplitudes) * coarsest) + 20 * impulses;
  }, 0);
}
