import { readFile } from 'node:fs/promises';
import path from 'node:path';
import type { Engine } from '../../core/engine/engine.js';
import { importNetwork } from '../../core/import/import-network.js';
import { buildGraph } from '../../core/network/build.js';
import type { Graph } from '../../core/network/graph.js';
import { float32 } from '../../core/tensor.js';
import { imagesFolder } from '../zoo/images.js';
import { chainOf } from './chain.js';
import type { Plots, Soil } from './networks.js';
import { valueOf, type Images } from './scores.js';

/** A network that this project trained (experiments/zoo): a chain of convolutions with biases. */
export const trained = {
  folder: path.join(imagesFolder, '..', 'plain-nobn'),
  data: imagesFolder,
  side: 28,
  classes: 10,
};
export const plots: Plots = { first: 2, second: 3, third: 4 };
const idxHeader = 16;
const labelHeader = 8;

export async function trainedNetwork(folder = trained.folder): Promise<Graph> {
  const names = ['model.json', 'weights.bin'];
  const files = await Promise.all(
    names.map(async (name) => [name, new Uint8Array(await readFile(path.join(folder, name)))] as const),
  );
  return importNetwork('trained', 'tfjs', new Map(files), 'model.json');
}

/** Others of the same images: of the same layers, trained anew with BatchNorm; and one with skips. */
export const alsoTrained = {
  again: path.join(imagesFolder, '..', 'plain'),
  residual: path.join(imagesFolder, '..', 'residual'),
};

/** The first images of a part, as the network takes them. */
export async function imagesOf(part: string, count: number): Promise<Images> {
  const bytes = await readFile(path.join(trained.data, `${part}-images-idx3-ubyte`));
  const size = trained.side ** 2;
  const pixels = bytes.subarray(idxHeader, idxHeader + count * size);
  return float32(
    [count, trained.side, trained.side, 1],
    Float32Array.from(pixels, (value) => value / 255),
  );
}

/** Their labels. */
export async function labelsOf(part: string, count: number): Promise<Uint8Array> {
  const bytes = await readFile(path.join(trained.data, `${part}-labels-idx1-ubyte`));
  return bytes.subarray(labelHeader, labelHeader + count);
}

/** Kernels of the first plot by their mean activation over images, the largest first. */
export async function sourcesOf(engine: Engine, graph: Graph, images: Images): Promise<Soil['sources']> {
  const layer = chainOf(graph)[plots.first]!;
  const { name, inputs, nodes, constants } = graph;
  const count = images.shape[0] as number;
  const values = await valueOf(engine, buildGraph({ name, inputs, nodes, constants, outputs: [layer.site] }), images);
  const area = values.length / count / layer.kernels;
  const means = Array.from({ length: layer.kernels }, () => 0);
  values.forEach((value, i) => {
    const kernel = Math.floor(i / area) % layer.kernels;
    means[kernel]! += value / area / count;
  });
  return means.map((mean, kernel) => ({ kernel, mean })).sort((a, b) => b.mean - a.mean || a.kernel - b.kernel);
}
