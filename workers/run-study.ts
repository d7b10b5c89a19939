import { availableParallelism } from 'node:os';
import { join } from 'node:path';
import { Ledger } from '../core/ledger/ledger.js';
import { silent, type Progress } from '../core/progress.js';
import { openStore } from '../core/store/open.js';
import type { Compute } from '../core/study/running/compute.js';
import { createSteps } from '../core/study/create-steps.js';
import { exportOutputs } from '../core/study/analysing/outputs.js';
import { prepareStudy } from '../core/study/preparing/prepare-study.js';
import { runStudySteps } from '../core/study/running/run-steps.js';
import { absoluteStoreUrl } from '../core/store/url.js';
import { tableNames } from '../core/tables/columns.js';
import { measuredCost } from '../infra/calibrations.js';
import { computeChildren } from './children.js';
import { modeScout } from './mode-scout.js';

export interface RunStudyOptions {
  /** `file:PATH`, a path, or `s3://bucket/prefix`; `file:.percuss` unless given. */
  readonly store?: string;
  /** Where report and tables are written; `percuss-out/STUDY` unless given. */
  readonly out?: string;
  /** Compute processes; as many as the spec says, else one a core, unless given. */
  readonly workers?: number;
  readonly progress?: Progress;
  readonly signal?: AbortSignal;
}

/** What a run did and left behind. */
export interface StudyRun {
  /** The study's id. */
  readonly id: string;
  /** Cells, responses and profiles computed now, taken from the store, and failed. */
  readonly computed: number;
  readonly reused: number;
  readonly failed: number;
  /** Paths of `report.html`, `study.json` and `tables/*.parquet`. */
  readonly files: readonly string[];
}

/**
 * Runs the study of a spec file on this machine, without Temporal: the same steps in a loop, batches in child processes.
 * What the store holds already is not computed again.
 *
 * @throws PercussError SPEC_INVALID with every mistake at once, EXPECTATION_MISSED, CANCELLED, STORE_UNREACHABLE.
 */
export async function runStudy(file: string, options: RunStudyOptions = {}): Promise<StudyRun> {
  const progress = options.progress ?? silent;
  const ledger = new Ledger(await openStore(absoluteStoreUrl(options.store ?? 'file:.percuss')));
  let compute: Compute | undefined;
  try {
    const scout = modeScout({ progress, ...(options.signal ? { signal: options.signal } : {}) });
    const { ref, spec } = await prepareStudy(file, ledger, { progress, scout, costOf: measuredCost });
    const { workers, memory } = spec.run;
    compute = computeChildren({
      slots: options.workers ?? workers ?? availableParallelism(),
      ...(memory === undefined ? {} : { memoryLimit: memory }),
    });
    const steps = createSteps({ ledger, compute });
    const { computed, reused, failed, ...outputs } = await runStudySteps(steps, ref, {
      window: compute.slots,
      onFailure: spec.run.onFailure,
      progress,
      tables: tableNames,
      ...(options.signal ? { signal: options.signal } : {}),
    });
    const files = await exportOutputs(ledger, outputs, options.out ?? join('percuss-out', spec.study));
    return { id: ref.id, computed, reused, failed, files };
  } finally {
    await compute?.close();
    await ledger.close();
  }
}
