import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { canonicalJson } from '../../../core/canonical.js';
import { sha256 } from '../../../core/digest.js';
import { Ledger } from '../../../core/ledger/ledger.js';
import { quarantine } from '../../../core/ledger/quarantine.js';
import { memoryStore } from '../../../core/store/memory-store.js';
import type { ObjectStore } from '../../../core/store/object-store.js';
import type { StudySpec } from '../../../core/spec/study-spec.js';
import { explainCell } from '../../../core/study/explaining/explain-cell.js';
import { explainStored } from '../../../core/study/explaining/explain-study.js';
import { studyDifferences } from '../../../core/study/explaining/study-differences.js';
import { ablation, model, smallStudy } from '../../builders/small-study.js';
import { runSpec, storeSpec, type Ran } from '../../builders/studies.js';

const study = (more: Partial<StudySpec> = {}): StudySpec =>
  smallStudy({
    ablations: [
      ablation('kernels', { fill: ['zero', 'mean'] }),
      ablation('top', { stop: { top: 3, epsilon: 0.05, confidence: 0.95, clip: 1, by: 'images' } }),
      ablation('by-damage', { mode: 'cumulative', order: 'kl', fractions: [0.5] }),
    ],
    impulses: [],
    ...more,
  });

/** A copy of a store that may be damaged. */
async function copyOf(store: ObjectStore): Promise<ObjectStore> {
  const copy = memoryStore();
  for await (const { key } of store.list('')) await copy.putIfAbsent(key, (await store.get(key)) as Uint8Array);
  return copy;
}

const store = memoryStore();
const ledger = new Ledger(store);
let ran: Ran;
const written: string[] = [];
beforeAll(async () => {
  ran = await runSpec(ledger, study());
  for await (const { key } of store.list('')) written.push(key);
});
afterAll(async () => {
  const now: string[] = [];
  for await (const { key } of store.list('')) now.push(key);
  expect(now, 'explaining writes and removes nothing').toEqual(written);
});

const kernel = { ablation: 'kernels', layer: 'Conv_2', channel: 5 } as const;

describe('a cell explained', () => {
  test('its key is the hash of the parts that are told, and the object that holds it says what computed it', async () => {
    const found = await explainCell(ledger, ran.ref, kernel);
    const part = (name: string): unknown => found.parts.find((one) => one.part === name)?.value;
    const whole = canonicalJson({
      kind: 'cell',
      semantics: part('semantics') as number,
      model: part('model') as string,
      mode: part('mode') as string,
      what: { chunk: part('chunk') as string, edits: JSON.parse(part('edits') as string) as never },
    });
    expect(sha256(whole)).toBe(found.key);
    expect(part('edits')).toBe('[{"channels":[5],"fill":{"kind":"zero"},"site":"Conv_2"}]');
    expect(found).toMatchObject({
      state: 'stored',
      because: null,
      network: 'tutorial',
      ablation: 'kernels',
      submissions: 1,
    });
    const scope = { model: part('model') as string, mode: ran.ref.mode, chunk: part('chunk') as string };
    const cells = await ledger.readCells(scope, [found.key]);
    expect(cells.size).toBe(1);
    expect(found.objects[0]?.computedBy).toMatch(/^onnxruntime [\d.]+ on cpu \(.+\), percuss /);
    expect(Date.parse(found.objects[0]?.written ?? '')).toBeGreaterThan(Date.now() - 600_000);
  });

  test('another fill is another condition with its own key, and the reference images stand in it', async () => {
    const zero = await explainCell(ledger, ran.ref, kernel);
    const mean = await explainCell(ledger, ran.ref, { ...kernel, fill: 'mean' });
    expect(mean.key).not.toBe(zero.key);
    expect(mean.state).toBe('stored');
    expect(JSON.stringify(mean.parts)).toMatch(/"reference":"[0-9a-f]{64}"/);
    expect(zero.nearest).toMatchObject({
      key: mean.key,
      differences: [{ component: 'fill', here: 'zero', there: 'mean' }],
    });
  });

  test('one whose object was lost, set aside or that failed is told to be so, with the reason', async () => {
    const found = await explainCell(ledger, ran.ref, kernel);
    const object = found.objects[0]?.key as string;
    const lost = new Ledger(await copyOf(store));
    await lost.store.remove(object);
    expect(await explainCell(lost, ran.ref, kernel)).toMatchObject({ state: 'missing', objects: [] });
    await lost.recordFailures(ran.ref.id, [{ key: found.key, code: 'COMPUTE_CRASHED', message: 'it died' }]);
    expect(await explainCell(lost, ran.ref, kernel)).toMatchObject({
      state: 'failed',
      because: 'COMPUTE_CRASHED: it died',
    });
    const aside = new Ledger(await copyOf(store));
    const bytes = (await aside.store.get(object)) as Uint8Array;
    await quarantine(aside.store, object, bytes, 'it was bent', () => undefined);
    expect(await explainCell(aside, ran.ref, kernel)).toMatchObject({
      state: 'set-aside',
      because: expect.stringContaining('it was bent'),
      setAside: [{ key: object, reason: 'it was bent' }],
    });
    expect(await explainStored(aside, ran.ref.id)).toMatchObject({ setAside: { 'it was bent': 1 } });
  });

  test('an adaptive ablation says to which wave a condition came', async () => {
    const kinds = new Set<string>();
    for (const chunk of [0, 9])
      for (const condition of [0, 30, 60])
        kinds.add((await explainCell(ledger, ran.ref, { ablation: 'top', condition, chunk })).state);
    expect([...kinds].toSorted()).toEqual(['stored', 'unasked']);
  });

  test('the intact network is a cell, too; what a study does not have is said with what it has', async () => {
    expect(await explainCell(ledger, ran.ref, { model: 'tutorial' })).toMatchObject({
      ablation: null,
      state: 'stored',
    });
    const asked = async (query: Parameters<typeof explainCell>[2]): Promise<string> =>
      explainCell(ledger, ran.ref, query).then(
        () => 'found',
        (error: Error) => error.message,
      );
    expect(await asked({ ablation: 'kernel' })).toMatch(/no ablation of tutorial kernel; did you mean kernels\?/);
    expect(await asked({ ...kernel, layer: 'Conv_3' })).toMatch(/removes nothing of Conv_3; did you mean Conv_/);
    expect(await asked({ ...kernel, channel: 12 })).toMatch(/channels 0 to 11/);
    expect(await asked({ ...kernel, chunk: 1 })).toMatch(/chunks 0 to 0, and no 1/);
    expect(await asked({ ablation: 'kernels', condition: 144 })).toMatch(/conditions 0 to 143, and no 144/);
    expect(await asked({ ablation: 'by-damage', layer: 'Conv_2', channel: 1 })).toMatch(/several targets at a time/);
  });
});

