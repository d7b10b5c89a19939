import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { cifar10Records } from '../core/data/cifar10.js';
import { preprocess } from '../core/data/preprocess.js';
import type { Engine } from '../core/engine/engine.js';
import { anatomyOf } from '../core/anatomy/anatomy.js';
import type { Graph } from '../core/network/graph.js';
import { importOnnx } from '../core/import/onnx/import-onnx.js';
import type { ChunkBaseline } from '../core/probe/chunk-baseline.js';
import { runLesionBatch } from '../core/probe/lesion.js';
import { ReferenceSet } from '../core/probe/reference-set.js';
import { InstrumentedNetwork } from '../core/probe/instrumented-network.js';
import type { Tensor } from '../core/tensor.js';
import { isArchitecture, randomImages, randomNetwork } from './random-networks.js';
import { emptyResults, imageFile, input, place, type Lesion, type Subject, type SweepResults } from './sweep.js';

/** A network on an engine with images that it is shown; what its intact form makes of them, once it is known. */
export interface InstrumentedSubject {
  readonly network: InstrumentedNetwork;
  readonly images: Tensor;
  readonly labels: Uint16Array;
  baseline?: ChunkBaseline;
}

export function tapped(graph: Graph, engine: Engine): InstrumentedNetwork {
  return new InstrumentedNetwork(graph, anatomyOf(graph, { after: 'activation' }), engine);
}

/** A network of the data folder and its first test images, or a large network with random weights and images. */
export async function readSubject(
  { data, network, images: count }: Subject,
  engine: Engine,
): Promise<InstrumentedSubject> {
  if (isArchitecture(network)) {
    const drawn = tapped(randomNetwork(network), engine);
    return { network: drawn, images: randomImages(count), labels: new Uint16Array(count) };
  }
  const file = imageFile(data);
  const records = cifar10Records([{ path: file, bytes: await readFile(file) }]);
  const pixels = new Uint8Array(count * 3072);
  for (let i = 0; i < count; i++) pixels.set((await records.image(i)).data, i * 3072);
  const labels = records.labels.slice(0, count);
  const graph = importOnnx(network, await readFile(path.join(data, 'models', `${network}.onnx`)));
  const chunk = { pixels: { dtype: 'uint8' as const, shape: [count, 3, 32, 32], data: pixels }, labels };
  const images = preprocess(chunk, input, graph.inputs[0]?.shape ?? []);
  return { network: tapped(graph, engine), images, labels };
}

/** Lesions as a compute process runs them; `idle`: how many change nothing. */
export async function runLesionsOn(
  at: InstrumentedSubject,
  lesions: readonly Lesion[],
): Promise<{ readonly results: SweepResults; readonly idle: number }> {
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
      cell: (index, cell) => {
        if (cell.state === 'no-op') idle++;
        place(results, cell, index * labels.length);
      },
    },
  );
  return { results, idle };
}
