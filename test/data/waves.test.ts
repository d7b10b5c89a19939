import { expect, test } from 'vitest';
import { encodeChunk, type Chunk } from '../../core/data/chunk.js';
import { waveEnds, waveOrder, wavesOf } from '../../core/data/waves.js';

test('waves grow with the images: eight in each doubling, and the last holds what is left', () => {
  expect(waveEnds(20)).toEqual([20]);
  expect(waveEnds(24)).toEqual([24]);
  expect(waveEnds(90)).toEqual([24, 28, 32, 36, 40, 44, 48, 52, 56, 60, 64, 72, 80, 88, 90]);
  expect(waveEnds(1000).slice(10)).toEqual([
    64, 72, 80, 88, 96, 104, 112, 120, 128, 144, 160, 176, 192, 208, 224, 240, 256, 288, 320, 352, 384, 416, 448, 480,
    512, 576, 640, 704, 768, 832, 896, 960, 1000,
  ]);
  expect(waveEnds(50_000).length).toBeLessThan(95);
});

test('the order is a permutation of the seed’s, in which every place is equally likely', () => {
  const order = waveOrder(100, 7);
  expect([...order].sort((a, b) => a - b)).toEqual(Array.from({ length: 100 }, (_, i) => i));
  expect(waveOrder(100, 7)).toEqual(order);
  expect(waveOrder(100, 8)).not.toEqual(order);
  const sums = Array.from(
    { length: 400 },
    (_, seed) =>
      waveOrder(20, seed)
        .slice(0, 5)
        .reduce((a, b) => a + b, 0) / 5,
  );
  const mean = sums.reduce((a, b) => a + b, 0) / sums.length;
  // Five of 0 to 19 without replacement: mean 9.5, variance 33.25 / 5 · 15 / 19.
  expect(Math.abs(mean - 9.5)).toBeLessThan((4 * Math.sqrt((33.25 / 5) * (15 / 19))) / Math.sqrt(400));
});

/** 610 images of two values that tell which one it is, in chunks of 250. */
const chunks = [250, 250, 110].map((images, c): Chunk => {
  const of = (i: number): number => 250 * c + i;
  const data = Uint8Array.from({ length: 2 * images }, (_, j) =>
    j % 2 === 0 ? of(Math.floor(j / 2)) >> 8 : of(Math.floor(j / 2)) & 255,
  );
  const labels = Uint16Array.from({ length: images }, (_, i) => of(i) % 7);
  return { pixels: { dtype: 'uint8', shape: [images, 1, 1, 2], data }, labels };
});

test('pieces hold the images of the order, with their labels, and no more than a chunk does', () => {
  const waves = wavesOf(chunks, 3);
  const ends = waveEnds(610);
  expect(waves.map((wave) => wave.reduce((sum, { labels }) => sum + labels.length, 0))).toEqual(
    ends.map((end, i) => end - (ends[i - 1] ?? 0)),
  );
  const seen = waves.flat().flatMap(({ pixels: { data }, labels }) =>
    [...labels].map((label, i) => {
      const image = 256 * (data[2 * i] as number) + (data[2 * i + 1] as number);
      expect(label).toBe(image % 7);
      return image;
    }),
  );
  expect(seen).toEqual([...waveOrder(610, 3)]);
  expect(Math.max(...waves.flat().map(({ labels }) => labels.length))).toBeLessThanOrEqual(250);
});

test('equal images in equal order are equal bytes', () => {
  const bytes = (seed: number): Buffer[] =>
    wavesOf(chunks, seed).flatMap((wave) => wave.map((piece) => Buffer.from(encodeChunk(piece))));
  expect(bytes(3)).toEqual(bytes(3));
  expect(bytes(3)).not.toEqual(bytes(4));
});
