import { PercussError } from '../errors.js';
import { decodeSafetensors, encodeSafetensors } from '../safetensors.js';
import type { Tensor } from '../tensor.js';

/** Images in a chunk; only the last of a set may have fewer. */
export const CHUNK_IMAGES = 250;

/** Consecutive images of a set with their labels: what a cell is computed on. */
export interface Chunk {
  /** [images, channels, height, width]: uint8 as decoded, float32 where the files hold floats. */
  readonly pixels: Tensor<'uint8'> | Tensor<'float32'>;
  /** One an image. */
  readonly labels: Uint16Array;
}

/** The canonical bytes of a chunk, a safetensors file; their SHA-256 is the chunk's identity. */
export function encodeChunk(chunk: Chunk): Uint8Array {
  const labels: Tensor<'uint16'> = { dtype: 'uint16', shape: [chunk.labels.length], data: chunk.labels };
  return encodeSafetensors(
    new Map<string, Tensor>([
      ['pixels', chunk.pixels],
      ['labels', labels],
    ]),
    { percuss: 'chunk', version: '1' },
  );
}

/**
 * Reads a chunk. Its arrays share memory with the bytes.
 * @throws PercussError OBJECT_DAMAGED if the bytes are no chunk.
 */
export function decodeChunk(bytes: Uint8Array, what = 'the chunk'): Chunk {
  const { tensors, metadata } = decodeSafetensors(bytes, what);
  const pixels = tensors.get('pixels');
  const labels = tensors.get('labels');
  if (
    metadata['percuss'] !== 'chunk' ||
    metadata['version'] !== '1' ||
    !pixels ||
    !isPixels(pixels) ||
    labels?.dtype !== 'uint16' ||
    labels.shape.length !== 1 ||
    labels.shape[0] !== pixels.shape[0]
  ) {
    throw new PercussError(
      'OBJECT_DAMAGED',
      `${what} is no chunk of images: pixels [images, channels, height, width] and as many labels were expected`,
    );
  }
  return { pixels, labels: (labels as Tensor<'uint16'>).data };
}

function isPixels(tensor: Tensor): tensor is Tensor<'uint8'> | Tensor<'float32'> {
  return (tensor.dtype === 'uint8' || tensor.dtype === 'float32') && tensor.shape.length === 4;
}
