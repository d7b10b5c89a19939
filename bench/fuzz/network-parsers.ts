import { readFileSync, readdirSync } from 'node:fs';
import { fromBinary, toBinary } from '@bufbuild/protobuf';
import { Uint8ArrayReader, Uint8ArrayWriter, ZipReader, ZipWriter } from '@zip.js/zip.js';
import { ModelProtoSchema } from 'onnx-buf';
import { PercussError } from '../../core/errors.js';
import { anatomyOf } from '../../core/anatomy/anatomy.js';
import { describeNetwork } from '../../core/anatomy/describe.js';
import { importNetwork, networkFiles } from '../../core/import/import-network.js';
import type { NetworkFormat } from '../../core/import/network-formats.js';
import type { RandomStream } from '../../core/random.js';
import { anyOf, changed, filesIn, folderOf, mutatedJson, only, single, type Input, type Parser } from './input.js';
import { mutatedBytes, mutateTree, pick } from './mutation.js';
import { agreesWithOnnxruntime } from './plain-onnxruntime.js';

const fixtures = 'test/import/fixtures';

async function network(format: NetworkFormat, main: string, input: Input): Promise<string | undefined> {
  const read = (name: string): Promise<Uint8Array> => {
    const bytes = input.get(name);
    return bytes ? Promise.resolve(bytes) : Promise.reject(new PercussError('FILE_MISSING', `there is no ${name}`));
  };
  const files = await networkFiles(format, main, { own: read, beside: (_, name) => read(name) });
  const graph = await importNetwork('network', format, files, main);
  describeNetwork(graph, anatomyOf(graph));
  return format === 'onnx' ? agreesWithOnnxruntime(graph, read, main) : undefined;
}

function mutatedOnnx(bytes: Uint8Array, random: RandomStream): Uint8Array {
  if (random.below(3) > 0) {
    const model = fromBinary(ModelProtoSchema, bytes);
    mutateTree(model, random, true);
    try {
      return toBinary(ModelProtoSchema, model);
    } catch {
      // Not every number fits every field: the bytes are left then.
    }
  }
  return mutatedBytes(bytes, random);
}

async function mutatedArchive(bytes: Uint8Array, random: RandomStream): Promise<Uint8Array> {
  const way = random.below(3);
  if (way === 0) return mutatedBytes(bytes, random);
  // The directory stands at the end, headers in front of each file: where lengths and offsets are.
  if (way === 1) return new Uint8Array(mutatedBytes(bytes.toReversed(), random, 400)).toReversed();
  const entries = await new ZipReader(new Uint8ArrayReader(bytes)).getEntries();
  const writer = new ZipWriter(new Uint8ArrayWriter(), { level: pick(random, [0, 6]), useWebWorkers: false });
  const victim = random.below(entries.length);
  for (const [i, entry] of entries.entries()) {
    if (entry.directory) continue;
    const content = await entry.getData(new Uint8ArrayWriter(), { useWebWorkers: false });
    const json = entry.filename.endsWith('.json');
    const mutated = json ? mutatedJson(content, random) : mutatedBytes(content, random, 4_000);
    await writer.add(entry.filename, new Uint8ArrayReader(i === victim ? mutated : content));
  }
  return writer.close();
}

/** Parsers of networks. */
export const networkParsers: Readonly<Record<string, Parser>> = {
  onnx: {
    seeds: () =>
      [
        ...filesIn(`${fixtures}/architectures`, '.onnx'),
        `${fixtures}/networks/whole.onnx`,
        `${fixtures}/networks/keras3-functional.onnx`,
      ]
        .filter((file) => readFileSync(file).length < 50_000)
        .map((file) => single(file, 'model.onnx')),
    mutate: (seed, random) => Promise.resolve(only(seed, (bytes) => mutatedOnnx(bytes, random))),
    parse: (input) => network('onnx', 'model.onnx', input),
  },
  tfjs: {
    seeds: () =>
      [
        ...readdirSync(`${fixtures}/graph-models`).map((name) => `${fixtures}/graph-models/${name}`),
        'experiments/zoo/separable',
        'experiments/zoo/dense',
      ].map(folderOf),
    mutate: async (seed, random) => {
      const model = seed.get('model.json') as Uint8Array;
      if (random.below(8) === 0) return anyOf(Infinity)(seed, random);
      return Promise.resolve(changed(seed, 'model.json', mutatedJson(model, random)));
    },
    parse: (input) => network('tfjs', 'model.json', input),
  },
  h5: {
    seeds: () => filesIn(`${fixtures}/networks`, '.h5').map((file) => single(file, 'model.h5')),
    mutate: (seed, random) =>
      Promise.resolve(only(seed, (bytes) => mutatedBytes(bytes, random, pick(random, [200, 8_000, bytes.length])))),
    parse: (input) => network('h5', 'model.h5', input),
  },
  keras: {
    seeds: () => filesIn(`${fixtures}/networks`, '.keras').map((file) => single(file, 'model.keras')),
    mutate: async (seed, random) => {
      const [[name, bytes]] = [...seed] as [[string, Uint8Array]];
      return new Map([[name, await mutatedArchive(bytes, random)]]);
    },
    parse: (input) => network('keras', 'model.keras', input),
  },
};
