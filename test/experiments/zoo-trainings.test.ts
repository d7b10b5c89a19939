import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { parse, stringify } from 'yaml';
import { Ledger } from '../../core/ledger/ledger.js';
import { memoryStore } from '../../core/store/memory-store.js';
import type { Tables } from '../../core/tables/schema.js';
import { writeImages } from '../../experiments/zoo/images.js';
import { runFile } from '../builders/studies.js';

const experiments = path.resolve(import.meta.dirname, '../../experiments');
const folder = mkdtempSync(path.join(tmpdir(), 'percuss-zoo-trainings-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** A spec as far as this test changes it. */
interface Written {
  data: Record<string, { images: number; files: string[]; labels: string[] }>;
  models: Record<string, { trainings: string[] }>;
  ablations: Record<string, { fill?: string; layers?: string; fractions?: number[]; trials?: number }>;
}

/** Two of its architectures, two trainings of each, few images, one layer and one fill. */
function smallForm(text: string): Written {
  const spec = parse(text) as Written;
  const found = (file: string): string => path.join(experiments, file);
  for (const set of Object.values(spec.data)) {
    set.images = 40;
    set.files = set.files.map(found);
    set.labels = set.labels.map(found);
  }
  spec.models = Object.fromEntries(
    Object.entries(spec.models)
      .filter(([name]) => ['wide', 'narrow'].includes(name))
      .map(([name, model]) => [
        name,
        { ...model, expect: undefined, trainings: model.trainings.slice(0, 2).map(found) },
      ]),
  );
  spec.ablations = {
    'each-kernel': { ...spec.ablations['each-kernel'], layers: 'stage2.1*', fill: 'zero' },
    'across-depth': { ...spec.ablations['across-depth'], fractions: [0.2], trials: 3 },
  };
  return spec;
}

let tables: Tables;

beforeAll(async () => {
  writeImages();
  const file = path.join(folder, 'study.yaml');
  const text = readFileSync(path.join(experiments, 'zoo-trainings.yaml'), 'utf8');
  writeFileSync(file, stringify(smallForm(text)));
  tables = await (await runFile(new Ledger(memoryStore()), file)).tables();
}, 180_000);

test('the study of several trainings, in a small form, tells of two architectures', () => {
  const { architectures, architecture_differences: differences } = tables;
  expect(architectures.map((row) => [row.quantity, row.architecture, row.trainings])).toEqual(
    ['accuracy', 'robustness_area'].flatMap((quantity) => [
      [quantity, 'wide', 2],
      [quantity, 'narrow', 2],
    ]),
  );
  expect(differences.map((row) => [row.quantity, row.architecture, row.other])).toEqual(
    ['accuracy', 'robustness_area'].map((quantity) => [quantity, 'wide', 'narrow']),
  );
  for (const { low, high, estimate, over } of architectures) {
    expect([low < estimate, estimate < high, over]).toEqual([true, true, 'trainings and images']);
  }
});

test('removes the same places of both trainings of an architecture', () => {
  const places = (model: string): string[] =>
    tables.ablations.filter((row) => row.model === model).map((row) => `${row.ablation} ${row.channels}`);
  expect(places('narrow@02')).toEqual(places('narrow@01'));
  expect(places('narrow@01').length).toBeGreaterThan(20);
});
