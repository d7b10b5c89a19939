import { sha256, type Digest } from '../digest.js';
import { canonicalJson } from '../canonical.js';
import type { Anatomy } from '../anatomy/site.js';
import type { NumericMode } from '../numeric-mode.js';
import type { ChunkRef, ResolvedData, ResolvedModel, ResolvedStudy } from '../spec/resolved-study.js';
import type { AblationSpec, ImpulseSpec } from '../spec/study-spec.js';
import { conditionsOf, needsScores, type ConditionList } from './conditions.js';
import { cellKey, resultKey, type Scope } from './identity.js';
import { conditionsDigest } from './trial.js';
import { firstExtent, impulsesAt, lastExtent, type Extent, type Extents } from './extent.js';
import { LINEARISED, gradientsIdentity, gradientsOf, type GradientsAsked } from './gradients.js';
import { impulseGroupsOf, impulseIdentity, type ImpulseGroup } from './impulses.js';
import { nullVariants } from './network-variant.js';
import { comparedImpulses } from '../spec/compared-impulses.js';
import { nullGroupsOf, nullIdentity, type NullGroup } from './null-groups.js';
import { keepsOutputs } from '../spec/words/modes.js';
import { removalOrders } from '../spec/words/removal-orders.js';
import { scoringAblation } from './scoring-ablation.js';
import { EXAMPLES } from './examples.js';
import type { UnitGroup } from './stage.js';
import { optimaOf, optimumAt, optimumKey, type Optimum } from './optimum.js';
import { momentsKey, substitutionAt, substitutionsOf, type Substitution } from './substitution.js';

/** An ablation of one network; `list` is missing until its order, or which pairs run, is known; `scoring` is what that is read from. */
export interface PlannedAblation {
  readonly spec: AblationSpec;
  readonly list: ConditionList | undefined;
  readonly scoring: ConditionList | undefined;
  /** Adaptive: how many waves of images are asked for, by condition; undefined: all images. */
  readonly reach: readonly number[] | undefined;
  /** Adaptive: whether what its conditions do is predicted for all images. */
  readonly predicted: boolean;
}

/**
 * A set of impulses given to one network, and what of it is given to its nulls: nothing, but for the set that both are compared by, and
 * of that nothing before it is settled how far it goes.
 */
export interface PlannedImpulses {
  readonly spec: ImpulseSpec;
  /** With `resolve`: how far it goes by now; absent: as far as it is written. */
  readonly extent?: Extent;
  readonly groups: readonly ImpulseGroup[];
  readonly nulls: readonly NullGroup[];
}

/** One network of a study and everything that is asked of it, by name and index. */
export interface ModelOutline {
  readonly model: ResolvedModel;
  readonly scope: Scope;
  readonly anatomy: Anatomy;
  /** [channels, height, width] of an image in the network's input. */
  readonly image: readonly number[];
  readonly chunks: readonly ChunkRef[];
  /** The same images as waves of pieces, in the order of adaptive ablations; none where there are none. */
  readonly waves: readonly (readonly ChunkRef[])[];
  readonly pieces: readonly ChunkRef[];
  /** Behind the pieces, for what predictions are tried on. */
  readonly trial: ChunkRef | undefined;
  readonly referenceChunks: readonly ChunkRef[];
  /** Identity of the reference images. */
  readonly reference: Digest;
  /** What moments are asked for. */
  readonly substitutions: readonly Substitution[];
  /** Where best constants are asked for. */
  readonly optima: readonly Optimum[];
  /** What is asked of gradients, if anything. */
  readonly gradients: GradientsAsked | undefined;
  readonly ablations: readonly PlannedAblation[];
  readonly impulses: readonly PlannedImpulses[];
}

export interface OutlineContext {
  readonly study: ResolvedStudy;
  readonly mode: NumericMode;
  readonly anatomy: Anatomy;
  readonly image: readonly number[];
  /** Scores of ablations of which an order, or which pairs run, depends on results, by `model/ablation`; those not there yet have no list. */
  readonly scores: Readonly<Record<string, readonly number[]>>;
  /** Waves asked for, by condition, of adaptive ablations by `model/ablation`, or all; the first where nothing is known. */
  readonly reach?: Reach | 'all';
  /** How far impulses with `resolve` go, or what they take at least or at most; the first wave where nothing is known. */
  readonly extents?: Extents | 'least' | 'most';
}

/** How many waves each condition of an adaptive ablation is asked for on, by `model/ablation`. */
export type Reach = Readonly<Record<string, readonly number[]>>;

/** Identity of a set of images: that of its chunks, in order. */
export function imageSetDigest(chunks: readonly ChunkRef[]): Digest {
  return sha256(canonicalJson(chunks.map((chunk) => chunk.digest)));
}

