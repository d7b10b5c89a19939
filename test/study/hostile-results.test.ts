import { describe, expect, test } from 'vitest';
import { sha256 } from '../../core/digest.js';
import type { StoredResult } from '../../core/ledger/response-shelf.js';
import type { Site } from '../../core/anatomy/site.js';
import { decodeSafetensors, encodeSafetensors } from '../../core/safetensors.js';
import type { StudyResult } from '../../core/study/running/run-steps.js';
import { profileProblem, responseProblem } from '../../core/study/reading/sound-results.js';
import { tableNames } from '../../core/tables/columns.js';
import { zeros, type Tensor } from '../../core/tensor.js';
import { hasSharedData } from '../builders/shared-data.js';
import { smallStudy } from '../builders/small-study.js';
import { openLedger } from '../builders/ledger.js';
import { runSpec } from '../builders/studies.js';

const site = { name: 'relu', channels: 3, shape: [3, 8, 8] } as unknown as Site;
const impulses = [
  { channel: 0, row: 1, column: 1, amplitude: 1, pair: 0 },
  { channel: 0, row: 1, column: 1, amplitude: -1, pair: 0 },
];
const whole = (): Map<string, Tensor> => {
  const crop = zeros('int32', [2, 4]);
  crop.data.set([0, 0, 2, 2, 6, 6, 2, 2]);
  return new Map<string, Tensor>([
    ['norm/relu', zeros('float32', [2, 3])],
    ['crop/relu', crop],
    ['odd/relu', zeros('float32', [1, 3])],
    ['even/relu', zeros('float32', [1, 3])],
    ['oddness/relu', zeros('float32', [1])],
    ['signature/relu', zeros('float32', [3, 5])],
    ['response/relu/0', zeros('float32', [3, 2, 2])],
  ]);
};
const stored = (tensors: ReadonlyMap<string, Tensor>, metadata = JSON.stringify(impulses)): StoredResult => ({
  tensors,
  metadata: { impulses: metadata },
  object: 'x',
});

describe('stored responses', () => {
  test('that are whole have no problem', () => expect(responseProblem(stored(whole()), [site])).toBeUndefined());

  test.each([...whole().keys()].filter((name) => !name.startsWith('response')))('without %s are told', (name) => {
    const tensors = whole();
    tensors.delete(name);
    expect(responseProblem(stored(tensors), [site])).toBe(`it lacks ${name}`);
  });

  test.each([...whole().keys()])('with %s of another type or shape are told', (name) => {
    for (const other of [
      zeros('float64', [1, 1]),
      zeros('float32', [7, 7, 7, 7]),
      zeros('int32', [2, 5]),
      zeros('float32', []),
    ]) {
      expect(responseProblem(stored(whole().set(name, other)), [site])).toContain(name);
    }
  });

  test.each([
    [-1, 0, 2, 2],
    [0, -1, 2, 2],
    [0, 0, -2, 2],
    [7, 0, 2, 2],
    [0, 0, 2, 9],
    [2 ** 30, 0, 2 ** 30, 2],
  ])('with the crop %i, %i, %i, %i, which leaves the map, are told', (...crop) => {
    const crops = zeros('int32', [2, 4]);
    crops.data.set(crop);
    expect(responseProblem(stored(whole().set('crop/relu', crops)), [site])).toContain('crop/relu');
  });

  test.each([
    'null',
    '7',
    '{}',
    '[null]',
    '[{}]',
    '[',
    '[{"channel":-1,"row":0,"column":0,"amplitude":1,"pair":-1}]',
    '[{"channel":0,"row":0,"column":0,"amplitude":"1","pair":-1}]',
  ])('whose impulses are %s are told', (text) =>
    expect(responseProblem(stored(whole(), text), [site])).toContain('impulses'),
  );

  test('whose impulses name a billion pairs are told before anything is made of it', () => {
    const many = impulses.map((impulse) => ({ ...impulse, pair: 1e9 }));
    expect(responseProblem(stored(whole(), JSON.stringify(many)), [site])).toContain('pairs');
  });
});

describe('a stored profile', () => {
  test.each([
    [
      'whole',
      new Map<string, Tensor>([
        ['mean/relu', zeros('float64', [3])],
        ['std/relu', zeros('float64', [3])],
      ]),
      undefined,
    ],
    ['without deviations', new Map<string, Tensor>([['mean/relu', zeros('float64', [3])]]), 'std/relu'],
    [
      'of other channels',
      new Map<string, Tensor>([
        ['mean/relu', zeros('float64', [4])],
        ['std/relu', zeros('float64', [3])],
      ]),
      'mean/relu',
    ],
    [
      'of another type',
      new Map<string, Tensor>([
        ['mean/relu', zeros('float32', [3])],
        ['std/relu', zeros('float64', [3])],
      ]),
      'mean/relu',
    ],
    ['empty', new Map<string, Tensor>(), undefined],
  ] as const)('%s', (_, tensors, problem) => {
    const found = profileProblem(stored(tensors), [site]);
    if (problem === undefined) expect(found).toBeUndefined();
    else expect(found).toContain(problem);
  });
});

describe.skipIf(!hasSharedData)('a study whose results somebody replaced by well-formed others', () => {
  test('sets them aside and computes them again, with the same tables', async () => {
    const { store, ledger, notices } = openLedger();
    const run = async (): Promise<StudyResult> =>
      (await runSpec(ledger, smallStudy(), { batchSeconds: 5, tables: tableNames })).result;
    const first = await run();
    let replaced = 0;
    const keys: string[] = [];
    for await (const { key } of store.list('responses/')) keys.push(key);
    for (const key of keys) {
      const { tensors, metadata } = decodeSafetensors((await store.get(key)) ?? new Uint8Array());
      const some = [...tensors.keys()].find((name) => name.startsWith('norm/') || name.startsWith('std/'));
      if (some === undefined || replaced === 3) continue;
      tensors.set(some, zeros('uint8', [1]));
      const bytes = encodeSafetensors(tensors, metadata);
      await store.remove(key);
      await store.putIfAbsent(key.replace(/-[0-9a-f]{64}\./, `-${sha256(bytes)}.`), bytes);
      replaced++;
    }
    expect(replaced).toBe(3);
    const again = await run();
    expect(notices.filter(({ kind }) => kind === 'set-aside')).toHaveLength(replaced);
    expect(again.computed).toBe(replaced);
    const hashes = (result: StudyResult) => Object.values(result.tables).map(({ sha256 }) => sha256);
    expect(hashes(again)).toEqual(hashes(first));
  }, 120_000);
});
