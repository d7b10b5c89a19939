import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import type { Ledger } from '../core/ledger/ledger.js';
import type { StudyRef } from '../core/spec/resolved-study.js';
import { Catalog } from '../core/study/catalog.js';
import { CellReader } from '../core/study/reading/cell-reader.js';
import { loadOutlines } from '../core/study/reading/outlines.js';
import { inProcess, studySweep } from './study-sweep.js';
import { input } from './sweep.js';

/** Which network's kernels, and where its file and the images are. */
export interface KernelSubject {
  readonly model: string;
  /** A glob over layers. */
  readonly layers: string;
  /** The folder of networks and images. */
  readonly data: string;
  /** Compute processes. */
  readonly slots: number;
}

/** Lossless images for a few, lossy ones where there are more: see the README of the data folder. */
const fileOf = (data: string, images: number): string =>
  path.resolve(data, 'images/cifar10', images <= 500 ? 'cifar10_test_0000-0499.bin' : 'cifar10_test_jpeg_4500.bin');

/** A study of every kernel, zeroed; `stop` goes on in its ablation. */
export const kernelStudy = (
  subject: KernelSubject,
  name: string,
  images: number,
  seed: number,
  stop = '',
): string => `version: 1
study: ${name}
seed: ${seed}
data: { test: { format: cifar10, files: [${fileOf(subject.data, images)}], images: ${images} } }
models:
  net:
    file: ${path.resolve(subject.data, 'models', `${subject.model}.onnx`)}
    data: test
    input: { divide: ${input.divide}, mean: [${input.mean.join(', ')}], std: [${input.std.join(', ')}] }
ablations: { kernels: { layers: ["${subject.layers}"], mode: each${stop} } }
run: { engine: onnxruntime, device: cpu, batchSeconds: 5 }
`;

/** What every kernel does on every image. */
export interface Exact {
  readonly seconds: number;
  /** KL of each condition, an entry an image. */
  readonly kl: readonly Float32Array[];
}

/** Runs one study in a folder that is removed, and looks at what it left. */
export async function lookAtStudy<T>(
  spec: string,
  slots: number,
  look: (ledger: Ledger, ref: StudyRef) => Promise<T>,
): Promise<[T, number]> {
  const folder = await mkdtemp(path.join(tmpdir(), 'percuss-bench-kernels-'));
  try {
    const file = path.join(folder, 'study.yaml');
    await writeFile(file, spec);
    const run = await studySweep(path.join(folder, 'store'), file, slots, inProcess(slots), (_, ledger, ref) =>
      look(ledger, ref),
    );
    return [run.seen, run.seconds];
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

/** The KL of every kernel on every image. @throws Error where the sweep did not end with all of them. */
export async function exactKernels(subject: KernelSubject, images: number): Promise<Exact> {
  const spec = kernelStudy(subject, 'exact', images, 0);
  const [kl, seconds] = await lookAtStudy(spec, subject.slots, async (ledger, ref) => {
    const { study: resolved, models } = await loadOutlines(ledger, new Catalog((d) => ledger.getBlob(d)), ref, {
      scores: {},
    });
    const [outline] = models;
    const list = outline?.ablations[0]?.list;
    if (!outline || !list) throw new Error('the exact study asks for nothing');
    const cells = await CellReader.open(ledger, outline, resolved.seed);
    return Array.from({ length: list.length }, (_, index) => {
      const result = cells.condition('cells', 'kernels', index);
      if (result?.kl.length !== images) throw new Error(`condition ${index} is not on all images`);
      return result.kl;
    });
  });
  return { seconds, kl };
}
