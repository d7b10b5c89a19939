import { readFile } from 'node:fs/promises';
import { beforeAll, describe, expect, test } from 'vitest';
import type { Chunk } from '../../core/data/chunk.js';
import { loadImageSet } from '../../core/data/image-set.js';
import { readNpy } from '../../core/data/npy.js';
import { preprocess } from '../../core/data/preprocess.js';
import type { InputSpec } from '../../core/data/data-spec.js';
import { tensor } from '../../core/tensor.js';
import { inputs } from '../../core/study/preparing/input-files.js';
import { hasSharedData, sharedFile } from '../builders/shared-data.js';
import { dataSpec } from '../builders/specs.js';

const plain: InputSpec = { divide: 1, mean: [0], std: [1], order: 'rgb' };
const imagenet: InputSpec = {
  divide: 255,
  mean: [0.485, 0.456, 0.406],
  std: [0.229, 0.224, 0.225],
  order: 'rgb',
};
const tiny: Chunk = {
  pixels: tensor('uint8', [1, 3, 1, 2], Uint8Array.of(10, 11, 20, 21, 30, 31)),
  labels: Uint16Array.of(0),
};

/** Largest difference between the first images of a set, preprocessed, and the inputs recorded for a network. */
async function distance(model: string, chunk: Chunk, input: InputSpec, shape: number[]): Promise<number> {
  const expected = readNpy(model, await readFile(sharedFile(`vectors/${model}/input.npy`)));
  const ours = preprocess(chunk, input, shape).data;
  return (expected.data as Float32Array).reduce((worst, value, i) => Math.max(worst, Math.abs(value - ours[i]!)), 0);
}

describe.skipIf(!hasSharedData)('against the inputs recorded with each network', () => {
  let cifar: Chunk;
  let mnist: Chunk;
  beforeAll(async () => {
    const file = sharedFile('images/cifar10/cifar10_test_0000-0499.bin');
    const digits = dataSpec({
      format: 'idx',
      files: [sharedFile('images/mnist/t10k-images-idx3-ubyte.gz')],
      labels: [sharedFile('images/mnist/t10k-labels-idx1-ubyte.gz')],
      images: 250,
    });
    [cifar] = (await loadImageSet(dataSpec({ format: 'cifar10', files: [file] }), 7, inputs)).chunks as [Chunk];
    [mnist] = (await loadImageSet(digits, 7, inputs)).chunks as [Chunk];
  });

  // The recorded inputs were computed in float32 throughout, ours in float64 and rounded once.
  test('mean and deviation by channel', async () => {
    expect(await distance('cifar10_resnet20', cifar, imagenet, [-1, 3, 32, 32])).toBeLessThan(5e-7);
  });
  test('one mean and deviation for all channels', async () => {
    const half = { ...plain, divide: 255, mean: [0.5], std: [0.5] };
    expect(await distance('cifar10_mstutorial', cifar, half, [-1, 3, 32, 32])).toBeLessThan(1e-7);
  });
  test('grey images, with and without a channel axis', async () => {
    expect(await distance('mnist_cntk', mnist, plain, [1, 1, 28, 28])).toBe(0);
    expect(await distance('mnist_lenet', mnist, { ...plain, divide: 255 }, [-1, 28, 28])).toBeLessThan(3e-8);
    expect(preprocess(mnist, plain, [-1, 28, 28]).shape).toEqual([250, 28, 28]);
  });
});

describe('layout', () => {
  test('interleaved inputs get the channels of a pixel together', () => {
    const result = preprocess(tiny, plain, [-1, 1, 2, 3]);
    expect(result).toEqual(tensor('float32', [1, 1, 2, 3], Float32Array.of(10, 20, 30, 11, 21, 31)));
  });

  test('bgr reverses the channels; mean and deviation are the reversed channels’', () => {
    const result = preprocess(tiny, { divide: 1, mean: [30, 20, 10], std: [1, 2, 4], order: 'bgr' }, [-1, 3, 1, 2]);
    expect([...result.data]).toEqual([0, 1, 0, 0.5, 0, 0.25]);
  });

  test('open dimensions of the network fit any size', () => {
    expect(preprocess(tiny, plain, [-1, 3, -1, -1]).shape).toEqual([1, 3, 1, 2]);
  });

  test('another size is an error that states both shapes', () => {
    expect(() => preprocess(tiny, plain, [-1, 3, 32, 32])).toThrow(/\[3, 1, 2\].*\[N, 3, 32, 32\]/);
  });

  test('a mean of the wrong length, and bgr for grey images, are errors', () => {
    expect(() => preprocess(tiny, { ...plain, mean: [0, 0] }, [-1, 3, 1, 2])).toThrow(/mean has 2 numbers.*3 channels/);
    const grey: Chunk = { ...tiny, pixels: tensor('uint8', [1, 1, 1, 2], Uint8Array.of(1, 2)) };
    expect(() => preprocess(grey, { ...plain, order: 'bgr' }, [-1, 1, 1, 2])).toThrow(/bgr needs 3 channels/);
  });
});