describe('what a changed study would compute anew', () => {
  const kernels = { ablations: [ablation('kernels', {})] };

  test.each([
    [
      'input.mean',
      {
        models: [
          {
            ...model('tutorial', 'cifar10_mstutorial.onnx'),
            input: { divide: 255, mean: [0.4], std: [0.5], order: 'rgb' },
          },
        ],
      },
      'models.tutorial.input.mean',
    ],
    [
      'images',
      { data: study().data.map((set) => (set.name === 'test' ? { ...set, images: 50 } : set)) },
      'data.test.images',
    ],
  ] as const)('the nearest cell of one with other %s differs in just that', async (_, more, named) => {
    const other = new Ledger(await copyOf(store));
    const ref = await storeSpec(other, study({ ...kernels, ...more }));
    const found = await explainCell(other, ref, kernel);
    expect(found).toMatchObject({ state: 'missing', nearest: { study: 'small' } });
    expect(found.nearest?.differences.map(({ component }) => component)).toEqual([named]);
    const whole = await explainStored(other, ref.id);
    // What reference images alone say, at most.
    expect(whole.units.stored).toBeLessThanOrEqual(1);
    expect(whole.nearest?.differences.map(({ component }) => component)).toContain(named);
  });

  test('another engine is named, and of the cell, too', async () => {
    const other = new Ledger(await copyOf(store));
    const spec = study({ ...kernels, study: 'again' });
    const ref = await storeSpec(other, spec, { mode: { engine: 'reference', precision: 'float32', device: 'cpu' } });
    const found = await explainCell(other, ref, kernel);
    expect(found.nearest?.differences).toMatchObject([
      { component: 'run.engine, run.device', there: 'onnxruntime-float32-cpu' },
    ]);
    expect((await explainStored(other, ref.id)).nearest?.differences.map(({ component }) => component)).toContain(
      'run.engine',
    );
  });

  test('nothing is missing of one that ran, and part of one that asks for more', async () => {
    expect(await explainStored(ledger, ran.ref.id)).toMatchObject({ missing: [], nearest: null });
    const other = new Ledger(await copyOf(store));
    const more = study({ ablations: [ablation('kernels', { fill: ['zero', 'mean', 'mean-position'] })] });
    const found = await explainStored(other, (await storeSpec(other, more)).id);
    expect(found.missing).toContainEqual({ model: 'tutorial', part: 'kernels', units: 72 });
    expect(found.units.stored).toBeGreaterThan(144);
  });

  test('semantics and precision are components, though no key of a spec says them', () => {
    const one = {
      study: {
        semantics: 7,
        study: 'a',
        seed: 1,
        data: [],
        models: [],
        ablations: [],
        impulses: [],
        analysis: {},
      } as never,
    };
    const mode = { engine: 'reference', device: 'cpu' } as const;
    const found = studyDifferences(
      { ...one, mode: { ...mode, precision: 'float32' } },
      { study: { ...(one.study as object), semantics: 8 } as never, mode: { ...mode, precision: 'float64' } },
    );
    expect(found).toMatchObject([
      { component: 'semantics', here: '7', there: '8', share: 'values' },
      { component: 'precision', here: 'float32', there: 'float64', share: 'values' },
    ]);
  });
});
