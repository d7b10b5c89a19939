import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { cifar10Records } from '../core/data/cifar10.js';
import { preprocess } from '../core/data/preprocess.js';
import type { Engine, Program } from '../core/engine/engine.js';
import { openOnnxruntime } from '../core/engine/onnxruntime.js';
import { anatomyOf } from '../core/network/anatomy.js';
import { graphCost } from '../core/network/cost.js';
import type { Graph } from '../core/network/graph.js';
import { importOnnx } from '../core/network/onnx/import.js';
import type { ChunkBaseline } from '../core/probe/chunk-baseline.js';
import { runLesionBatch } from '../core/probe/lesion.js';
import { ReferenceSet } from '../core/probe/reference-set.js';
import { TappedNetwork } from '../core/probe/tapped-network.js';
import type { Tensor } from '../core/tensor.js';
import { agreement } from './agreement.js';
import { convolutionChain } from './convolution-chain.js';
import { metered, type Meter } from './metered-engine.js';
import { isArchitecture, randomImages, randomNetwork } from './random-networks.js';
import { emptyResults, imageFile, input, place, type Lesion, type Subject } from './sweep.js';
import { WholeNetwork } from './whole-network.js';

/** What the parent asks of a process. */
export type PeakRequest =
  | { readonly ask: 'open'; readonly subject: Subject; readonly check: readonly Lesion[] }
  | { readonly ask: 'peak'; readonly seconds: number }
  | { readonly ask: 'run'; readonly lesions: readonly Lesion[] };

export interface PeakReply {
  readonly error?: string;
  /** Multiply-accumulates a second of the chain of large convolutions. */
  readonly peak?: number;
  readonly meter?: Meter;
  /** Rows that agreed with whole forward passes. */
  readonly agreed?: number;
}

interface Opened {
  readonly network: TappedNetwork;
  readonly images: Tensor;
  readonly labels: Uint16Array;
  baseline?: ChunkBaseline;
}

const meter = metered(await openOnnxruntime());
let opened: Opened | undefined;
let chain: { readonly program: Program; readonly graph: Graph; readonly x: ReturnType<Engine['upload']> } | undefined;

async function load({ data, network, images: count }: Subject): Promise<Opened> {
  const tap = (graph: Graph): TappedNetwork =>
    new TappedNetwork(graph, anatomyOf(graph, { after: 'activation' }), meter.engine);
  if (isArchitecture(network)) {
    return { network: tap(randomNetwork(network)), images: randomImages(count), labels: new Uint16Array(count) };
  }
  const file = imageFile(data);
  const records = cifar10Records([{ path: file, bytes: await readFile(file) }]);
  const pixels = new Uint8Array(count * 3072);
  for (let i = 0; i < count; i++) pixels.set((await records.image(i)).data, i * 3072);
  const labels = records.labels.slice(0, count);
  const graph = importOnnx(network, await readFile(path.join(data, 'models', `${network}.onnx`)));
  const chunk = { pixels: { dtype: 'uint8' as const, shape: [count, 3, 32, 32], data: pixels }, labels };
  return { network: tap(graph), images: preprocess(chunk, input, graph.inputs[0]?.shape ?? []), labels };
}

async function sweep(at: Opened, lesions: readonly Lesion[]): Promise<ReturnType<typeof emptyResults>> {
  const { network, images, labels } = at;
  const results = emptyResults(lesions.length * labels.length, false);
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
    { cell: (index, cell) => place(results, cell, index * labels.length) },
  );
  return results;
}

/** Opens a network; a few lesions must agree with whole forward passes. The intact network and its programs are then known. */
async function open(subject: Subject, check: readonly Lesion[]): Promise<number> {
  await opened?.network.close();
  opened = await load(subject);
  const whole = new WholeNetwork(opened.network, opened.images, opened.labels);
  const { rows } = agreement(await sweep(opened, check), await whole.run(check), subject.images);
  await whole.close();
  return rows;
}

/** Multiply-accumulates a second over about so many seconds. */
async function peak(seconds: number): Promise<number> {
  chain ??= await (async () => {
    const { graph, rows } = convolutionChain();
    return { graph, program: await meter.engine.compile(graph), x: meter.engine.upload(rows) };
  })();
  const { program, graph, x } = chain;
  const macs = graphCost(graph).macs * (x.shape[0] as number);
  const run = async (): Promise<void> => {
    for (const tensor of (await program.run(new Map([['x', x]]))).values()) tensor.dispose();
  };
  await run();
  const started = performance.now();
  let runs = 0;
  for (; performance.now() - started < 1000 * seconds; runs++) await run();
  return (runs * macs) / ((performance.now() - started) / 1000);
}

async function answer(request: PeakRequest): Promise<PeakReply> {
  if (request.ask === 'peak') return { peak: await peak(request.seconds) };
  if (request.ask === 'open') return { agreed: await open(request.subject, request.check) };
  if (!opened) throw new Error('nothing is open');
  meter.take();
  await sweep(opened, request.lesions);
  return { meter: meter.take() };
}

process.on('message', (request: PeakRequest) => {
  answer(request)
    .catch((error: unknown): PeakReply => ({
      error: error instanceof Error ? (error.stack ?? error.message) : String(error),
    }))
    .then((reply) => process.send?.(reply))
    .catch(() => process.exit(1));
});
process.on('disconnect', () => process.exit(0));
