import { writeFileSync } from 'node:fs';
import path from 'node:path';
import { writeNpy } from '../../bench/npy-file.js';
import { PercussError } from '../../core/errors.js';
import { Ledger } from '../../core/ledger/ledger.js';
import { memoryStore } from '../../core/store/memory-store.js';
import { Catalog } from '../../core/study/catalog.js';
import type { Compute } from '../../core/study/running/compute.js';
import { createSteps } from '../../core/study/create-steps.js';
import { readTables } from '../../core/study/analysing/analysis.js';
import { inProcessCompute } from './running/in-process-compute.js';
import { unorderedConditions } from '../../core/plan/outline.js';
import { nextStage } from '../../core/study/planning/plan-stage.js';
import { readStudy } from '../../core/study/preparing/prepare-study.js';
import { storeStudy } from '../../core/study/preparing/resolve-study.js';
import { runStudySteps, type StudyResult } from '../../core/study/running/run-steps.js';
import type { TableName, Tables } from '../../core/tables/schema.js';
import { float32, tensor } from '../../core/tensor.js';

/** What a study left. */
export interface RanStudy {
  readonly result: StudyResult;
  readonly tables: Tables;
  readonly report: string;
  readonly summary: {
    readonly findings: readonly string[];
    readonly nonFinite: { readonly conditions: number; readonly images: number };
  };
  /** Conditions planned, by ablation. */
  readonly planned: ReadonlyMap<string, number>;
}

export interface RunStudyOptions {
  readonly engine?: 'reference' | 'onnxruntime';
  readonly tables?: readonly TableName[];
  /** Whether a unit of a stage cannot be computed, however often it is tried. */
  readonly fails?: (stage: number, unit: number) => boolean;
}

/** Runs a spec from its file to its report, in this process and in memory. */
export async function runYaml(file: string, options: RunStudyOptions = {}): Promise<RanStudy> {
  const ledger = new Ledger(memoryStore());
  const { resolved, yaml } = await readStudy(file);
  const { engine = 'onnxruntime', tables = [], fails = () => false } = options;
  const mode = { engine, precision: 'float32', device: 'cpu' } as const;
  const ref = await storeStudy(ledger, resolved, { mode, yaml, batchSeconds: 60 });
  const compute = inProcessCompute(ledger);
  const failing: Compute = {
    ...compute,
    run: (task, more) =>
      Array.from({ length: task.to - task.from }, (_, i) => task.from + i).some((unit) => fails(task.stage.index, unit))
        ? Promise.reject(new PercussError('COMPUTE_CRASHED', 'the process ended'))
        : compute.run(task, more),
  };
  try {
    const steps = createSteps({ ledger, compute: failing });
    const result = await runStudySteps(steps, ref, { window: 1, onFailure: 'continue', tables });
    const { models } = await nextStage(ledger, new Catalog((digest) => ledger.getBlob(digest)), ref);
    const text = async (of: StudyResult['report']): Promise<string> =>
      new TextDecoder().decode(await ledger.getOutput(of));
    return {
      result,
      tables: await readTables(ledger, await steps.analyse(ref)),
      report: await text(result.report),
      summary: JSON.parse(await text(result.summary)) as RanStudy['summary'],
      planned: new Map(
        models.flatMap((outline) =>
          outline.ablations.map(({ spec, list }) => {
            const { length } = list ?? unorderedConditions(outline, spec, resolved.study.seed);
            return [spec.name, length] as const;
          }),
        ),
      ),
    };
  } finally {
    await compute.close();
  }
}

/** Writes a network, images and labels into a folder, under the names that specs of these tests use. */
export function writeInputs(
  folder: string,
  network: Uint8Array,
  images: readonly Float32Array[],
  shape: readonly number[],
  labels: readonly number[],
): void {
  const pixels = new Float32Array(images.length * (images[0]?.length ?? 0));
  images.forEach((image, i) => pixels.set(image, i * image.length));
  writeFileSync(path.join(folder, 'net.onnx'), network);
  writeFileSync(path.join(folder, 'x.npy'), writeNpy(float32([images.length, ...shape], pixels)));
  writeFileSync(path.join(folder, 'y.npy'), writeNpy(tensor('uint8', [labels.length], Uint8Array.from(labels))));
}
