import { PercussError } from '../errors.js';
import { limits } from '../limits.js';
import { checkImageShape } from './image-shape.js';
import { readNpy } from './npy.js';
import type { Image } from './image-source.js';
import type { PairedFile } from './paired.js';

const colours = [1, 3, 4];

/**
 * Which axes of an array are [channels, height, width]: three dimensions are grey images; of four, the last are the
 * channels where it, and not the second, is 1, 3 or 4 long, else the second.
 */
function layoutOf(shape: readonly number[]): { readonly image: Image['shape']; readonly channelsLast: boolean } | null {
  const [, a, b, c] = shape;
  if (a === undefined || b === undefined || shape.length > 4) return null;
  if (c === undefined) return { image: [1, a, b], channelsLast: false };
  const channelsLast = colours.includes(c) && !colours.includes(a);
  return { image: channelsLast ? [c, a, b] : [a, b, c], channelsLast };
}

/**
 * One .npy file of images, uint8 or float32, [N, H, W], [N, H, W, C] or [N, C, H, W], and one of integer labels [N].
 * @throws PercussError FILE_DAMAGED, DATA_INVALID or LIMIT_EXCEEDED naming the file.
 */
export function npyFile(path: string, bytes: Uint8Array, labelPath: string, labelBytes: Uint8Array): PairedFile {
  const array = readNpy(path, bytes);
  const layout = layoutOf(array.shape);
  const { data } = array;
  if (!layout || !(data instanceof Uint8Array || data instanceof Float32Array) || array.dtype === 'bool') {
    throw new PercussError(
      'DATA_INVALID',
      `${path}: an array of ${array.dtype} [${array.shape.join(', ')}]; ` +
        'images are uint8 or float32, [N, H, W], [N, H, W, C] or [N, C, H, W]',
      { details: { file: path } },
    );
  }
  const { image, channelsLast } = layout;
  if ((array.shape[0] as number) > limits.images.value) {
    throw new PercussError(
      'LIMIT_EXCEEDED',
      `${path}: ${array.shape[0]} images, above the limit of ${limits.images.value} (docs/limits.md)`,
      { details: { file: path } },
    );
  }
  checkImageShape(path, image);
  const [channels, height, width] = image;
  const size = channels * height * width;
  return {
    path,
    labelPath,
    images: {
      count: array.shape[0] as number,
      shape: image,
      pixels: (index) => {
        const pixels = data.subarray(index * size, (index + 1) * size);
        return channelsLast ? toPlanes(pixels, channels) : pixels;
      },
    },
    labels: npyLabels(labelPath, labelBytes),
  };
}

function toPlanes<T extends Uint8Array | Float32Array>(pixels: T, channels: number): T {
  const plane = pixels.length / channels;
  return pixels.map((_, i) => pixels[(i % plane) * channels + Math.floor(i / plane)] as number) as T;
}

function npyLabels(path: string, bytes: Uint8Array): Uint16Array {
  const { dtype, shape, data } = readNpy(path, bytes);
  const integers = dtype === 'uint8' || dtype === 'uint16' || dtype === 'int32' || dtype === 'int64';
  if (!integers || !(shape.length === 1 || (shape.length === 2 && shape[1] === 1))) {
    throw new PercussError(
      'DATA_INVALID',
      `${path}: an array of ${dtype} [${shape.join(', ')}]; labels are integers, [N], one class number an image`,
      { details: { file: path } },
    );
  }
  return Uint16Array.from(data as ArrayLike<number | bigint>, (value, index) => {
    const label = Number(value);
    if (label < 0 || label > 65534) {
      throw new PercussError('DATA_INVALID', `${path}: label ${index} is ${label}; labels run from 0 to 65534`, {
        details: { file: path, image: index },
      });
    }
    return label;
  });
}
