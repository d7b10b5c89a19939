import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import type { Digest } from '../../core/digest.js';
import { Ledger, type LedgerOptions } from '../../core/ledger/ledger.js';
import { emitOnnx } from '../../core/network/emit-onnx.js';
import type { NumericMode } from '../../core/numeric-mode.js';
import type { StudyRef } from '../../core/spec/resolved-study.js';
import { memoryStore } from '../../core/store/memory-store.js';
import { Catalog } from '../../core/study/catalog.js';
import { readStudy } from '../../core/study/preparing/prepare-study.js';
import { storeStudy, type ResolvedInputs } from '../../core/study/preparing/resolve-study.js';
import { writeNpy } from '../npy-file.js';
import { smallImages, smallNetwork } from './small-network.js';

const mode: NumericMode = { engine: 'reference', precision: 'float32', device: 'cpu' };

/** Two studies that ask for some cells alike; a second stage of either is ordered by results of the first. */
const ablations = {
  one: {
    each: { mode: 'each', fill: ['zero', 'mean'] },
    ordered: { mode: 'cumulative', order: 'kl', fractions: [0.3, 0.6] },
  },
  two: {
    each: { mode: 'each', fill: ['zero'] },
    pairs: { mode: 'pairs', layers: ['conv1'] },
    random: { mode: 'random', fractions: [0.4], trials: 4 },
  },
} as const;

/** Which of the two studies. */
export type StudyName = keyof typeof ablations;

export const studyNames = Object.keys(ablations) as StudyName[];

/** What is simulated: two studies, read and resolved, and what processes have read of them. */
export interface Workload {
  readonly studies: Readonly<Record<StudyName, ResolvedInputs>>;
  /** Networks and images by content. Processes share it: inputs are no part of what is simulated. */
  readonly catalog: Catalog;
}

/** Writes network and images as files, and reads the studies that name them. */
export async function makeWorkload(): Promise<Workload> {
  const folder = await mkdtemp(path.join(tmpdir(), 'percuss-simulate-'));
  try {
    const file = (name: string): string => path.join(folder, name);
    const { images, labels } = smallImages(6);
    await writeFile(file('net.onnx'), emitOnnx(smallNetwork()));
    await writeFile(file('images.npy'), writeNpy(images));
    await writeFile(file('labels.npy'), writeNpy(labels));
    const resolved = async (name: StudyName): Promise<ResolvedInputs> =>
      (
        await readStudy({
          version: 1,
          study: name,
          seed: 7,
          data: { d: { format: 'npy', files: [file('images.npy')], labels: [file('labels.npy')] } },
          defaults: { data: 'd', input: { divide: 255 }, output: { kind: 'logits' } },
          models: { small: { file: file('net.onnx') } },
          ablations: ablations[name],
          analysis: { bootstrap: 100, nulls: { shuffled: 0 } },
          run: { engine: 'reference', device: 'cpu' },
        })
      ).resolved;
    const studies = { one: await resolved('one'), two: await resolved('two') };
    const blobs = new Map<Digest, Uint8Array>([...studies.one.blobs, ...studies.two.blobs]);
    return { studies, catalog: new Catalog(async (digest) => blobs.get(digest) as Uint8Array) };
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

/** Submits a study: as the command does, once what it names is read. */
export function submit(ledger: Ledger, workload: Workload, name: StudyName): Promise<StudyRef> {
  return storeStudy(ledger, workload.studies[name], { mode, yaml: 'none', batchSeconds: 0.0025 });
}

/** A ledger over memory. */
export const memoryLedger = (options: LedgerOptions = {}): Ledger => new Ledger(memoryStore(), options);
