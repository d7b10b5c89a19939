import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { cifar10Records } from '../core/data/cifar10.js';
import { preprocess } from '../core/data/preprocess.js';
import { openEngine } from '../core/engine/open.js';
import { anatomyOf } from '../core/network/anatomy.js';
import { importOnnx } from '../core/network/onnx/import.js';
import type { NumericMode } from '../core/numeric-mode.js';
import type { Cell } from '../core/probe/cell.js';
import type { ChunkBaseline } from '../core/probe/chunk-baseline.js';
import { runLesionBatch } from '../core/probe/lesion.js';
import { ReferenceSet } from '../core/probe/reference-set.js';
import { TappedNetwork } from '../core/probe/tapped-network.js';
import type { Tensor } from '../core/tensor.js';
import { tensorFlowFromCache } from '../infra/setup/load-tfjs.js';
import { emptyResults, imageFile, input, place, type Lesion, type Subject, type SweepResults } from './sweep.js';
import { WholeNetwork } from './whole-network.js';

export type Method = 'percuss' | 'whole';

/** What the parent asks of a process: to make a network ready, with nothing compiled, or to run some of the lesions. */
export type Request =
  | { readonly ask: 'open'; readonly subject: Subject }
  | { readonly ask: 'run'; readonly method: Method; readonly lesions: readonly Lesion[] };

export interface Reply {
  readonly error?: string;
  readonly results?: SweepResults;
  readonly idle?: number;
  /** Seconds of processor time that the request took. */
  readonly cpu?: number;
}

interface Opened {
  readonly network: TappedNetwork;
  readonly images: Tensor;
  readonly labels: Uint16Array;
  readonly whole: WholeNetwork;
  baseline?: ChunkBaseline;
}

const [mode] = process.argv.slice(2).map((text) => JSON.parse(text) as NumericMode);
if (!mode) throw new Error('the numeric mode must be the argument');
const engine = await openEngine(mode, { threads: 1, tensorflow: tensorFlowFromCache });
let opened: Opened | undefined;

async function open(subject: Subject): Promise<Opened> {
  const file = imageFile(subject.data);
  const records = cifar10Records([{ path: file, bytes: await readFile(file) }]);
  const pixels = new Uint8Array(subject.images * 3072);
  for (let i = 0; i < subject.images; i++) pixels.set((await records.image(i)).data, i * 3072);
  const labels = records.labels.slice(0, subject.images);
  const model = await readFile(path.join(subject.data, 'models', `${subject.network}.onnx`));
  const graph = importOnnx(subject.network, model);
  const chunk = { pixels: { dtype: 'uint8' as const, shape: [subject.images, 3, 32, 32], data: pixels }, labels };
  const images = preprocess(chunk, input, graph.inputs[0]?.shape ?? []);
  const network = new TappedNetwork(graph, anatomyOf(graph, { after: 'activation' }), engine);
  return { network, images, labels, whole: new WholeNetwork(network, images, labels) };
}

async function percuss(at: Opened, lesions: readonly Lesion[]): Promise<{ results: SweepResults; idle: number }> {
  const { network, images, labels } = at;
  const results = emptyResults(lesions.length * labels.length, false);
  let idle = 0;
  at.baseline = await runLesionBatch(
    {
      network,
      chunk: { digest: 'bench', images, labels },
      reference: new ReferenceSet(network, 'bench', images),
      output: { kind: 'logits', classOffset: 0 },
      conditions: lesions.map(({ cuts }, index) => ({
        key: String(index),
        condition: { edits: cuts.map((cut) => ({ ...cut, fill: { kind: 'zero' as const } })) },
      })),
      ...(at.baseline ? { baseline: at.baseline } : {}),
    },
    {
      cell: (index: number, cell: Cell) => {
        if (cell.state === 'no-op') idle++;
        place(results, cell, index * labels.length);
      },
    },
  );
  return { results, idle };
}

async function answer(request: Request): Promise<Reply> {
  if (request.ask === 'open') {
    await opened?.whole.close();
    await opened?.network.close();
    opened = await open(request.subject);
    return {};
  }
  if (!opened) throw new Error('nothing is open');
  const before = process.cpuUsage();
  const reply =
    request.method === 'percuss'
      ? await percuss(opened, request.lesions)
      : { results: await opened.whole.run(request.lesions), idle: 0 };
  const { user, system } = process.cpuUsage(before);
  return { ...reply, cpu: (user + system) / 1e6 };
}

process.on('message', (request: Request) => {
  answer(request)
    .catch((error: unknown): Reply => ({
      error: error instanceof Error ? (error.stack ?? error.message) : String(error),
    }))
    .then((reply) => process.send?.(reply))
    .catch(() => process.exit(1));
});
process.on('disconnect', () => process.exit(0));
