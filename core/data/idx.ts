import { PercussError } from '../errors.js';
import { limits } from '../limits.js';
import { sizeOf } from '../tensor.js';
import { checkImageShape } from './image-shape.js';
import type { PairedFile } from './paired.js';

/** Bytes of a whole idx file by its header; undefined where there is none. */
export function idxSize(head: Uint8Array): number | undefined {
  const rank = head[3] ?? 0;
  if (head.length < 4 + 4 * rank || head[0] !== 0 || head[1] !== 0 || rank === 0 || rank > 3) return undefined;
  return 4 + 4 * rank + sizeOf(dimensions(head, rank));
}

function dimensions(bytes: Uint8Array, rank: number): number[] {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  return Array.from({ length: rank }, (_, axis) => view.getUint32(4 + 4 * axis));
}

/** The format of MNIST: two zero bytes, the element type, the number of dimensions, each as big-endian 32 bits, data. */
function readIdx(
  path: string,
  bytes: Uint8Array,
  rank: number,
  meaning: string,
): { shape: number[]; data: Uint8Array } {
  const failed = (code: 'FILE_DAMAGED' | 'DATA_INVALID' | 'LIMIT_EXCEEDED', reason: string): PercussError =>
    new PercussError(code, `${path}: ${reason}`, { details: { file: path } });
  if (bytes.length < 4 || bytes[0] !== 0 || bytes[1] !== 0) {
    throw failed('FILE_DAMAGED', 'not an idx file: it does not begin with two zero bytes');
  }
  if (bytes[2] !== 0x08) {
    throw failed('DATA_INVALID', `elements of type 0x${hex(bytes[2])} are not read; expected unsigned bytes, 0x08`);
  }
  if (bytes[3] !== rank) {
    const found = `an array of ${bytes[3]} dimensions, where ${meaning} need ${rank}`;
    throw failed('DATA_INVALID', `${found}; are images and labels swapped?`);
  }
  const start = 4 + 4 * rank;
  if (bytes.length < start) throw failed('FILE_DAMAGED', 'the file ends within its header');
  const shape = dimensions(bytes, rank);
  if (bytes.length - start !== sizeOf(shape)) {
    const sizes = `${sizeOf(shape)} bytes expected for [${shape.join(', ')}], got ${bytes.length - start}`;
    throw failed('FILE_DAMAGED', sizes);
  }
  if ((shape[0] as number) > limits.images.value) {
    throw failed('LIMIT_EXCEEDED', `${shape[0]} images, above the limit of ${limits.images.value} (docs/limits.md)`);
  }
  return { shape, data: bytes.subarray(start) };
}

const hex = (byte: number | undefined): string => (byte ?? 0).toString(16).padStart(2, '0');

/**
 * One idx file of grey images [N, height, width] and one of labels [N].
 * @throws PercussError FILE_DAMAGED or DATA_INVALID naming the file.
 */
export function idxFile(path: string, bytes: Uint8Array, labelPath: string, labelBytes: Uint8Array): PairedFile {
  const images = readIdx(path, bytes, 3, 'images');
  const labels = readIdx(labelPath, labelBytes, 1, 'labels');
  const [count, height, width] = images.shape as [number, number, number];
  checkImageShape(path, [1, height, width]);
  const size = height * width;
  return {
    path,
    labelPath,
    images: {
      count,
      shape: [1, height, width],
      pixels: (index) => images.data.subarray(index * size, (index + 1) * size),
    },
    labels: Uint16Array.from(labels.data),
  };
}
