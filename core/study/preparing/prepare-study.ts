import { imageFormat } from '../../data/image-formats.js';
import { largest } from '../../extremes.js';
import { vainNulls } from '../../spec/check-nulls.js';
import type { ImageSet } from '../../data/image-set.js';
import type { Digest } from '../../digest.js';
import { isPercussError, PercussError } from '../../errors.js';
import type { Ledger } from '../../ledger/ledger.js';
import { graphCost } from '../../network/cost.js';
import { printNumericMode, type NumericMode } from '../../numeric-mode.js';
import type { CostModel } from '../../plan/cost.js';
import type { CountedModel, WorkCount } from '../../plan/count.js';
import { silent, type Progress } from '../../progress.js';
import { checkAgainstNetworks, type ImageFacts } from '../../spec/check.js';
import { sortIssues, type Positions, type SpecIssue } from '../../spec/issue.js';
import { nameOfSpec, readStudySpec, specInvalid, type SpecSource } from '../../spec/load.js';
import { inputIssue, soundParts, withoutConsequences } from './input-issue.js';
import type { StudyRef } from '../../spec/resolved-study.js';
import type { DataSpec, RunSpec, StudySpec } from '../../spec/study-spec.js';
import { Catalog, loadModel, type LoadedModel } from '../catalog.js';
import {
  choiceLines,
  decideMode,
  proposedMode,
  type ModeChoice,
  type ModeScout,
  type NetworkFiles,
} from './choose-mode.js';
import {
  boundIssues,
  JUDGED_BY_PLAN,
  largestParts,
  predictedSeconds,
  refusals,
  studyCounts,
  totalOf,
} from './allowance.js';
import { planOf, type StudyPlan } from '../planning/plan-report.js';
import { nextStage, type PlannedStage } from '../planning/plan-stage.js';
import { readStudyInputs, resolveStudy, storeStudy, type ReadModel, type ResolvedInputs } from './resolve-study.js';

/** A spec that was read and found right, with everything that it names. */
export interface CheckedStudy {
  readonly spec: StudySpec;
  readonly yaml: string;
  readonly positions: Positions;
  readonly resolved: ResolvedInputs;
  readonly models: readonly ReadModel[];
  /** What its author should know about the images. */
  readonly notices: readonly string[];
  /** What it asks for at most. */
  readonly counts: readonly WorkCount[];
}

/** A study in the store, and how it stands there. */
export interface PreparedStudy {
  readonly spec: StudySpec;
  /** Where its values stand, for refusals that are found while it runs. */
  readonly positions: Positions;
  readonly ref: StudyRef;
  readonly planned: PlannedStage;
  /** Nothing is missing, and nothing failed. */
  readonly complete: boolean;
  /** Units that are stored. */
  readonly units: number;
  /** What its author should know about how it is computed. */
  readonly notices: readonly string[];
  /** Its networks, read from the store, as far as planning needed them. */
  readonly catalog: Catalog;
}

export interface PrepareOptions {
  readonly progress?: Progress;
  /** Tries engines out where the spec leaves the choice; without it, what is usual is taken. */
  readonly scout?: ModeScout;
  /** What this machine was measured to do on a mode, for limits of time; the usual unless given. */
  readonly costOf?: (mode: NumericMode) => Promise<CostModel | undefined>;
  /** Whether to refuse a network that misses what is expected of it; true unless given. */
  readonly expectations?: boolean;
}

/** Times that a study is stored and planned where planning meets damaged inputs: one for each, and some. */
const ATTEMPTS = 8;

/**
 * Reads a spec, its networks and its images; every mistake at once, those of networks and images with the place in the spec
 * that names them.
 * @throws PercussError SPEC_INVALID, or the code that all mistakes have in common.
 */
