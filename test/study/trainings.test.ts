import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { writeNpy } from '../../bench/npy-file.js';
import { Ledger } from '../../core/ledger/ledger.js';
import { randomStream } from '../../core/random.js';
import { memoryStore } from '../../core/store/memory-store.js';
import type { Tables } from '../../core/tables/schema.js';
import { float32, tensor } from '../../core/tensor.js';
import type { PercussError } from '../../core/errors.js';
import { nextStage } from '../../core/study/planning/plan-stage.js';
import { Catalog } from '../../core/study/catalog.js';
import { storeStudy } from '../../core/study/preparing/resolve-study.js';
import { readStudy } from '../../core/study/preparing/prepare-study.js';
import { runFile, type Ran } from '../builders/studies.js';
import { trainedNetwork } from './trained-networks.js';

const folder = mkdtempSync(path.join(tmpdir(), 'percuss-trainings-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** Small enough that setting other engines up would take longer. */
const mode = { engine: 'reference', precision: 'float32', device: 'cpu' } as const;
const images = 60;
const networks = ['a1', 'a2', 'a3', 'b', 'c1', 'c2'];

function specOf(name: string, models: string, more = ''): string {
  const file = path.join(folder, `${name}.yaml`);
  writeFileSync(
    file,
    `version: 1
study: ${name}
data: { test: { format: npy, files: x.npy, labels: y.npy } }
defaults: { data: test }
models: ${models}
ablations:
  spread: { mode: random, fractions: [0.2, 0.5], trials: 3, spread: [one-layer, matched, all-depths] }
  four: { mode: quadruples, budget: 6 }
  grown: { mode: cumulative, fractions: [0.25, 0.5] }
${more}`,
  );
  return file;
}

/** What the study of several architectures asks for besides. */
const wider = `  each: { models: [a, c], fill: [zero, mean, substitute] }
impulses: { taps: { models: c, base: { images: 4 }, amplitudes: [0.1, -0.1] } }
analysis: { nulls: { shuffled: 2 }, rarefy: { kernels: 2, sites: 3 } }
`;

const mean = (values: readonly number[]): number => values.reduce((sum, x) => sum + x, 0) / values.length;

describe('a study of trainings of two architectures, and of another network', () => {
  const ledger = new Ledger(memoryStore());
  let ran: Ran;
  let tables: Tables;

  beforeAll(async () => {
    const random = randomStream(3, 'images of trainings');
    const pixels = Float32Array.from({ length: images * 16 }, () => random.normal());
    writeFileSync(path.join(folder, 'x.npy'), writeNpy(float32([images, 1, 4, 4], pixels)));
    const labels = Uint8Array.from({ length: images }, (_, i) => i % 4);
    writeFileSync(path.join(folder, 'y.npy'), writeNpy(tensor('uint8', [images], labels)));
    for (const [i, name] of networks.entries())
      writeFileSync(path.join(folder, `${name}.onnx`), trainedNetwork(i, name.startsWith('a') ? {} : { kernels: 4 }));
    ran = await runFile(
      ledger,
      specOf(
        'trained',
        '{ a: { trainings: [a1.onnx, a2.onnx, a3.onnx] }, b: { file: b.onnx }, c: { trainings: [c1.onnx, c2.onnx] } }',
        wider,
      ),
      { mode },
    );
    tables = await ran.tables();
  }, 120_000);

  test('has a row for each network, which says what it is a training of', () => {
    expect(tables.models.map(({ model, architecture }) => [model, architecture])).toEqual([
      ['a@01', 'a'],
      ['a@02', 'a'],
      ['a@03', 'a'],
      ['b', 'b'],
      ['c@01', 'c'],
      ['c@02', 'c'],
    ]);
    const values = (column: 'accuracy' | 'robustness_area') => tables.models.map((row) => row[column]);
    expect(new Set(values('robustness_area')).size).toBeGreaterThan(3);
    expect(tables.coverage.every(({ planned, committed }) => planned === committed)).toBe(true);
  });

  test('removes the same places of all trainings, so that they are compared in pairs', () => {
    const removed = (model: string): string[] =>
      tables.ablations
        .filter((row) => row.model === model)
        .map(({ ablation, index, channels }) => `${ablation} ${index} ${channels}`);
    expect(removed('a@01').length).toBeGreaterThan(40);
    expect(removed('a@02')).toEqual(removed('a@01'));
    expect(removed('a@03')).toEqual(removed('a@01'));
    expect(removed('b')).not.toEqual(removed('a@01'));
  });

  test('shares its cells with a study that names a training’s file alone: they are keyed by content', async () => {
    const planned = async (name: string, models: string) => {
      const { resolved, yaml } = await readStudy(specOf(name, models));
      const ref = await storeStudy(ledger, resolved, { mode, yaml, batchSeconds: 1 });
      return nextStage(ledger, new Catalog((digest) => ledger.getBlob(digest)), ref);
    };
    expect((await planned('alone', '{ other: { file: a2.onnx } }')).stage).toBeUndefined();
    writeFileSync(path.join(folder, 'a4.onnx'), trainedNetwork(10));
    expect((await planned('another', '{ other: { file: a4.onnx } }')).stage).toBeDefined();
  });

  test('refuses each training that is wrong, where it is named', async () => {
    const trainings = '{ a: { trainings: [a1.onnx, c1.onnx, absent.onnx, a1.onnx, a2.onnx] } }';
    const file = specOf('wrong', trainings, 'impulses: { taps: { models: a@06, base: black } }\n');
    const refusal: unknown = await readStudy(file).catch((error: unknown) => error);
    expect(((refusal as PercussError).issues ?? []).map(({ path: at, message }) => `${at}: ${message}`)).toEqual([
      expect.stringMatching(/^models\.a\.trainings\[1\]: a@02 is not built as a@01 is: its site conv1 is 4 × 4 × 4/),
      'models.a.trainings[2]: there is no file absent.onnx',
      'models.a.trainings[3]: this file stands in the list twice',
      'impulses.taps.models: no model "a@06" is declared under models',
    ]);
  });

  test('tells of architectures what their trainings say, and of a single network nothing', () => {
    const { architectures, architecture_differences, models, kernels, contrasts } = tables;
    const valuesOf = (architecture: string, quantity: string): number[] =>
      models
        .filter((row) => row.architecture === architecture)
        .map((row) => {
          if (quantity === 'kernel_kl')
            return mean(kernels.flatMap(({ model, kl }) => (model === row.model ? [kl as number] : [])));
          const whole = contrasts.find(({ model, part }) => model === row.model && part === 'all');
          return quantity === 'contrast' ? (whole?.contrast as number) : row[quantity as 'accuracy'];
        });
    expect(new Set(architectures.map((row) => row.architecture))).toEqual(new Set(['a', 'c']));
    expect(architectures.filter((row) => row.architecture === 'c').map((row) => row.quantity)).toEqual([
      'accuracy',
      'robustness_area',
      'kernel_kl',
      'replaceability_same',
      'contrast',
      'sr',
      'sr_excess',
      'r2_same_low',
      'r2_far_low',
    ]);
    for (const { architecture, quantity, trainings, estimate, least, greatest, low, high, over } of architectures) {
      const values = valuesOf(architecture, quantity);
      expect([trainings, over]).toEqual([
        values.length,
        /r2|contrast/.test(quantity) ? 'trainings' : 'trainings and images',
      ]);
      expect([estimate, least, greatest]).toEqual(
        [mean(values), Math.min(...values), Math.max(...values)].map((value) => expect.closeTo(value, 9)),
      );
      expect(low).toBeLessThan(estimate);
      expect(high).toBeGreaterThan(estimate);
    }
    expect(architecture_differences.map((row) => row.quantity)).toEqual([
      'accuracy',
      'robustness_area',
      'kernel_kl',
      'replaceability_same',
      'contrast',
    ]);
    for (const row of architecture_differences) {
      const [own, other] = [valuesOf('a', row.quantity), valuesOf('c', row.quantity)];
      expect(row).toMatchObject({ architecture: 'a', other: 'c', comparisons: 1, trainings: 3, trainings_other: 2 });
      expect(row.difference).toBeCloseTo(mean(own) - mean(other), 9);
      expect([row.all_low, row.all_high]).toEqual([row.low, row.high]);
      expect(row.settled).toBe(row.low > 0 || row.high < 0);
    }
  });
});
