import { readFileSync, readdirSync } from 'node:fs';
import path from 'node:path';
import type { DataSpec } from '../../core/data/data-spec.js';
import { loadImageSet } from '../../core/data/image-set.js';
import { sha256 } from '../../core/digest.js';
import { PercussError } from '../../core/errors.js';
import { Ledger } from '../../core/ledger/ledger.js';
import { decodeSafetensors, encodeSafetensors } from '../../core/safetensors.js';
import { specInvalid } from '../../core/spec/load.js';
import { parseStudySpec } from '../../core/spec/parse.js';
import { memoryStore } from '../../core/store/memory-store.js';
import { float32 } from '../../core/tensor.js';
import {
  anyOf,
  bytesOf,
  changed,
  filesIn,
  mutatedJson,
  only,
  single,
  textOf,
  type Input,
  type Parser,
} from './input.js';
import { mutatedBytes, pick } from './mutation.js';
import { networkParsers } from './network-parsers.js';

function npyOf(descr: string, shape: readonly number[], data: Uint8Array): Uint8Array {
  const header = `{'descr': '${descr}', 'fortran_order': False, 'shape': (${shape.join(', ')},), }`.padEnd(117) + '\n';
  return Buffer.concat([
    Buffer.from([0x93, 0x4e, 0x55, 0x4d, 0x50, 0x59, 1, 0, header.length, 0]),
    bytesOf(header),
    data,
  ]);
}

const idxOf = (dims: readonly number[], data: Uint8Array): Uint8Array => {
  const head = Buffer.alloc(4 + 4 * dims.length);
  head[2] = 8;
  head[3] = dims.length;
  dims.forEach((dim, i) => head.writeUInt32BE(dim, 4 + 4 * i));
  return Buffer.concat([head, data]);
};

const counting = (length: number): Uint8Array => Uint8Array.from({ length }, (_, i) => i % 251);
const labels = Uint8Array.from({ length: 10 }, (_, i) => i % 5);

async function images(format: DataSpec['format'], input: Input): Promise<void> {
  const names = [...input.keys()];
  const source = {
    read: (file: string): Promise<Uint8Array> => {
      const bytes = input.get(file) ?? input.get(file.replace(/^folder\//, ''));
      return bytes ? Promise.resolve(bytes) : Promise.reject(new PercussError('FILE_MISSING', `there is no ${file}`));
    },
    readBelow: (_: string, name: string): Promise<Uint8Array> => source.read(name),
    list: (): Promise<readonly string[]> => Promise.resolve(names),
  };
  const paired = format === 'npy' || format === 'idx';
  const spec = {
    name: 'images',
    format,
    files: format === 'folder' ? ['folder'] : [names[0] as string],
    labels: paired ? [names[1] as string] : [],
    images: undefined,
    order: 'seeded',
    resize: undefined,
    crop: undefined,
  } as const;
  await loadImageSet({ ...spec, classes: undefined }, 1, source);
}

const pictures = ['test/data/fixtures', 'test/data'].flatMap((folder) => {
  try {
    return readdirSync(folder, { recursive: true, encoding: 'utf8' })
      .filter((name) => /\.(png|jpe?g|webp|gif|avif|bmp|tiff?)$/i.test(name))
      .map((name) => path.join(folder, name));
  } catch {
    return [];
  }
});

const study = sha256('study');

function records(): Input {
  const root = { created: '2026-01-01T00:00:00.000Z', id: study, study: 'demo' };
  return new Map([
    [`roots/${study}.json`, bytesOf(JSON.stringify(root))],
    [`studies/${study}/study.json`, bytesOf(JSON.stringify({ version: 1, study: 'demo', models: [], data: [] }))],
    [
      `studies/${study}/decisions/mode.json`,
      bytesOf(JSON.stringify({ engine: 'onnxruntime', device: 'cpu', precision: 'float32' })),
    ],
    ['store.json', bytesOf(`{"format":"percuss-store","id":"${'0'.repeat(32)}","version":1}`)],
  ]);
}

/** Every parser of foreign bytes. A new one is a row. */
export const parsers: Readonly<Record<string, Parser>> = {
  ...networkParsers,
  npy: {
    seeds: () => [
      new Map([
        ['x.npy', npyOf('|u1', [10, 3, 8, 8], counting(1_920))],
        ['y.npy', npyOf('|u1', [10], labels)],
      ]),
      new Map([
        ['x.npy', npyOf('<f4', [10, 1, 4, 4], new Uint8Array(Float32Array.from(counting(160)).buffer))],
        ['y.npy', npyOf('<i8', [10], new Uint8Array(BigInt64Array.from(labels, BigInt).buffer))],
      ]),
    ],
    mutate: anyOf(140),
    parse: (input) => images('npy', input),
  },
  idx: {
    seeds: () => [
      new Map([
        ['x', idxOf([10, 8, 8], counting(640))],
        ['y', idxOf([10], labels)],
      ]),
    ],
    mutate: anyOf(24),
    parse: (input) => images('idx', input),
  },
  cifar10: {
    seeds: () => [new Map([['x.bin', counting(5 * 3_073).map((byte, i) => (i % 3_073 === 0 ? byte % 10 : byte))]])],
    mutate: anyOf(Infinity),
    parse: (input) => images('cifar10', input),
  },
  folder: {
    seeds: () =>
      pictures.slice(0, 40).map((file) => {
        const name = path.basename(file);
        return new Map([
          [`a/${name}`, new Uint8Array(readFileSync(file))],
          [`b/${name}`, new Uint8Array(readFileSync(file))],
        ]);
      }),
    mutate: anyOf(600),
    parse: (input) => images('folder', input),
  },
  safetensors: {
    seeds: () => [
      new Map([
        [
          'x.safetensors',
          encodeSafetensors(
            new Map([
              ['a', float32([2, 3], counting(6))],
              ['b', float32([4], counting(4))],
            ]),
            { kind: 'x' },
          ),
        ],
      ]),
    ],
    mutate: anyOf(200),
    parse: (input) => {
      for (const bytes of input.values()) decodeSafetensors(bytes);
      return Promise.resolve();
    },
  },
  yaml: {
    seeds: () => filesIn('experiments', '.yaml').map((file) => single(file, 'study.yaml')),
    mutate: (seed, random) => Promise.resolve(only(seed, (bytes) => mutatedBytes(bytes, random))),
    parse: (input) => {
      const { spec, issues } = parseStudySpec(textOf(input.get('study.yaml') as Uint8Array), 'study.yaml', () => true);
      return spec ? Promise.resolve() : Promise.reject(specInvalid('study.yaml', issues));
    },
  },
  records: {
    seeds: () => [records()],
    mutate: (seed, random) => {
      const name = pick(random, [...seed.keys()]);
      return Promise.resolve(changed(seed, name, mutatedJson(seed.get(name) as Uint8Array, random)));
    },
    parse: async (input) => {
      const store = memoryStore();
      for (const [key, bytes] of input) await store.putIfAbsent(key, bytes);
      const ledger = new Ledger(store);
      await ledger.listStudies();
      await ledger.failuresOf(study);
      await ledger.outputsOf(study);
      await ledger.identity();
      await ledger.getStudy(study);
    },
  },
};