/** `model/ablation`, or `model/impulses`: under which decisions are kept. */
export const scoresName = (model: string, ablation: string): string => `${model}/${ablation}`;

/** Everything that the study asks of one network. */
export function outlineOf(model: ResolvedModel, context: OutlineContext): ModelOutline {
  const { study, anatomy } = context;
  const dataNamed = (name: string): ResolvedData => study.data.find((data) => data.name === name) as ResolvedData;
  const referenceChunks = dataNamed(model.reference).chunks;
  const reference = imageSetDigest(referenceChunks);
  const { waves = [], trial } = dataNamed(model.data);
  const asked = <T extends { models: readonly string[] }>(specs: readonly T[]): T[] =>
    specs.filter((spec) => spec.models.includes(model.name));
  const ablations = asked(study.ablations);
  return {
    model,
    scope: { model: model.content, mode: context.mode },
    anatomy,
    image: context.image,
    chunks: dataNamed(model.data).chunks,
    waves,
    pieces: waves.flat(),
    trial,
    referenceChunks,
    reference,
    substitutions: substitutionsOf(ablations, anatomy, reference),
    optima: optimaOf(ablations, anatomy, reference),
    gradients: gradientsOf(ablations, anatomy, reference),
    ablations: ablations.map((spec): PlannedAblation => {
      const scores = context.scores[scoresName(model.name, spec.name)];
      const common = { seed: study.seed, anatomy, reference };
      const known = scores !== undefined || !needsScores(spec);
      const list = known ? conditionsOf(spec, { ...common, scores }) : undefined;
      return {
        spec,
        list,
        predicted: spec.previewed?.includes(model.name) ?? false,
        reach:
          list && spec.stop
            ? reachOf(list.length, scoresName(model.name, spec.name), waves.length, context)
            : undefined,
        scoring:
          spec.pairs?.screen || removalOrders[spec.order].leaveOneOut
            ? conditionsOf(scoringAblation(spec), { ...common, scores: undefined })
            : undefined,
      };
    }),
    impulses: plannedImpulses({ model, anatomy, image: context.image }, study, context.extents),
  };
}

/** The sets of impulses that are given to a network, as far as they go. */
export function plannedImpulses(
  { model, anatomy, image }: Pick<ModelOutline, 'model' | 'anatomy' | 'image'>,
  study: Pick<ResolvedStudy, 'seed' | 'impulses' | 'analysis'>,
  extents: OutlineContext['extents'] = {},
): readonly PlannedImpulses[] {
  const asked = study.impulses.filter(({ models }) => models.includes(model.name));
  const compared = comparedImpulses(asked);
  return asked.map((spec): PlannedImpulses => {
    const extent = extentOf(spec, model.name, extents);
    const own = extent ? impulsesAt(spec, extent) : spec;
    const groups = impulseGroupsOf(own, { seed: study.seed, anatomy, image });
    const variants = spec === compared && extent?.state !== 'open' ? nullVariants(study.analysis.nulls) : [];
    return { spec, ...(extent ? { extent } : {}), groups, nulls: nullGroupsOf(groups, variants, anatomy.sites) };
  });
}

function extentOf(
  spec: ImpulseSpec,
  model: string,
  extents: Exclude<OutlineContext['extents'], undefined>,
): Extent | undefined {
  const first = firstExtent(spec);
  if (extents === 'most') return lastExtent(spec);
  if (extents === 'least') return first && { ...first, state: 'resolved' };
  return first && (extents[scoresName(model, spec.name)] ?? first);
}

/** How far the impulses with `resolve` go by now; undefined where there are none. */
export function extentsOf(outlines: readonly ModelOutline[]): Extents | undefined {
  const known = outlines.flatMap(({ model, impulses }) =>
    impulses.flatMap(({ spec, extent }) => (extent ? [[scoresName(model.name, spec.name), extent] as const] : [])),
  );
  return known.length === 0 ? undefined : Object.fromEntries(known);
}

function reachOf(conditions: number, name: string, waves: number, { reach }: OutlineContext): readonly number[] {
  const known = reach === 'all' ? undefined : reach?.[name];
  return known ?? Array.from({ length: conditions }, () => (reach === 'all' ? waves : Math.min(1, waves)));
}

type Numbered = Pick<ModelOutline, 'chunks' | 'pieces' | 'trial'>;

/** All chunks by their number in units: those of the image set, behind them the pieces of the waves, and the trial's. */
export const chunksOf = ({ chunks, pieces, trial }: Numbered): readonly ChunkRef[] => [
  ...chunks,
  ...pieces,
  ...(trial ? [trial] : []),
];

