import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import * as tf from '@tensorflow/tfjs';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Engine } from '../../core/engine/engine.js';
import { openOnnxruntime } from '../../core/engine/onnxruntime.js';
import { importNetwork } from '../../core/import/import-network.js';
import { float32 } from '../../core/tensor.js';
import { buildNetwork, networkNames } from '../../experiments/zoo/architectures.js';
import type { NetworkName } from '../../experiments/zoo/architectures.js';
import { classes, fashionImages, side } from '../../experiments/zoo/fashion.js';
import { encodeIdx, writeImages } from '../../experiments/zoo/images.js';
import { runOnce } from '../engine/agreement.js';

const zoo = fileURLToPath(new URL('../../experiments/zoo/', import.meta.url));
const { networks: records } = JSON.parse(readFileSync(join(zoo, 'accuracies.json'), 'utf8')) as {
  networks: Record<
    NetworkName,
    { parameters: number; testImages: number; correct: number; accuracy: number; correctOfFirst2000: number }
  >;
};
const { networks: furtherRecords } = JSON.parse(readFileSync(join(zoo, 'trainings/accuracies.json'), 'utf8')) as {
  networks: Record<string, Record<string, (typeof records)[NetworkName] & { correctInFloat32: number }>>;
};
const filesOf = (name: string): Map<string, Uint8Array> =>
  new Map(['model.json', 'weights.bin'].map((file) => [file, readFileSync(join(zoo, name, file))]));

const { train, test: held } = fashionImages();

describe('the images', () => {
  const pictures = ({ count, pixels }: typeof train): string[] =>
    Array.from({ length: count }, (_, i) =>
      Buffer.from(pixels.subarray(i * side * side, (i + 1) * side * side)).toString('latin1'),
    );

  test('are split so that no test image was trained on', () => {
    const seen = new Set(pictures(train));
    expect(seen.size).toBe(train.count);
    expect(pictures(held).filter((picture) => seen.has(picture))).toEqual([]);
  });

  test('hold a thousand test images of each class', () => {
    const counts = classes.map((_, label) => held.labels.filter((value) => value === label).length);
    expect(counts).toEqual(classes.map(() => 1000));
  });

  test('are written as idx, once, with the same bytes everywhere', () => {
    const folder = mkdtempSync(join(tmpdir(), 'percuss-images-'));
    try {
      expect(writeImages(folder)).toBe(true);
      expect(writeImages(folder)).toBe(false);
    } finally {
      rmSync(folder, { recursive: true });
    }
  });

  test('have the header that the idx format prescribes', () => {
    // From the description of the format: 0, 0, 8 (unsigned byte), dimensions, then sizes, big endian.
    const header = [0, 0, 8, 3, 0, 0, 1, 2, 0, 0, 0, 28, 0, 0, 0, 28];
    expect([...encodeIdx([258, 28, 28], Uint8Array.of(7))]).toEqual([...header, 7]);
  });
});

describe('the demo networks', () => {
  let engine: Engine;
  beforeAll(async () => {
    engine = await openOnnxruntime();
  });
  afterAll(() => engine.close());

  test('are all there, and below 3 MB together', () => {
    expect(Object.keys(records)).toEqual(networkNames);
    const bytes = networkNames.flatMap((name) =>
      readdirSync(join(zoo, name)).map((file) => statSync(join(zoo, name, file)).size),
    );
    expect(bytes.reduce((a, b) => a + b, 0)).toBeLessThan(3e6);
  });

  test.each(networkNames)('%s has the layers and the parameters of its architecture', (name) => {
    const model = buildNetwork(tf, name, 1);
    const saved = JSON.parse(readFileSync(join(zoo, name, 'model.json'), 'utf8')) as {
      weightsManifest: { weights: { name: string; shape: number[] }[] }[];
    };
    const shapes = saved.weightsManifest.flatMap(({ weights }) => weights.map(({ name: n, shape }) => [n, shape]));
    expect(shapes).toEqual(model.weights.map(({ originalName, shape }) => [originalName, shape]));
    expect(model.countParams()).toBe(records[name].parameters);
    model.dispose();
  });

  /** Of the first 2,000 test images, how many a file of the zoo gets right. */
  async function countRight(name: string): Promise<number> {
    const graph = await importNetwork(name, 'tfjs', filesOf(name));
    const input = graph.inputs[0]?.id ?? '';
    let got = 0;
    for (let from = 0; from < 2000; from += 1000) {
      const pixels = held.pixels.subarray(from * side * side, (from + 1000) * side * side);
      const x = float32(
        [1000, side, side, 1],
        Float32Array.from(pixels, (value) => value / 255),
      );
      const [logits] = (await runOnce(engine, graph, new Map([[input, x]]))).values();
      for (let i = 0; i < 1000; i++) {
        const row = [...(logits?.data.subarray(i * 10, i * 10 + 10) ?? [])].map(Number);
        if (row.indexOf(Math.max(...row)) === held.labels[from + i]) got++;
      }
    }
    return got;
  }

  test.each(networkNames)('%s, imported, reaches the accuracy that TensorFlow.js measured', async (name) => {
    const { correct, testImages, correctOfFirst2000 } = records[name];
    const got = await countRight(name);
    expect(held.count).toBe(testImages);
    // Ties within rounding may fall either way.
    expect(Math.abs(got - correctOfFirst2000)).toBeLessThanOrEqual(1);
    expect(correct / testImages).toBeGreaterThan(0.87);
  });

  describe('further trainings', () => {
    const trainings = Object.entries(furtherRecords).flatMap(([name, bySeed]) =>
      Object.entries(bySeed).map(([seed, record]) => [name, seed, record] as const),
    );

    test('are stored as halves, which move no count by more than a handful; all of the zoo is below 8 MB', () => {
      expect(trainings.length).toBeGreaterThan(1);
      for (const [, , { correct, correctInFloat32 }] of trainings)
        expect(Math.abs(correct - correctInFloat32)).toBeLessThanOrEqual(10);
      const files = readdirSync(zoo, { recursive: true, withFileTypes: true })
        .filter((entry) => entry.isFile() && !entry.parentPath.startsWith(join(zoo, 'data')))
        .map((entry) => statSync(join(entry.parentPath, entry.name)).size);
      expect(files.reduce((a, b) => a + b, 0)).toBeLessThan(8e6);
    });

    test.each(trainings)('%s of seed %s, imported, reaches the accuracy of its file', async (name, seed, record) => {
      const got = await countRight(join('trainings', name, seed));
      expect(Math.abs(got - record.correctOfFirst2000)).toBeLessThanOrEqual(1);
      expect(record.accuracy).toBeGreaterThan(0.86);
      expect(record.parameters).toBe(records[name as NetworkName].parameters);
    });
  });
});
