import path from 'node:path';
import { beforeAll, describe, expect, test } from 'vitest';
import type { Ref } from '../../core/digest.js';
import { Ledger } from '../../core/ledger/ledger.js';
import { loadStudySpec } from '../../core/spec/load.js';
import type { AblationSpec, StudySpec } from '../../core/spec/study-spec.js';
import { memoryStore } from '../../core/store/memory-store.js';
import type { TableName } from '../../core/tables/columns.js';
import { readTable } from '../../core/tables/read-table.js';
import type { TableRow } from '../../core/tables/schema.js';
import { enlarged } from '../../experiments/every-network/enlarged.js';
import { picturesFolder, writePictures } from '../../experiments/every-network/pictures.js';
import { hasSharedData, sharedData } from '../builders/shared-data.js';
import { runSpec } from '../builders/studies.js';

/** The networks of a study's small form; the layers of those that are large. */
interface SmallForm {
  readonly models: readonly string[];
  readonly layers?: readonly string[];
}

/** The study of a file on few images, with one trial, few bases and two nulls: all that it asks for, and no number that means anything. */
async function smallForm(file: string, { models, layers }: SmallForm): Promise<StudySpec> {
  const { spec } = await loadStudySpec(path.resolve('experiments', file));
  const kept = (names: readonly string[]): string[] => names.filter((name) => models.includes(name));
  const ablation = (asked: AblationSpec): AblationSpec => ({
    ...asked,
    models: kept(asked.models),
    ...(layers ? { layers } : {}),
    ...(asked.mode === 'random' ? { fractions: [0.2], trials: 1 } : {}),
    ...(asked.mode === 'quadruples' ? { budget: 4 } : {}),
  });
  return {
    ...spec,
    data: spec.data.map((data) => ({ ...data, images: 16 })),
    models: spec.models.filter(({ name }) => models.includes(name)).map((model) => ({ ...model, expect: undefined })),
    ablations: spec.ablations.map(ablation).filter((asked) => asked.models.length > 0),
    impulses: spec.impulses
      .map((impulse) => ({ ...impulse, models: kept(impulse.models), bases: { images: 4 } }))
      .filter((impulse) => impulse.models.length > 0),
    analysis: {
      ...spec.analysis,
      bootstrap: 20,
      nulls: { ...spec.analysis.nulls, shuffled: Math.min(1, spec.analysis.nulls.shuffled) },
    },
  };
}

interface Finished {
  /** SHA-256 of each table's file. */
  readonly hashes: Readonly<Record<string, string>>;
  readonly rows: <T extends TableName>(table: T) => Promise<readonly TableRow<T>[]>;
}

async function finished(spec: StudySpec, tables: readonly TableName[]): Promise<Finished> {
  const ledger = new Ledger(memoryStore());
  const { result } = await runSpec(ledger, spec, { tables });
  expect(result.failed).toBe(0);
  return {
    hashes: Object.fromEntries(Object.entries(result.tables).map(([name, { sha256 }]) => [name, sha256])),
    rows: async (table) => readTable(table, await ledger.getOutput(result.tables[table] as Ref<Uint8Array>)),
  };
}

describe.skipIf(!hasSharedData)(
  'the studies of docs/studies, in a small form, end with what their pages read, byte by byte the same again',
  () => {
    beforeAll(() => writePictures(sharedData, picturesFolder));

    test('claims.yaml: contrasts of quadruples, systemic redundancy', async () => {
      const spec = await smallForm('claims.yaml', { models: ['resnet20'] });
      const { rows, hashes } = await finished(spec, ['contrasts', 'models']);
      expect((await rows('contrasts')).length).toBeGreaterThan(0);
      expect((await rows('models')).map(({ model, sr }) => [model, typeof sr])).toEqual([['resnet20', 'number']]);
      expect((await finished(spec, ['contrasts', 'models'])).hashes).toEqual(hashes);
    });

    test('replaceable.yaml: predictors of damage and of what substitutes leave of it, replaceability', async () => {
      const spec = await smallForm('replaceable.yaml', { models: ['resnet20'], layers: ['layer3.2.conv1'] });
      const { rows } = await finished(spec, ['predictors', 'kernels']);
      expect(new Set((await rows('predictors')).map(({ predictor }) => predictor)).size).toBeGreaterThan(6);
      const rated = (await rows('kernels')).filter(
        ({ replaceability_same: same, replaceability_earlier: earlier }) => same !== null && earlier !== null,
      );
      expect(rated.length).toBeGreaterThan(30);
    });

    test('every-network.yaml: a row for each network, those that see enlarged pictures among them', async () => {
      const models = ['mnist-cntk', 'lenet', 'mobilenet', 'person'];
      const spec = await smallForm('every-network.yaml', { models });
      const few = (asked: AblationSpec): AblationSpec =>
        asked.mode === 'each' ? { ...asked, models: ['mnist-cntk', 'lenet'] } : asked;
      const { rows } = await finished({ ...spec, ablations: spec.ablations.map(few) }, ['models', 'curves']);
      const found = await rows('models');
      expect(found.map(({ model }) => model)).toEqual(models);
      const [cntk, , mobilenet] = found;
      expect([typeof cntk?.robustness_area, typeof cntk?.sr]).toEqual(['number', 'number']);
      // None of its classes is one of CIFAR-10's: a share of nothing is not known.
      expect([mobilenet?.accuracy, mobilenet?.robustness_area]).toEqual([0, null]);
      expect((await rows('curves')).every(({ kl }) => kl !== null)).toBe(true);
    });
  },
);

test('an enlarged plane keeps its pixels where centres coincide, its ends, and is a straight line between two', () => {
  const plane = Uint8Array.from([0, 90, 30, 60]);
  const larger = enlarged(plane, 2, 6);
  expect([larger[0], larger[5], larger[30], larger[35]]).toEqual([0, 90, 30, 60]);
  expect([...larger.subarray(0, 6)]).toEqual([0, 0, 30, 60, 90, 90]);
  expect(enlarged(plane, 2, 2)).toEqual(plane);
});
