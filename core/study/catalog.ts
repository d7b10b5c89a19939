import { joined } from '../joined.js';
import { decodeChunk, type Chunk } from '../data/chunk.js';
import { preprocess } from '../data/preprocess.js';
import type { Digest } from '../digest.js';
import { anatomyOf } from '../anatomy/anatomy.js';
import type { Graph, ValueId } from '../network/graph.js';
import { importNetwork } from '../import/import-network.js';
import type { Anatomy } from '../anatomy/site.js';
import type { ChunkRef, ResolvedModel } from '../spec/resolved-study.js';
import { sizeOf, zeros, type Tensor } from '../tensor.js';

/** A network of a study, imported. */
export interface LoadedModel {
  readonly model: ResolvedModel;
  readonly graph: Graph;
  readonly anatomy: Anatomy;
  readonly output: ValueId;
}

/** Reads networks and images of a study by content, and keeps what it has read: each is read once. */
export class Catalog {
  readonly #blob: (digest: Digest) => Promise<Uint8Array>;
  readonly #imported: ReadonlyMap<string, LoadedModel>;
  readonly #models = new Map<string, Promise<LoadedModel>>();
  readonly #chunks = new Map<Digest, Promise<Chunk>>();

  /** @param imported networks that are at hand: their bytes are still asked for, since others rest on them, but not imported again. */
  constructor(blob: (digest: Digest) => Promise<Uint8Array>, imported: readonly LoadedModel[] = []) {
    this.#blob = blob;
    this.#imported = new Map(imported.map((loaded) => [nameOf(loaded.model), loaded]));
  }

  model(model: ResolvedModel): Promise<LoadedModel> {
    return remember(this.#models, nameOf(model), async () => {
      const files = new Map<string, Uint8Array>();
      for (const file of model.files) files.set(file.name, await this.#blob(file.blob));
      const known = this.#imported.get(nameOf(model));
      if (known) return known;
      return loadModel(model, await importNetwork(model.name, model.format, files, undefined, model.output.name));
    });
  }

  chunk(digest: Digest): Promise<Chunk> {
    return remember(this.#chunks, digest, async () => decodeChunk(await this.#blob(digest)));
  }

  /** All images of some chunks as a network takes them, [n, …], with their labels. */
  async images(
    loaded: Pick<LoadedModel, 'model' | 'graph'>,
    chunks: readonly ChunkRef[],
  ): Promise<{ readonly images: Tensor<'float32'>; readonly labels: Uint16Array }> {
    const shape = loaded.graph.inputs[0]?.shape ?? [];
    const parts: { images: Tensor<'float32'>; labels: Uint16Array }[] = [];
    for (const ref of chunks) {
      const chunk = await this.chunk(ref.digest);
      parts.push({ images: preprocess(chunk, loaded.model.input, shape), labels: chunk.labels });
    }
    return {
      images: concatenate(parts.map((part) => part.images)),
      labels: joined(
        parts.map((part) => part.labels),
        (length) => new Uint16Array(length),
      ),
    };
  }
}

const nameOf = ({ content, after }: ResolvedModel): string => `${content} ${after}`;

/** Finds what can be cut out of an imported network, as its model asks. */
export function loadModel(model: ResolvedModel, graph: Graph): LoadedModel {
  const output = model.output.name ?? graph.outputs.at(-1) ?? '';
  return { model, graph, anatomy: anatomyOf(graph, { after: model.after, output }), output };
}

function remember<K, V>(cache: Map<K, Promise<V>>, key: K, make: () => Promise<V>): Promise<V> {
  const known = cache.get(key);
  if (known) return known;
  const made = make();
  cache.set(key, made);
  made.catch(() => cache.delete(key));
  return made;
}

function concatenate(tensors: readonly Tensor<'float32'>[]): Tensor<'float32'> {
  const [first] = tensors;
  if (!first) return zeros('float32', [0]);
  if (tensors.length === 1) return first;
  const count = tensors.reduce((sum, tensor) => sum + (tensor.shape[0] as number), 0);
  const whole = zeros('float32', [count, ...first.shape.slice(1)]);
  let at = 0;
  for (const tensor of tensors) {
    whole.data.set(tensor.data, at * sizeOf(first.shape.slice(1)));
    at += tensor.shape[0] as number;
  }
  return whole;
}
