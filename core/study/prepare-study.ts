import type { ImageSet } from '../data/image-set.js';
import { isPercussError, PercussError } from '../errors.js';
import type { Ledger } from '../ledger/ledger.js';
import { engineDevices, engineNames, hasDevice, type EngineName, type NumericMode } from '../numeric-mode.js';
import { silent, type Progress } from '../progress.js';
import { checkAgainstNetworks, type ImageFacts } from '../spec/check.js';
import { loadStudySpec, specInvalid } from '../spec/load.js';
import type { StudyRef } from '../spec/resolved-study.js';
import type { RunSpec, StudySpec } from '../spec/study-spec.js';
import { Catalog } from './catalog.js';
import { planOf, printBytes, printSeconds } from './plan-report.js';
import { nextStage, type PlannedStage } from './plan-stage.js';
import { readStudyInputs, resolveStudy, storeStudy, type ResolvedInputs } from './prepare.js';

/** A spec that was read and found right, with everything that it names. */
export interface CheckedStudy {
  readonly spec: StudySpec;
  readonly yaml: string;
  readonly resolved: ResolvedInputs;
}

/** A study in the store, and how it stands there. */
export interface PreparedStudy {
  readonly spec: StudySpec;
  readonly ref: StudyRef;
  readonly planned: PlannedStage;
  /** Nothing is missing, and nothing failed. */
  readonly complete: boolean;
  /** Units that are stored. */
  readonly units: number;
}

export interface PrepareOptions {
  readonly progress?: Progress;
  /** Whether to refuse a network that misses what is expected of it; true unless given. */
  readonly expectations?: boolean;
}

/** Times that a study is stored and planned where planning meets damaged inputs: one for each, and some. */
const ATTEMPTS = 8;

/** Reads a spec, its networks and its images; every mistake at once. @throws PercussError SPEC_INVALID and others. */
export async function readStudy(file: string, progress: Progress = silent): Promise<CheckedStudy> {
  const { spec, positions, text } = await loadStudySpec(file);
  const inputs = await readStudyInputs(spec, progress);
  const issues = checkAgainstNetworks(spec, positions, {
    anatomies: new Map(inputs.models.map((model) => [model.spec.name, model.anatomy])),
    graphs: new Map(inputs.models.map((model) => [model.spec.name, model.graph])),
    images: new Map([...inputs.images].map(([name, set]) => [name, factsOf(set)])),
  });
  if (issues.length > 0) throw specInvalid(file, issues);
  return { spec, yaml: text, resolved: resolveStudy(inputs) };
}

function factsOf(set: ImageSet): ImageFacts {
  return {
    shape: set.shape,
    images: set.images,
    labelsMax: set.labels.reduce((most, label) => Math.max(most, label), 0),
  };
}

/** `auto`: onnxruntime on this machine's processor, which every machine has. */
export function proposedMode(run: Pick<RunSpec, 'engine' | 'device'>): NumericMode {
  const { device } = run;
  const able = engineNames.filter((name) => device === 'auto' || hasDevice(name, device));
  const engine = run.engine === 'auto' ? (able[0] as EngineName) : run.engine;
  return { engine, precision: 'float32', device: device === 'auto' ? engineDevices[engine][0] : device };
}

/** Reads a spec, refuses what is above its limits, stores its study, and plans what is missing. */
export async function prepareStudy(file: string, ledger: Ledger, options: PrepareOptions = {}): Promise<PreparedStudy> {
  const progress = options.progress ?? silent;
  const { spec, yaml, resolved } = await readStudy(file, progress);
  await checkLimits(ledger, spec, resolved);
  for (let attempt = 1; ; attempt++) {
    const ref = await storeStudy(ledger, resolved, {
      mode: proposedMode(spec.run),
      yaml,
      batchSeconds: spec.run.batchSeconds,
      progress,
    });
    progress({ phase: 'plan', label: 'reading what is stored', done: 0, total: 1, unit: 'steps' });
    const catalog = new Catalog((digest) => ledger.getBlob(digest));
    try {
      const planned = await nextStage(ledger, catalog, ref, options);
      const { tally } = planned;
      return { spec, ref, planned, complete: !planned.stage && tally.failed === 0, units: tally.stored };
    } catch (error) {
      // A network or images that planning found damaged were set aside; we have them at hand, so they are stored again.
      if (!isPercussError(error) || error.code !== 'OBJECT_DAMAGED' || attempt === ATTEMPTS) throw error;
    }
  }
}

async function checkLimits(ledger: Ledger, spec: StudySpec, resolved: ResolvedInputs): Promise<void> {
  const { hours, bytes, cells } = spec.run.limit;
  if (hours === undefined && bytes === undefined && cells === undefined) return;
  const catalog = new Catalog((digest) => Promise.resolve(resolved.blobs.get(digest) as Uint8Array));
  const plan = await planOf(ledger, catalog, resolved, proposedMode(spec.run), spec.run);
  const missing = plan.units - plan.stored;
  const above = [
    ...(hours !== undefined && plan.seconds > 3600 * hours
      ? [`about ${printSeconds(plan.seconds)} of one process, limit ${hours} h`]
      : []),
    ...(bytes !== undefined && plan.bytes > bytes
      ? [`about ${printBytes(plan.bytes)} to store, limit ${printBytes(bytes)}`]
      : []),
    ...(cells !== undefined && missing > cells ? [`${missing} cells to compute, limit ${cells}`] : []),
  ];
  if (above.length === 0) return;
  throw new PercussError(
    'LIMIT_EXCEEDED',
    `the study is above run.limit: ${above.join('; ')}. Nothing was run; ask for less (percuss plan shows what costs most) or raise the limit`,
  );
}
