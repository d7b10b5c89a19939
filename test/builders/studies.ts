import type { Ledger } from '../../core/ledger/ledger.js';
import type { NumericMode } from '../../core/numeric-mode.js';
import type { StudyRef } from '../../core/spec/resolved-study.js';
import type { StudySpec } from '../../core/spec/study-spec.js';
import { createSteps } from '../../core/study/create-steps.js';
import { readStudy } from '../../core/study/preparing/prepare-study.js';
import { readStudyInputs, resolveStudy, storeStudy } from '../../core/study/preparing/resolve-study.js';
import type { Compute } from '../../core/study/running/compute.js';
import { runStudySteps, type StudyResult } from '../../core/study/running/run-steps.js';
import type { StudySteps } from '../../core/study/steps.js';
import type { TableName } from '../../core/tables/columns.js';
import type { Tables } from '../../core/tables/schema.js';
import { readTables } from './tables.js';
import { inProcessCompute } from '../study/running/in-process-compute.js';

/** How a test has its study run; what it does not say is one batch at a time in this process, on onnxruntime. */
export interface RunOptions {
  readonly mode?: NumericMode;
  readonly batchSeconds?: number;
  readonly window?: number;
  readonly onFailure?: 'continue' | 'stop';
  readonly tables?: readonly TableName[];
  /** What computes, where that is not this process; whoever gives it closes it. */
  readonly compute?: Compute;
  /** What stands before it, to look on or to fail. */
  readonly wrap?: (compute: Compute) => Compute;
  readonly wrapSteps?: (steps: StudySteps) => StudySteps;
}

/** A study that ran. */
export interface Ran {
  readonly ref: StudyRef;
  readonly result: StudyResult;
  /** Its rows: analyses it once more. */
  readonly tables: () => Promise<Tables>;
}

const usual: NumericMode = { engine: 'onnxruntime', precision: 'float32', device: 'cpu' };

/** A study in code, as it is stored before it runs. */
export async function storeSpec(ledger: Ledger, spec: StudySpec, options: RunOptions = {}): Promise<StudyRef> {
  const { mode = usual, batchSeconds = spec.run.batchSeconds } = options;
  return storeStudy(ledger, resolveStudy(await readStudyInputs(spec)), { mode, yaml: 'not from a file', batchSeconds });
}

/** Runs a stored study from its plan to its report. */
export async function runStored(ledger: Ledger, ref: StudyRef, options: RunOptions = {}): Promise<Ran> {
  const { window = 1, onFailure = 'continue', tables = [], wrap, wrapSteps } = options;
  const own = options.compute ?? inProcessCompute(ledger);
  const steps = createSteps({ ledger, compute: wrap ? wrap(own) : own });
  try {
    const result = await runStudySteps(wrapSteps ? wrapSteps(steps) : steps, ref, { window, onFailure, tables });
    return { ref, result, tables: async () => readTables(ledger, await steps.analyse(ref)) };
  } finally {
    if (options.compute === undefined) await own.close();
  }
}

/** Runs a study in code. */
export async function runSpec(ledger: Ledger, spec: StudySpec, options: RunOptions = {}): Promise<Ran> {
  return runStored(ledger, await storeSpec(ledger, spec, options), options);
}

/** Runs a study from its YAML file. */
export async function runFile(ledger: Ledger, file: string, options: RunOptions = {}): Promise<Ran> {
  const { resolved, yaml } = await readStudy(file);
  const { mode = usual, batchSeconds = 60 } = options;
  return runStored(ledger, await storeStudy(ledger, resolved, { mode, yaml, batchSeconds }), options);
}
