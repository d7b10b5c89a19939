import { randomStream } from '../random.js';
import { sizeOf } from '../tensor.js';
import { CHUNK_IMAGES, type Chunk } from './chunk.js';

/** Images of the first wave, and of those behind it; once there are sixteen times as many, waves double: every doubling takes eight. */
const [FIRST, STEP] = [24, 4];

/** Images of the trial: what a few lesions really do, before it is relied on what they are predicted to do. */
export const TRIAL_IMAGES = 8;

/**
 * How many images the waves of an adaptive ablation have seen, ascending, the last all of them: 24, 28, 32, … 64, 72, … 128,
 * 144, … They grow, so that the number of waves grows with the logarithm of the images only.
 */
export function waveEnds(images: number): readonly number[] {
  const ends: number[] = [];
  for (let end = FIRST, step = STEP; end < images; end += step) {
    ends.push(end);
    if (end === 16 * step) step *= 2;
  }
  return [...ends, images];
}

/**
 * The order in which waves take the images of a set: entry t is the place, within the set's own order, of the image that
 * comes t-th. A uniformly random permutation: a class-stratified beginning is no sample without replacement, on which
 * the confidence of a sequence rests. Depends on seed and number of images.
 */
export function waveOrder(images: number, seed: number): Uint32Array {
  const places = Array.from({ length: images }, (_, i) => i);
  return Uint32Array.from(randomStream(seed, 'wave-order', images).shuffled(places));
}

/** The images of a set as waves, each of one chunk or, above 250 images, of several. */
export function wavesOf(chunks: readonly Chunk[], seed: number): readonly (readonly Chunk[])[] {
  const images = chunks.reduce((sum, chunk) => sum + chunk.labels.length, 0);
  const order = waveOrder(images, seed);
  let from = 0;
  return waveEnds(images).map((end) => {
    const wave: Chunk[] = [];
    for (; from < end; from = Math.min(end, from + CHUNK_IMAGES)) {
      wave.push(gathered(chunks, order.subarray(from, Math.min(end, from + CHUNK_IMAGES))));
    }
    return wave;
  });
}

/** The first images of a set as a piece: the same whatever order waves have, so that what is seen on it may decide how the sequences are set. */
export function trialOf(chunks: readonly Chunk[]): Chunk {
  const images = chunks.reduce((sum, chunk) => sum + chunk.labels.length, 0);
  return gathered(
    chunks,
    Uint32Array.from({ length: Math.min(images, TRIAL_IMAGES) }, (_, i) => i),
  );
}

/** A chunk of images that stand at some places of a set. */
function gathered(chunks: readonly Chunk[], places: Uint32Array): Chunk {
  const [first] = chunks as readonly [Chunk];
  const shape = [places.length, ...first.pixels.shape.slice(1)];
  const size = sizeOf(shape.slice(1));
  const labels = Uint16Array.from(places, (place) => at(chunks, place).labels[place % CHUNK_IMAGES] as number);
  const copy = <T extends Uint8Array | Float32Array>(data: T): T => {
    places.forEach((place, i) => {
      const row = (place % CHUNK_IMAGES) * size;
      data.set(at(chunks, place).pixels.data.subarray(row, row + size), i * size);
    });
    return data;
  };
  const pixels: Chunk['pixels'] =
    first.pixels.dtype === 'uint8'
      ? { dtype: 'uint8', shape, data: copy(new Uint8Array(sizeOf(shape))) }
      : { dtype: 'float32', shape, data: copy(new Float32Array(sizeOf(shape))) };
  return { pixels, labels };
}

const at = (chunks: readonly Chunk[], place: number): Chunk => chunks[Math.floor(place / CHUNK_IMAGES)] as Chunk;