/** A chunk by its number in units. */
export function chunkOf({ chunks, pieces, trial }: Numbered, index: number): ChunkRef {
  return (chunks[index] ?? pieces[index - chunks.length] ?? trial) as ChunkRef;
}

/** Number of the trial's chunk. */
export const trialNumber = ({ chunks, pieces }: Numbered): number => chunks.length + pieces.length;

/** Numbers of the pieces of a wave, see `chunkOf`. */
export function piecesOf({ chunks, waves }: Pick<ModelOutline, 'chunks' | 'waves'>, wave: number): readonly number[] {
  const before = waves.slice(0, wave).reduce((sum, pieces) => sum + pieces.length, chunks.length);
  return (waves[wave] ?? []).map((_, i) => before + i);
}

/**
 * The conditions of an ablation whose order is not known: how many targets each removes, with which fill, fraction and
 * draw. Which targets these are is not known, whatever stands there.
 */
export function unorderedConditions(
  { anatomy, reference }: ModelOutline,
  spec: AblationSpec,
  seed: number,
): ConditionList {
  return conditionsOf(spec, { seed, anatomy, reference, scores: undefined });
}

/** The identity of one unit. */
export function unitKey(
  outline: ModelOutline,
  seed: number,
  group: Omit<UnitGroup, 'missing' | 'seconds'>,
  index: number,
): Digest {
  const chunk = (): Digest => chunkOf(outline, group.chunk).digest;
  switch (group.kind) {
    case 'profile':
      return resultKey('profile', outline.scope, { reference: outline.reference, examples: EXAMPLES });
    case 'moments':
      return momentsKey(outline.scope, substitutionAt(outline, index));
    case 'optima':
      return optimumKey(outline.scope, optimumAt(outline, index));
    case 'baseline':
      return cellKey(outline.scope, chunk(), []);
    case 'gradients':
      return resultKey('gradients', outline.scope, gradientsIdentity(askedGradients(outline), outline.reference, seed));
    case 'predictions': {
      const chunk = (outline.chunks[index] as ChunkRef).digest;
      const conditions = conditionsDigest(conditionList(outline, group.name));
      return resultKey('predictions', outline.scope, { chunk, conditions, seed, method: LINEARISED });
    }
    case 'cells':
      return cellKey(outline.scope, chunk(), conditionList(outline, group.name).at(index).condition.edits);
    case 'responses': {
      const impulses = impulseGroup(outline, group.name, index);
      return resultKey('response', outline.scope, impulseIdentity(impulses, outline.reference));
    }
    case 'nulls': {
      const asked = nullGroup(outline, group.name, index);
      return resultKey('response', outline.scope, nullIdentity(asked, seed, outline.reference));
    }
  }
}

/** What gradients are asked of a network. */
export function askedGradients({ model, gradients }: ModelOutline): GradientsAsked {
  if (!gradients) throw new RangeError(`no gradients are asked of ${model.name}`);
  return gradients;
}

/** Whether units of a group keep outputs beside their cells; the intact network's are kept where any ablation's are. */
export function keepsOutputsOf({ ablations }: ModelOutline, { kind, name }: Pick<UnitGroup, 'kind' | 'name'>): boolean {
  if (kind !== 'cells' && kind !== 'baseline') return false;
  const isOf = (spec: AblationSpec): boolean =>
    kind === 'baseline' ||
    spec.name === name ||
    (spec.pairs?.screen !== undefined && scoringAblation(spec).name === name);
  return ablations.some(({ spec }) => isOf(spec) && keepsOutputs(spec));
}

/** The conditions of an ablation, also of the one that a damage order is read from. */
export function conditionList(outline: ModelOutline, ablation: string): ConditionList {
  for (const { spec, list, scoring } of outline.ablations) {
    if (spec.name === ablation && list) return list;
    if (scoring && scoringAblation(spec).name === ablation) return scoring;
  }
  throw new RangeError(`no ablation ${ablation} is asked of ${outline.model.name}, or its order is not known yet`);
}

/** What one object of the nulls holds, by the name of the impulses and index. */
export function nullGroup(outline: ModelOutline, name: string, index: number): NullGroup {
  const group = outline.impulses.find(({ spec }) => spec.name === name)?.nulls[index];
  if (!group) throw new RangeError(`nulls of ${outline.model.name} are not asked for impulses ${name} #${index}`);
  return group;
}

/** One group of impulses by name and index. */
export function impulseGroup(outline: ModelOutline, name: string, index: number): ImpulseGroup {
  const group = outline.impulses.find(({ spec }) => spec.name === name)?.groups[index];
  if (!group) throw new RangeError(`no impulses ${name} #${index} are asked of ${outline.model.name}`);
  return group;
}
