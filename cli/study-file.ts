import { readFile } from 'node:fs/promises';
import { PercussError } from '../core/errors.js';
import type { NumericMode } from '../core/numeric-mode.js';
import { checkAgainstNetworks } from '../core/spec/check.js';
import { formatIssues } from '../core/spec/issue.js';
import { loadStudySpec } from '../core/spec/load.js';
import type { StudyRef } from '../core/spec/resolved-study.js';
import type { RunSpec, StudySpec } from '../core/spec/study-spec.js';
import { Catalog } from '../core/study/catalog.js';
import { nextStage, type PlannedStage } from '../core/study/plan-stage.js';
import { readStudyInputs, resolveStudy, storeStudy, type ResolvedInputs } from '../core/study/prepare.js';
import type { Progress } from '../core/progress.js';
import type { Session } from './session.js';

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
  readonly units: number;
}

/** Reads a spec, its networks and its images; every mistake at once. @throws PercussError SPEC_INVALID and others. */
export async function readStudy(file: string, progress: Progress): Promise<CheckedStudy> {
  const { spec, positions } = await loadStudySpec(file);
  const inputs = await readStudyInputs(spec, progress);
  const issues = checkAgainstNetworks(spec, positions, {
    networks: new Map(inputs.models.map((model) => [model.spec.name, { graph: model.graph, anatomy: model.anatomy }])),
    images: inputs.images,
  });
  if (issues.length > 0) throw new PercussError('SPEC_INVALID', formatIssues(issues));
  return { spec, yaml: await readFile(file, 'utf8'), resolved: resolveStudy(inputs) };
}

/** `auto`: onnxruntime on this machine's processor, which every machine has. */
export function proposedMode(run: RunSpec): NumericMode {
  return { engine: run.engine === 'auto' ? 'onnxruntime' : run.engine, precision: 'float32', device: 'cpu' };
}

/** Reads a spec, stores its study, and plans what is missing. */
export async function prepareStudy(
  file: string,
  session: Session,
  options: { readonly expectations?: boolean } = {},
): Promise<PreparedStudy> {
  const { progress } = session.terminal;
  const { spec, yaml, resolved } = await readStudy(file, progress);
  const ref = await storeStudy(session.ledger, resolved, { mode: proposedMode(spec.run), yaml, progress });
  progress({ phase: 'plan', label: 'reading what is stored', done: 0, total: 1, unit: 'steps' });
  const planned = await nextStage(
    session.ledger,
    new Catalog((digest) => session.ledger.getBlob(digest)),
    ref,
    options,
  );
  const { tally } = planned;
  return {
    spec,
    ref,
    planned,
    complete: planned.stage === undefined && tally.failed === 0,
    units: tally.stored,
  };
}
