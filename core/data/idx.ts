import { PercussError } from '../errors.js';
import { sizeOf } from '../tensor.js';
import type { PairedFile } from './paired.js';

/** The format of MNIST: two zero bytes, the element type, the number of dimensions, each as big-endian 32 bits, data. */
function readIdx(
  path: string,
  bytes: Uint8Array,
  rank: number,
  meaning: string,
): { shape: number[]; data: Uint8Array } {
  const invalid = (reason: string): PercussError =>
    new PercussError('DATA_INVALID', `${path}: ${reason}`, { details: { file: path } });
  if (bytes.length < 4 || bytes[0] !== 0 || bytes[1] !== 0) {
    throw invalid('not an idx file: it does not begin with two zero bytes');
  }
  if (bytes[2] !== 0x08)
    throw invalid(`elements of type 0x${hex(bytes[2])} are not read; expected unsigned bytes, 0x08`);
  if (bytes[3] !== rank) {
    throw invalid(`an array of ${bytes[3]} dimensions, where ${meaning} need ${rank}; are images and labels swapped?`);
  }
  const start = 4 + 4 * rank;
  if (bytes.length < start) throw invalid('the file ends within its header');
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const shape = Array.from({ length: rank }, (_, axis) => view.getUint32(4 + 4 * axis));
  if (bytes.length - start !== sizeOf(shape)) {
    throw invalid(`${sizeOf(shape)} bytes expected for [${shape.join(', ')}], got ${bytes.length - start}`);
  }
  return { shape, data: bytes.subarray(start) };
}

const hex = (byte: number | undefined): string => (byte ?? 0).toString(16).padStart(2, '0');

/** One idx file of grey images [N, height, width] and one of labels [N]. */
export function idxFile(path: string, bytes: Uint8Array, labelPath: string, labelBytes: Uint8Array): PairedFile {
  const images = readIdx(path, bytes, 3, 'images');
  const labels = readIdx(labelPath, labelBytes, 1, 'labels');
  const [count, height, width] = images.shape as [number, number, number];
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
