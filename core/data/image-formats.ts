import { PercussError } from '../errors.js';
import { cifar10Records } from './cifar10.js';
import { idxFile, idxSize } from './idx.js';
import type { ImageFiles, ImageRecords, ImageSource } from './image-source.js';
import { npySize } from './npy.js';
import { npyFile } from './npy-images.js';
import { pairedRecords, type PairedFile } from './paired.js';
import { unpacked } from './unpacked.js';
import type { Word } from '../word-table.js';

/** A format of image sets. What a spec may say with it, how the schema and docs/spec.md tell it, and its reader follow from its row. */
export interface ImageFormat extends Word {
  /** Whether labels are in files of their own, `labels` in a spec. */
  readonly labelsApart: boolean;
  /** Whether pictures may differ in size, so that `resize` and `crop` mean something, and lie in one folder. */
  readonly differInSize: boolean;
  /** How many classes it names itself, where `classes` in a spec would mean nothing. */
  readonly ownClasses?: string;
  readonly read: (
    files: ImageFiles,
    source: ImageSource,
    /** Names by label, where the spec gives them. */
    classes: readonly string[] | undefined,
  ) => Promise<ImageRecords>;
}

/** Formats that image sets come in. */
export const imageFormats = {
  cifar10: {
    meaning: 'CIFAR-10’s binary version',
    labelsApart: false,
    differInSize: false,
    ownClasses: 'ten',
    read: async ({ name, files }, source) => {
      const read: { path: string; bytes: Uint8Array }[] = [];
      for (const path of files)
        read.push({ path, bytes: await unpacked(path, source, `data ${name}`, () => undefined) });
      return cifar10Records(read);
    },
  },
  idx: {
    meaning: 'MNIST’s format',
    hint: 'MNIST’s, with labels: […]',
    labelsApart: true,
    differInSize: false,
    read: (files, source, classes) => paired(files, source, { read: idxFile, declared: idxSize, classes }),
  },
  npy: {
    meaning: 'NumPy arrays, uint8 or float32, `[N,H,W]`, `[N,H,W,C]` or `[N,C,H,W]`',
    hint: 'with labels: […]',
    labelsApart: true,
    differInSize: false,
    read: (files, source, classes) => paired(files, source, { read: npyFile, declared: npySize, classes }),
  },
  folder: {
    meaning: 'one folder with a sub-folder of pictures for each class',
    hint: 'a sub-folder a class',
    labelsApart: false,
    differInSize: true,
    read: async (spec, source, classes) => {
      const [folder, ...others] = spec.files;
      if (folder === undefined || others.length > 0) {
        throw new PercussError(
          'DATA_INVALID',
          `data ${spec.name}: format folder takes one folder, got ${spec.files.length}`,
        );
      }
      // Its decoder is a native library, which whoever only reads a spec does not need.
      return (await import('./folder.js')).folderRecords(folder, source, spec, classes);
    },
  },
} as const satisfies Readonly<Record<string, ImageFormat>>;

export type ImageFormatName = keyof typeof imageFormats;

export const imageFormatNames = Object.keys(imageFormats) as readonly ImageFormatName[];

/** The row of a format. */
export function imageFormat(name: ImageFormatName): ImageFormat {
  return imageFormats[name];
}

async function paired(
  { name, files, labels }: ImageFiles,
  source: ImageSource,
  format: {
    readonly read: (path: string, bytes: Uint8Array, labelPath: string, labelBytes: Uint8Array) => PairedFile;
    readonly declared: (head: Uint8Array) => number | undefined;
    readonly classes: readonly string[] | undefined;
  },
): Promise<ImageRecords> {
  if (files.length !== labels.length) {
    throw new PercussError('DATA_INVALID', `data ${name}: ${files.length} files of images, ${labels.length} of labels`);
  }
  const pairs: PairedFile[] = [];
  const bytesOf = (path: string): Promise<Uint8Array> => unpacked(path, source, `data ${name}`, format.declared);
  for (const [i, path] of files.entries()) {
    const labelPath = labels[i] as string;
    pairs.push(format.read(path, await bytesOf(path), labelPath, await bytesOf(labelPath)));
  }
  return pairedRecords(pairs, format.classes ?? null);
}
