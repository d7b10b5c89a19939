import sharp, { type Sharp } from 'sharp';
import type { DataSpec } from '../../core/data/data-spec.js';
import { imageFormat } from '../../core/data/image-formats.js';
import { loadImageSet } from '../../core/data/image-set.js';
import { PercussError } from '../../core/errors.js';
import { decodeSafetensors, encodeSafetensors } from '../../core/safetensors.js';
import { specInvalid } from '../../core/spec/load.js';
import { parseStudySpec } from '../../core/spec/parse.js';
import { float32 } from '../../core/tensor.js';
import { mutatedRecord, readRecords, recordsOfStudy } from './finished-store.js';
import { anyOf, filesIn, only, single, textOf, type Input, type Parser } from './input.js';
import { mutatedBytes } from './mutation.js';
import { networkParsers } from './network-parsers.js';
import { idxOf, npyOf } from './packed-images.js';

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
  const { labelsApart: paired, differInSize } = imageFormat(format);
  const spec = {
    name: 'images',
    format,
    files: differInSize ? ['folder'] : [names[0] as string],
    labels: paired ? [names[1] as string] : [],
    images: undefined,
    order: 'seeded',
    resize: undefined,
    crop: undefined,
  } as const;
  await loadImageSet({ ...spec, classes: undefined }, 1, source);
}

/** Two classes with a picture each, in every format that is read. */
async function pictureFolders(): Promise<readonly Input[]> {
  const [width, height] = [24, 18];
  const shades = Uint8Array.from({ length: 3 * width * height }, (_, i) => 128 + 100 * Math.sin(i / 17) + (i % 13));
  const picture = (): Sharp => sharp(shades, { raw: { width, height, channels: 3 } });
  const kinds = [
    ['p.png', picture().png()],
    ['palette.png', picture().png({ palette: true })],
    ['p.jpg', picture().jpeg()],
    ['progressive.jpg', picture().jpeg({ progressive: true })],
    ['p.webp', picture().webp()],
    ['lossless.webp', picture().webp({ lossless: true })],
    ['p.gif', picture().gif()],
    ['p.tif', picture().tiff()],
    ['p.avif', picture().avif()],
  ] as const;
  return Promise.all(
    kinds.map(async ([name, encoded]): Promise<Input> => {
      const bytes = new Uint8Array(await encoded.toBuffer());
      return new Map([
        [`a/${name}`, bytes],
        [`b/${name}`, bytes],
      ]);
    }),
  );
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
    seeds: pictureFolders,
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
    seeds: () => [recordsOfStudy()],
    mutate: (seed, random) => Promise.resolve(mutatedRecord(seed, random)),
    parse: readRecords,
  },
};