export async function readStudy(source: SpecSource, progress: Progress = silent): Promise<CheckedStudy> {
  const file = nameOfSpec(source);
  const { spec, draft, positions, issues: said, text } = await readStudySpec(source);
  if (!draft) throw specInvalid(file, said);
  const issues: SpecIssue[] = [];
  const readable = spec ?? soundParts(draft, said);
  const inputs = await readStudyInputs(readable, progress, (section, name, error) =>
    issues.push(inputIssue(readable, positions, section, name, error)),
  );
  const misfits = checkAgainstNetworks(readable, positions, {
    anatomies: new Map(inputs.models.map((model) => [model.spec.name, model.anatomy])),
    graphs: new Map(inputs.models.map((model) => [model.spec.name, model.graph])),
    images: new Map(
      [...inputs.images].map(([name, set]) => [
        name,
        factsOf(set, readable.data.find((data) => data.name === name)?.format),
      ]),
    ),
  });
  const counts = studyCounts(inputs.spec, inputs.models.flatMap(countedOf(inputs.images)));
  const found = [...issues, ...misfits, ...boundIssues(counts, positions)];
  const all = sortIssues([...said, ...withoutConsequences(found, said)]);
  if (!spec || all.length > 0) throw specInvalid(file, all);
  const ofImages = [...inputs.images.values()].flatMap((set) => [...set.notices, ...labelNotices(set)]);
  const notices = [...ofImages, ...inputs.notices, ...vainNulls(inputs.spec, positions)];
  const resolved = resolveStudy(inputs);
  return { spec: inputs.spec, yaml: text, positions, resolved, models: inputs.models, notices, counts };
}

const countedOf =
  (images: ReadonlyMap<string, ImageSet>) =>
  ({ spec, anatomy }: ReadModel): readonly CountedModel[] => {
    const set = images.get(spec.data);
    return set ? [{ name: spec.name, anatomy, image: set.shape, images: set.images }] : [];
  };

function factsOf(set: ImageSet, format: DataSpec['format'] | undefined): ImageFacts {
  return {
    shape: set.shape,
    images: set.images,
    labelsMax: set.labels.reduce((most, label) => Math.max(most, label), 0),
    labelsMin: set.labels.reduce((least, label) => Math.min(least, label), 65535),
    classes: format === undefined || imageFormat(format).ownClasses === undefined ? set.classes : null,
  };
}

/** Labels that are allowed, and yet seldom meant. */
function labelNotices({ name, labels, images, classes }: ImageSet): readonly string[] {
  const [first] = labels;
  if (images > 1 && labels.every((label) => label === first)) {
    const named = classes?.[first as number];
    return [
      `data ${name}: all ${images} images have the label ${first}${named === undefined ? '' : ` (${named})`}; is that meant?`,
    ];
  }
  const seen = new Set(labels);
  const last = largest(seen);
  return !seen.has(0) && last > 1 && seen.size === last
    ? [
        `data ${name}: the labels run from 1 to ${last}, and none is 0; if they count from 1, store them from 0 on (label - 1)`,
      ]
    : [];
}

/** Networks by which `auto` is decided: those with the most multiply-accumulates take most of a study's time. */
const MEASURED = 3;

function telling(models: readonly ReadModel[]): readonly NetworkFiles[] {
  return models
    .map(({ spec, format, files, graph }) => ({ name: spec.name, format, files, macs: graphCost(graph).macs }))
    .sort((a, b) => b.macs - a.macs)
    .slice(0, MEASURED)
    .map(({ name, format, files }) => ({ name, format, files }));
}

/** What a study computes on: what was decided when it was first stored, else what the spec asks for or leaves usual. */
export async function standingMode(
  ledger: Ledger,
  study: Digest,
  run: RunSpec,
): Promise<{ readonly mode: NumericMode; readonly decided: boolean; readonly choice?: ModeChoice }> {
  const decided = await ledger.getDecision<NumericMode>(study, 'mode');
  if (!decided) return { mode: proposedMode(run), decided: false };
  const choice = await ledger.getDecision<ModeChoice>(study, 'choice');
  return { mode: decided, decided: true, ...(choice ? { choice } : {}) };
}

