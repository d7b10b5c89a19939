import { readFile } from 'node:fs/promises';
import { createHash } from 'node:crypto';
import { describe, expect, test } from 'vitest';
import { decodeChunk, encodeChunk, type Chunk } from '../../core/data/chunk.js';
import { loadImageSet } from '../../core/data/image-set.js';
import { readNpy } from '../../core/data/npy.js';
import { writeNpy } from '../../bench/npy-file.js';
import { sha256 } from '../../core/digest.js';
import { tensor } from '../../core/tensor.js';
import { inputs } from '../../core/study/preparing/input-files.js';
import { files } from './source.js';
import { hasSharedData, sharedFile } from '../builders/shared-data.js';
import { dataSpec } from '../builders/specs.js';

const cifar = sharedFile('images/cifar10/cifar10_test_0000-0499.bin');
const mnist = sharedFile('images/mnist/t10k-images-idx3-ubyte.gz');
const mnistLabels = sharedFile('images/mnist/t10k-labels-idx1-ubyte.gz');

const identity = (chunk: Chunk | undefined): string => (chunk ? sha256(encodeChunk(chunk)) : 'none');

const histogram = (labels: Uint16Array): number[] =>
  Array.from({ length: 10 }, (_, label) => labels.filter((other) => other === label).length);

describe.skipIf(!hasSharedData)('CIFAR-10', () => {
  test('the first test images are those of the original file', async () => {
    const set = await loadImageSet(dataSpec({ format: 'cifar10', files: [cifar] }), 7, inputs);
    expect(set).toMatchObject({ shape: [3, 32, 32], images: 500 });
    expect(set.chunks.map((chunk) => chunk.pixels.shape)).toEqual([
      [250, 3, 32, 32],
      [250, 3, 32, 32],
    ]);
    // The published test_batch begins with a cat, two ships, an airplane and two frogs.
    expect([...set.labels.subarray(0, 6)]).toEqual([3, 8, 8, 0, 6, 6]);
    expect([...(set.chunks[0]?.pixels.data.slice(0, 4) ?? [])]).toEqual([158, 159, 165, 166]);
    expect(set.labels.length).toBe(500);
    expect(set.classes?.[3]).toBe('cat');
  });

  test('the bytes of a chunk, and with them the identity of every cell, do not change', async () => {
    const spec = dataSpec({ format: 'cifar10', files: [cifar], order: 'seeded' });
    const set = await loadImageSet(spec, 7, inputs);
    expect(set.chunks.map(identity)).toEqual([
      'e83eb3a3fb5bd6268125286711fa74e138b591859cffecdcaf2342fe05e2d1ce',
      '61735f7d1622b582550073d2600f1650d96e469633e0abdd6dc5911f6cff245e',
    ]);
  });

  test('a chunk survives its encoding, and a larger number of images keeps the full chunks', async () => {
    const spec = dataSpec({ format: 'cifar10', files: [cifar], order: 'seeded' });
    const all = await loadImageSet(spec, 7, inputs);
    const [first] = (await loadImageSet({ ...spec, images: 250 }, 7, inputs)).chunks;
    expect(identity(first)).toBe(identity(all.chunks[0]));
    expect(identity(first && decodeChunk(encodeChunk(first)))).toBe(identity(first));
    expect([...(first?.labels ?? [])]).toEqual([...all.labels.subarray(0, 250)]);
    const ragged = await loadImageSet({ ...spec, images: 260 }, 7, inputs);
    expect(ragged.chunks.map((chunk) => chunk.labels.length)).toEqual([250, 10]);
    expect(identity(ragged.chunks[0])).toBe(identity(first));
  });

  test('the seeded order holds as many of each class as the whole set does, to within one', async () => {
    const spec = dataSpec({ format: 'cifar10', files: [cifar], order: 'seeded' });
    const whole = histogram((await loadImageSet(spec, 7, inputs)).labels);
    const half = histogram((await loadImageSet({ ...spec, images: 250 }, 7, inputs)).labels);
    half.forEach((count, label) => expect(Math.abs(count - (whole[label] as number) / 2)).toBeLessThan(1));
  });

  test('another seed gives another order, the same seed the same', async () => {
    const spec = dataSpec({ format: 'cifar10', files: [cifar], order: 'seeded', images: 100 });
    const [a, b, c] = await Promise.all([7, 7, 8].map((seed) => loadImageSet(spec, seed, inputs)));
    expect(identity(a?.chunks[0])).toBe(identity(b?.chunks[0]));
    expect(a?.labels).not.toEqual(c?.labels);
  });

  test('asking for more images than there are is an error that states both numbers', async () => {
    const spec = dataSpec({ format: 'cifar10', files: [cifar], images: 501 });
    await expect(loadImageSet(spec, 7, inputs)).rejects.toMatchObject({
      code: 'DATA_INVALID',
      message: expect.stringMatching(/501 images.*hold 500/),
    });
  });

  test('a cut file and a label of another data set are refused', async () => {
    const bytes = await readFile(cifar);
    const wrong = Uint8Array.from(bytes);
    wrong[3073] = 42;
    const load = (content: Uint8Array) =>
      loadImageSet(dataSpec({ format: 'cifar10', files: ['x.bin'] }), 7, files({ 'x.bin': content }));
    await expect(load(bytes.subarray(0, 5000))).rejects.toThrow(/x\.bin: 5000 bytes/);
    await expect(load(wrong)).rejects.toThrow(/record 1 has the label 42/);
  });
});

