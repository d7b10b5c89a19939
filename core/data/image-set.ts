import { withinBorder } from '../border.js';
import { PercussError } from '../errors.js';
import { limits } from '../limits.js';
import { sizeOf, type Tensor } from '../tensor.js';
import { CHUNK_IMAGES, type Chunk } from './chunk.js';
import { givenClasses } from './classes.js';
import type { DataSpec } from './data-spec.js';
import { imageFormat } from './image-formats.js';
import { imageOrders } from './image-order.js';
import type { Image, ImageRecords, ImageSource } from './image-source.js';

/** A declared image set, decoded, in its order, cut into chunks. */
export interface ImageSet {
  readonly name: string;
  /** Of one image: [channels, height, width]. */
  readonly shape: readonly [number, number, number];
  /** Names of the classes by label, where the format or the spec tells them. */
  readonly classes: readonly string[] | null;
  /** What the author should know of. */
  readonly notices: readonly string[];
  readonly images: number;
  /** In the set's order, one an image. */
  readonly labels: Uint16Array;
  /** 250 images each, the last may have fewer. */
  readonly chunks: readonly Chunk[];
}

/**
 * Reads an image set, puts it in its order, takes the first `images` of it, and cuts these into chunks.
 *
 * @param seed the study's, for `order: seeded`.
 * @throws PercussError DATA_INVALID, FILE_DAMAGED or LIMIT_EXCEEDED naming file and record; whatever `source` throws for a
 *   file that is missing.
 */
export async function loadImageSet(spec: DataSpec, seed: number, source: ImageSource): Promise<ImageSet> {
  const foreign = {
    what: `data ${spec.name}`,
    file: spec.files[0] ?? spec.name,
    format: `images of format ${spec.format}`,
  };
  return withinBorder(foreign, async () => {
    const classes = await givenClasses(spec, source);
    const records = await imageFormat(spec.format).read(spec, source, classes);
    const available = records.labels.length;
    const count = spec.images ?? available;
    checkCount(spec.name, count, available);
    const order = imageOrders[spec.order].places(records.labels, seed);
    const chosen = order.subarray(0, count);
    const { shape, pixels } = await decoded(spec.name, records, chosen);
    const labels = Uint16Array.from(chosen, (index) => records.labels[index] as number);
    return {
      name: spec.name,
      shape,
      classes: records.classes,
      notices: records.notices,
      images: count,
      labels,
      chunks: pixels.map((each, i) => ({
        pixels: each,
        labels: labels.slice(i * CHUNK_IMAGES, Math.min((i + 1) * CHUNK_IMAGES, count)),
      })),
    };
  });
}

function checkCount(name: string, count: number, available: number): void {
  if (available > limits.images.value) {
    throw new PercussError(
      'LIMIT_EXCEEDED',
      `data ${name}: its files hold ${available} images, above the limit of ${limits.images.value} (docs/limits.md)`,
      { details: { data: name } },
    );
  }
  if (count <= available && available > 0) return;
  throw new PercussError(
    'DATA_INVALID',
    `data ${name}: ${count} images are asked for, but its files hold ${available}; lower images or add files`,
    { details: { data: name, asked: count, available } },
  );
}

/** How many pictures are decoded at once: enough for the threads of the decoder, few enough to hold their files. */
const AT_ONCE = 8;

type Pixels = Tensor<'uint8'> | Tensor<'float32'>;

/** The chosen images in chunks. Grey pictures among coloured ones have red, green and blue alike. */
async function decoded(
  name: string,
  records: ImageRecords,
  chosen: Uint32Array,
): Promise<{ readonly shape: Image['shape']; readonly pixels: readonly Pixels[] }> {
  const chunks: { first: Image; pixels: Pixels }[] = [];
  for (let from = 0; from < chosen.length; from += CHUNK_IMAGES) {
    const images: Image[] = [];
    const indices = chosen.subarray(from, from + CHUNK_IMAGES);
    for (let at = 0; at < indices.length; at += AT_ONCE) {
      images.push(
        ...(await Promise.all(Array.from(indices.subarray(at, at + AT_ONCE), (index) => records.image(index)))),
      );
      if (from === 0 && at === 0) checkSize(name, images[0] as Image, chosen.length);
    }
    const first = withChannels(
      chunks[0]?.first ?? (images[0] as Image),
      Math.max(...images.map(({ shape }) => shape[0])),
    );
    chunks.push({
      first,
      pixels: stacked(
        images.map((image) => withChannels(image, first.shape[0])),
        first,
      ),
    });
  }
  const colours = Math.max(...chunks.map(({ pixels }) => pixels.shape[1] as number));
  const [channels, height, width] = (chunks[0] as (typeof chunks)[number]).first.shape;
  return {
    shape: [Math.max(channels, colours), height, width],
    pixels: chunks.map(({ pixels }) => (pixels.shape[1] === colours ? pixels : allColoured(pixels))),
  };
}

function checkSize(name: string, { where, shape, data }: Image, images: number): void {
  const bytes = images * data.byteLength;
  if (bytes <= limits.imageSet.value) return;
  throw new PercussError(
    'LIMIT_EXCEEDED',
    `data ${name}: ${images} images of [${shape.join(', ')}] as ${where} take ${bytes} bytes, above the limit of ${limits.imageSet.value} (docs/limits.md); lower images, or give resize and crop`,
    { details: { data: name } },
  );
}

/** Of a grey picture, three equal planes where three are wanted. */
function withChannels(image: Image, wanted: number): Image {
  const [channels, height, width] = image.shape;
  if (channels !== 1 || wanted !== 3) return image;
  return { ...image, shape: [3, height, width], data: tripled(image.data, image.data.length) };
}

function allColoured(pixels: Pixels): Pixels {
  const [images, , height, width] = pixels.shape as [number, number, number, number];
  const shape = [images, 3, height, width];
  const data = tripled(pixels.data, height * width);
  return data instanceof Uint8Array ? { dtype: 'uint8', shape, data } : { dtype: 'float32', shape, data };
}

function tripled(data: Uint8Array | Float32Array, plane: number): Uint8Array | Float32Array {
  const result = data instanceof Uint8Array ? new Uint8Array(3 * data.length) : new Float32Array(3 * data.length);
  for (let from = 0; from < data.length; from += plane) {
    const part = data.subarray(from, from + plane);
    for (let c = 0; c < 3; c++) result.set(part, 3 * from + c * plane);
  }
  return result;
}

function stacked(images: readonly Image[], first: Image): Pixels {
  const { shape } = first;
  const size = sizeOf(shape);
  const whole = [images.length, ...shape];
  const place = <T extends Uint8Array | Float32Array>(data: T): T => {
    images.forEach((image, i) => {
      if (image.shape.some((dim, axis) => dim !== shape[axis]) || image.data.constructor !== first.data.constructor) {
        throw new PercussError(
          'DATA_INVALID',
          `${image.where} is ${described(image)}, but ${first.where} is ${described(first)}; ` +
            'the images of a set agree in size (format folder: give resize and crop)',
          { details: { file: image.where } },
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