/** Reads a spec, refuses what is above its limits, decides what computes, stores its study, and plans what is missing. */
export async function prepareStudy(
  source: SpecSource,
  ledger: Ledger,
  options: PrepareOptions = {},
): Promise<PreparedStudy> {
  const progress = options.progress ?? silent;
  const checked = await readStudy(source, progress);
  const { spec, yaml, positions, resolved, models, notices: ofImages } = checked;
  const standing = await standingMode(ledger, resolved.id, spec.run);
  await checkLimits(ledger, checked, standing.mode, options.costOf);
  const decision = standing.decided
    ? standing
    : await decideMode(spec.run, () => telling(models), options.scout, {
        known: (machine) => ledger.getMachine<ModeChoice>(machine),
        keep: (choice) => ledger.putMachine(choice),
      });
  const notices = [...ofImages, ...noticesOf(spec.run, decision)];
  for (let attempt = 1; ; attempt++) {
    const ref = await storeStudy(ledger, resolved, {
      ...decision,
      yaml,
      batchSeconds: spec.run.batchSeconds,
      progress,
    });
    progress({ phase: 'plan', label: 'reading what is stored', done: 0, total: 1, unit: 'steps' });
    const catalog = new Catalog((digest) => ledger.getBlob(digest), importedNetworks(checked));
    try {
      const planned = await nextStage(ledger, catalog, ref, options);
      const { tally } = planned;
      const complete = !planned.stage && tally.failed === 0;
      return { spec, positions, ref, planned, complete, units: tally.stored, notices, catalog };
    } catch (error) {
      // A network or images that planning found damaged were set aside; we have them at hand, so they are stored again.
      if (!isPercussError(error) || error.code !== 'OBJECT_DAMAGED' || attempt === ATTEMPTS) throw error;
    }
  }
}

/** A mode that was decided before stands, also against a spec that asks for another. */
function noticesOf(
  run: RunSpec,
  { mode, choice }: { readonly mode: NumericMode; readonly choice?: ModeChoice },
): readonly string[] {
  const differs =
    (run.engine !== 'auto' && run.engine !== mode.engine) || (run.device !== 'auto' && run.device !== mode.device);
  if (!differs) return choice ? choiceLines(choice) : [];
  return [
    `computes on ${printNumericMode(mode)}, with which the study was first stored, though the spec asks for engine ${run.engine}, device ${run.device}; ` +
      'percuss verify compares engines, and under another name the study is computed anew',
  ];
}

/** Networks and images of a study that was read, nothing of which need be stored. */
export function catalogAtHand(study: Pick<CheckedStudy, 'resolved' | 'models'>): Catalog {
  const { blobs } = study.resolved;
  return new Catalog((digest) => Promise.resolve(blobs.get(digest) as Uint8Array), importedNetworks(study));
}

/** What reading a study imported already. */
function importedNetworks({ resolved, models }: Pick<CheckedStudy, 'resolved' | 'models'>): readonly LoadedModel[] {
  return resolved.study.models.flatMap((model) => {
    const read = models.find(({ spec }) => spec.name === model.name);
    return read ? [loadModel(model, read.graph)] : [];
  });
}

/** Why a study is refused, if it is: what it takes, judged by a plan where that is made soon, else by the counts. */
export async function refusedBy(
  ledger: Ledger,
  { spec, resolved, models, counts }: CheckedStudy,
  mode: NumericMode,
  cost: CostModel | undefined,
): Promise<readonly string[]> {
  const { limit } = spec.run;
  const most = totalOf(counts);
  const counted = refusals(most, limit);
  if (counted.length > 0 && most.cells > JUDGED_BY_PLAN) return counted;
  if (counted.length === 0) {
    const timed = limit.hours !== undefined && predictedSeconds(resolved.study, models, mode, spec.run, cost);
    const above = refusals({ ...most, seconds: timed === false ? undefined : timed }, limit);
    if (above.length === 0 || most.cells > JUDGED_BY_PLAN) return above;
  }
  const catalog = catalogAtHand({ resolved, models });
  return refusedPlan(await planOf(ledger, catalog, resolved, mode, spec.run, cost), spec.run.limit);
}

/** Of what a plan is above `run.limit`, in words. */
export function refusedPlan(plan: StudyPlan, limit: RunSpec['limit']): readonly string[] {
  return refusals({ cells: plan.units - plan.stored, bytes: plan.bytes, seconds: plan.seconds }, limit);
}

async function checkLimits(
  ledger: Ledger,
  checked: CheckedStudy,
  mode: NumericMode,
  costOf: PrepareOptions['costOf'],
): Promise<void> {
  const above = await refusedBy(ledger, checked, mode, await costOf?.(mode));
  if (above.length === 0) return;
  const parts = largestParts(checked.counts).map((part) => `\n  ${part}`);
  throw new PercussError(
    'LIMIT_EXCEEDED',
    `the study is above run.limit: ${above.join('; ')}. Nothing was run or stored; ask for less (percuss plan shows all counts) or raise the limit. Most is asked for by${parts.join('')}`,
  );
}