describe.skipIf(!hasSharedData)('idx', () => {
  test('gzipped MNIST is read, with the published number of each digit', async () => {
    const set = await loadImageSet(dataSpec({ format: 'idx', files: [mnist], labels: [mnistLabels] }), 7, inputs);
    expect(set).toMatchObject({ shape: [1, 28, 28], images: 10_000 });
    expect(histogram(set.labels)).toEqual([980, 1135, 1032, 1010, 982, 892, 958, 1028, 974, 1009]);
    const pixels = createHash('md5').update(Buffer.from([0, 0, 8, 3, 0, 0, 39, 16, 0, 0, 0, 28, 0, 0, 0, 28]));
    for (const chunk of set.chunks) pixels.update(chunk.pixels.data as Uint8Array);
    expect(pixels.digest('hex')).toBe('2646ac647ad5339dbf082846283269ea');
  });

  test('images and labels swapped are recognised', async () => {
    const spec = dataSpec({ format: 'idx', files: [mnistLabels], labels: [mnist] });
    await expect(loadImageSet(spec, 7, inputs)).rejects.toThrow(/are images and labels swapped\?/);
  });
});

describe('npy', () => {
  const labels = writeNpy(tensor('int64', [2], BigInt64Array.of(4n, 9n)));
  const load = (images: Uint8Array, given = labels) =>
    loadImageSet(dataSpec({ format: 'npy', files: ['x'], labels: ['y'] }), 7, files({ x: images, y: given }));
  const counting = (shape: number[]) =>
    writeNpy(
      tensor(
        'uint8',
        shape,
        Uint8Array.from({ length: shape.reduce((a, b) => a * b) }, (_, i) => i),
      ),
    );

  test('grey, planar and interleaved images come out as planes', async () => {
    expect((await load(counting([2, 5, 6]))).shape).toEqual([1, 5, 6]);
    expect((await load(counting([2, 3, 5, 6]))).shape).toEqual([3, 5, 6]);
    const interleaved = await load(counting([2, 2, 2, 3]));
    expect(interleaved.shape).toEqual([3, 2, 2]);
    expect([...(interleaved.chunks[0]?.pixels.data ?? [])].slice(0, 12)).toEqual([
      0, 3, 6, 9, 1, 4, 7, 10, 2, 5, 8, 11,
    ]);
    expect([...interleaved.labels]).toEqual([4, 9]);
  });

  test('what is written is what NumPy writes, and is read back', () => {
    // numpy.save of numpy.arange(3, dtype='<u2')
    const numpy =
      "\x93NUMPY\x01\x00v\x00{'descr': '<u2', 'fortran_order': False, 'shape': (3,), }" + ' '.repeat(60) + '\n';
    const bytes = writeNpy(tensor('uint16', [3], Uint16Array.of(0, 1, 2)));
    expect(Buffer.from(bytes).toString('latin1')).toBe(`${numpy}\0\0\x01\0\x02\0`);
    for (const shape of [[], [0], [2, 3]]) {
      const data = Float64Array.from({ length: shape.reduce((a, b) => a * b, 1) }, (_, i) => i / 3);
      expect(readNpy('x', writeNpy(tensor('float64', shape, data)))).toEqual(tensor('float64', shape, data));
    }
  });

  test('float images stay floats', async () => {
    const images = writeNpy(tensor('float32', [2, 1, 1, 2], Float32Array.of(0.5, -1, 2, 3)));
    const set = await load(images);
    expect(set.chunks[0]?.pixels).toEqual(tensor('float32', [2, 1, 1, 2], Float32Array.of(0.5, -1, 2, 3)));
  });

  test('unequal numbers, negative and fractional labels are errors', async () => {
    await expect(load(counting([3, 5, 6]))).rejects.toThrow(/x holds 3 images, but y holds 2 labels/);
    const negative = writeNpy(tensor('int32', [2], Int32Array.of(0, -1)));
    await expect(load(counting([2, 5, 6]), negative)).rejects.toThrow(/label 1 is -1/);
    const fractional = writeNpy(tensor('float32', [2], Float32Array.of(0, 1)));
    await expect(load(counting([2, 5, 6]), fractional)).rejects.toThrow(/labels are integers/);
  });
});
