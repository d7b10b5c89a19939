import { writeFileSync } from 'node:fs';
import path from 'node:path';
import { writeNpy } from '../../bench/npy-file.js';
import { float32, tensor } from '../../core/tensor.js';
import { PercussError } from '../../core/errors.js';
import { Ledger } from '../../core/ledger/ledger.js';
import { memoryStore } from '../../core/store/memory-store.js';
import { Catalog } from '../../core/study/catalog.js';
import type { Compute } from '../../core/study/running/compute.js';
import { unorderedConditions } from '../../core/plan/outline.js';
import { nextStage } from '../../core/study/planning/plan-stage.js';
import type { StudyResult } from '../../core/study/running/run-steps.js';
import type { TableName } from '../../core/tables/columns.js';
import type { Tables } from '../../core/tables/schema.js';
import { runFile } from '../builders/studies.js';

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
  const { engine = 'onnxruntime', tables = [], fails = () => false } = options;
  const failing = (compute: Compute): Compute => ({
    ...compute,
    run: (task, more) =>
      Array.from({ length: task.to - task.from }, (_, i) => task.from + i).some((unit) => fails(task.stage.index, unit))
        ? Promise.reject(new PercussError('COMPUTE_CRASHED', 'the process ended'))
        : compute.run(task, more),
  });
  const mode = { engine, precision: 'float32', device: 'cpu' } as const;
  const ran = await runFile(ledger, file, { mode, tables, wrap: failing });
  const { models } = await nextStage(ledger, new Catalog((digest) => ledger.getBlob(digest)), ran.ref);
  const { seed } = (await ledger.getRecord(ran.ref.study)) as { readonly seed: number };
  const text = async (of: StudyResult['report']): Promise<string> =>
    new TextDecoder().decode(await ledger.getOutput(of));
  return {
    result: ran.result,
    tables: await ran.tables(),
    report: await text(ran.result.report),
    summary: JSON.parse(await text(ran.result.summary)) as RanStudy['summary'],
    planned: new Map(
      models.flatMap((outline) =>
        outline.ablations.map(({ spec, list }) => {
          const { length } = list ?? unorderedConditions(outline, spec, seed);
          return [spec.name, length] as const;
        }),
      ),
    ),
  };
}

/** Writes a network, images and labels into a folder, under the names that specs of these tests use. */
export function writeInputs(
  folder: string,
  network: Uint8Array,
  images: readonly Float32Array[],
  shape: readonly number[],
  labels: readonly number[],
): void {
  const pixels = new Float32Array(images.reduce((sum, { length }) => sum + length, 0));
  let at = 0;
  for (const image of images) {
    pixels.set(image, at);
    at += image.length;
  }
  writeFileSync(path.join(folder, 'net.onnx'), network);
  writeFileSync(path.join(folder, 'x.npy'), writeNpy(float32([labels.length, ...shape], pixels)));
  writeFileSync(path.join(folder, 'y.npy'), writeNpy(tensor('uint8', [labels.length], Uint8Array.from(labels))));
}

/** What a study of one network reads, and the rest of its spec: ablations, run. */
export interface PlantedStudy {
  readonly network: Uint8Array;
  /** One after the other, each of `shape` values. */
  readonly pixels: Float32Array;
  readonly shape: readonly number[];
  readonly labels: ArrayLike<number>;
  readonly rest: string;
}

/** Writes them into a folder, with a spec in which the network is called net and its images test. Gives the spec's path. */
export function writeStudy(folder: string, { network, pixels, shape, labels, rest }: PlantedStudy): string {
  writeInputs(folder, network, [pixels], shape, Array.from(labels));
  const file = path.join(folder, 'study.yaml');
  writeFileSync(
    file,
    `version: 1
study: planted
data: { test: { format: npy, files: x.npy, labels: y.npy, order: file } }
models: { net: { file: net.onnx, data: test } }
${rest}`,
  );
  return file;
}
