import { gunzipSync } from 'node:zlib';
import { PercussError, messageOf } from '../errors.js';
import { sizeOf, type Tensor } from '../tensor.js';
import { CHUNK_IMAGES, type Chunk } from './chunk.js';
import { cifar10Records } from './cifar10.js';
import type { DataSpec } from './data-spec.js';
import { folderRecords } from './folder.js';
import { idxFile } from './idx.js';
import { listFolder } from './list-folder.js';
import { npyFile } from './npy-images.js';
import { seededOrder } from './order.js';
import { pairedRecords, type PairedFile } from './paired.js';
import type { Image, ImageRecords, ImageSource } from './image-source.js';

/** A declared image set, decoded, in its order, cut into chunks. */
export interface ImageSet {
  readonly name: string;
  /** Of one image: [channels, height, width]. */
  readonly shape: readonly [number, number, number];
  readonly classes: readonly string[] | null;
  readonly images: number;
  /** In the set's order, one an image. */
  readonly labels: Uint16Array;
  /** 250 images each, the last may have fewer. */
  readonly chunks: readonly Chunk[];
}

const formats: Readonly<Record<DataSpec['format'], (spec: DataSpec, source: ImageSource) => Promise<ImageRecords>>> = {
  cifar10: async ({ files }, source) => {
    const read: { path: string; bytes: Uint8Array }[] = [];
    for (const path of files) read.push({ path, bytes: await unpacked(path, source) });
    return cifar10Records(read);
  },
  idx: (spec, source) => paired(spec, source, idxFile),
  npy: (spec, source) => paired(spec, source, npyFile),
  folder: async (spec, source) => {
    const [folder, ...others] = spec.files;
    if (folder === undefined || others.length > 0) {
      throw new PercussError(
        'DATA_INVALID',
        `data ${spec.name}: format folder takes one folder, got ${spec.files.length}`,
      );
    }
    return folderRecords(folder, source, spec);
  },
};

async function paired(
  { name, files, labels }: DataSpec,
  source: ImageSource,
  read: (path: string, bytes: Uint8Array, labelPath: string, labelBytes: Uint8Array) => PairedFile,
): Promise<ImageRecords> {
  if (files.length !== labels.length) {
    throw new PercussError('DATA_INVALID', `data ${name}: ${files.length} files of images, ${labels.length} of labels`);
  }
  const pairs: PairedFile[] = [];
  for (const [i, path] of files.entries()) {
    const labelPath = labels[i] as string;
    pairs.push(read(path, await unpacked(path, source), labelPath, await unpacked(labelPath, source)));
  }
  return pairedRecords(pairs);
}

/** A file's bytes, gunzipped where they are gzip, whatever its name. */
async function unpacked(path: string, source: ImageSource): Promise<Uint8Array> {
  const bytes = await source.read(path);
  if (bytes[0] !== 0x1f || bytes[1] !== 0x8b) return bytes;
  try {
    return gunzipSync(bytes);
  } catch (error) {
    throw new PercussError('DATA_INVALID', `${path}: damaged gzip data (${messageOf(error)})`, { cause: error });
  }
}

/**
 * Reads an image set, puts it in its order, takes the first `images` of it, and cuts these into chunks.
 *
 * @param seed the study's, for `order: seeded`.
 * @param list for folders; the default lists a folder of this machine.
 * @throws PercussError DATA_INVALID naming file and record; whatever `read` throws for a file that is missing.
 */
export async function loadImageSet(
  spec: DataSpec,
  seed: number,
  read: ImageSource['read'],
  list: ImageSource['list'] = listFolder,
): Promise<ImageSet> {
  const records = await formats[spec.format](spec, { read, list });
  const available = records.labels.length;
  const count = spec.images ?? available;
  if (count > available || available === 0) {
    throw new PercussError(
      'DATA_INVALID',
      `data ${spec.name}: ${count} images are asked for, but its files hold ${available}; lower images or add files`,
      { details: { data: spec.name, asked: count, available } },
    );
  }
  const order = spec.order === 'seeded' ? seededOrder(records.labels, seed) : Uint32Array.from(records.labels.keys());
  const chosen = order.subarray(0, count);
  const images = await decoded(records, chosen);
  const shape = (images[0] as Image).shape;
  const labels = Uint16Array.from(chosen, (index) => records.labels[index] as number);
  const chunks: Chunk[] = [];
  for (let from = 0; from < count; from += CHUNK_IMAGES) {
    const to = Math.min(from + CHUNK_IMAGES, count);
    chunks.push({ pixels: stacked(images.slice(from, to), shape), labels: labels.slice(from, to) });
  }
  return { name: spec.name, shape, classes: records.classes, images: count, labels, chunks };
}

/** How many pictures are decoded at once: enough for the threads of the decoder, few enough to hold their files. */
const AT_ONCE = 8;

async function decoded(records: ImageRecords, chosen: Uint32Array): Promise<Image[]> {
  const images: Image[] = [];
  for (let from = 0; from < chosen.length; from += AT_ONCE) {
    const some = Array.from(chosen.subarray(from, from + AT_ONCE), (index) => records.image(index));
    images.push(...(await Promise.all(some)));
  }
  const channels = Math.max(...new Set(images.map((image) => image.shape[0])));
  return channels === 3 ? images.map(coloured) : images;
}

/** Grey pictures among coloured ones: red, green and blue alike. */
function coloured(image: Image): Image {
  const [channels, height, width] = image.shape;
  if (channels !== 1) return image;
  const plane = image.data;
  const data = plane instanceof Uint8Array ? new Uint8Array(3 * plane.length) : new Float32Array(3 * plane.length);
  for (let c = 0; c < 3; c++) data.set(plane, c * plane.length);
  return { ...image, shape: [3, height, width], data };
}

function stacked(images: readonly Image[], shape: readonly number[]): Tensor<'uint8'> | Tensor<'float32'> {
  const [first] = images as [Image];
  const size = sizeOf(shape);
  const whole = [images.length, ...shape];
  const place = <T extends Uint8Array | Float32Array>(data: T): T => {
    images.forEach((image, i) => {
      if (image.shape.some((dim, axis) => dim !== shape[axis]) || image.data.constructor !== first.data.constructor) {
        throw new PercussError(
          'DATA_INVALID',
          `${image.where} is ${described(image)}, but ${first.where} is ${described(first)}; ` +
            'the images of a set agree in size (format folder: give resize and crop)',
        );
      }
      data.set(image.data, i * size);
    });
    return data;
  };
  return first.data instanceof Uint8Array
    ? { dtype: 'uint8', shape: whole, data: place(new Uint8Array(images.length * size)) }
    : { dtype: 'float32', shape: whole, data: place(new Float32Array(images.length * size)) };
}

function described({ shape: [channels, height, width], data }: Image): string {
  const type = data instanceof Uint8Array ? 'uint8' : 'float32';
  return `${height}×${width} pixels (height×width) of ${channels} channel${channels === 1 ? '' : 's'}, ${type}`;
}
