import { availableParallelism } from 'node:os';
import { join } from 'node:path';
import { Ledger } from '../core/ledger/ledger.js';
import { silent, type Progress } from '../core/progress.js';
import type { SpecSource } from '../core/spec/load.js';
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
 * Runs a study on this machine, without Temporal: the same steps in a loop, batches in child processes. What the store holds
 * already is not computed again.
 *
 * @param study a spec file, or what would stand in one, with paths relative to the working directory.
 * @throws PercussError SPEC_INVALID with every mistake at once, EXPECTATION_MISSED, CANCELLED, STORE_UNREACHABLE.
 * @example
 * import { queryTables, runStudy } from 'percuss';
 *
 * const images = (part) => ({
 *   format: 'idx',
 *   files: [`experiments/zoo/data/${part}-images-idx3-ubyte`],
 *   labels: [`experiments/zoo/data/${part}-labels-idx1-ubyte`],
 *   images: 50,
 * });
 * const run = await runStudy(
 *   {
 *     version: 1,
 *     study: 'blocks',
 *     data: { test: images('test'), train: images('train') },
 *     defaults: { data: 'test', reference: 'train', input: { divide: 255, mean: [0], std: [1] } },
 *     models: { residual: { file: 'experiments/zoo/residual/model.json' } },
 *     ablations: { blocks: { unit: 'block', mode: 'each', fill: 'mean' } },
 *   },
 *   { store: '.tmp/example/store', out: '.tmp/example/out' },
 * );
 * const { rows } = await queryTables('.tmp/example/out/tables', 'SELECT layers, kl FROM ablations ORDER BY kl DESC');
 * console.log(run.failed, rows.length);
 */
export async function runStudy(study: SpecSource, options: RunStudyOptions = {}): Promise<StudyRun> {
  const progress = options.progress ?? silent;
  const ledger = new Ledger(await openStore(absoluteStoreUrl(options.store ?? 'file:.percuss')));
  let compute: Compute | undefined;
  try {
    const scout = modeScout({ progress, ...(options.signal ? { signal: options.signal } : {}) });
    const { ref, spec, catalog } = await prepareStudy(study, ledger, { progress, scout, costOf: measuredCost });
    const { workers, memory } = spec.run;
    compute = computeChildren({
      slots: options.workers ?? workers ?? availableParallelism(),
      ...(memory === undefined ? {} : { memoryLimit: memory }),
    });
    const steps = createSteps({ ledger, compute, catalog });
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
