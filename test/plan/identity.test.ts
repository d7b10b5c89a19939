import { describe, expect, test } from 'vitest';
import type { Edit } from '../../core/plan/condition.js';
import { cellKey, resultKey, SEMANTICS } from '../../core/plan/identity.js';
import { impulseIdentity } from '../../core/plan/impulses.js';
import { impulseGroup, unitKey, type ModelOutline } from '../../core/plan/outline.js';
import { impulsesOf, outlinesOf } from './outlines.js';
import { ablationOf } from './resnet20.js';

const scope = {
  model: 'a'.repeat(64),
  mode: { engine: 'onnxruntime', precision: 'float32', device: 'cpu' },
} as const;
const chunk = 'b'.repeat(64);
const reference = 'c'.repeat(64);

const cells: Readonly<Record<string, readonly Edit[]>> = {
  baseline: [],
  zero: [{ site: 'layer1.0.conv1', channels: [3], fill: { kind: 'zero' } }],
  mean: [{ site: 'layer1.0.conv1', channels: [3], fill: { kind: 'mean', per: 'channel', reference } }],
  position: [{ site: 'layer1.0.conv1', channels: [3], fill: { kind: 'mean', per: 'position', reference } }],
  resample: [{ site: 'layer1.0.conv1', channels: [3, 5], fill: { kind: 'resample', draw: 2, reference } }],
  several: [
    { site: 'conv1', channels: [0, 1], fill: { kind: 'zero' } },
    { site: 'layer3.2.conv2', channels: [63], fill: { kind: 'zero' } },
  ],
};

const RAISE =
  'the content of a key has changed: cells that are stored already would be computed again, or taken for others. ' +
  'If that is meant, raise SEMANTICS in core/plan/identity.ts and record the new keys here';

describe('keys', () => {
  const [outline] = outlinesOf({
    ablations: [ablationOf({ models: ['small'], fill: ['zero', 'resample'] })],
    impulses: [impulsesOf(), impulsesOf({ name: 'images', bases: { images: 1 }, positions: 'phases' })],
    nulls: 1,
  }) as [ModelOutline];

  test('are the ones that they were when cells were first stored', () => {
    const unit = (kind: 'profile' | 'baseline' | 'cells' | 'responses', name: string, index: number): string =>
      unitKey(
        outline,
        7,
        { kind, model: 'small', name, chunk: kind === 'cells' || kind === 'baseline' ? 1 : -1 },
        index,
      );
    const keys = {
      ...Object.fromEntries(Object.entries(cells).map(([name, edits]) => [name, cellKey(scope, chunk, edits)])),
      profile: unit('profile', '', 0),
      'unit baseline': unit('baseline', '', 0),
      'unit cell': unit('cells', 'a', 5),
      'flat responses': unit('responses', 'plain', 0),
      'mean responses': unit('responses', 'plain', 1),
      'image responses': unit('responses', 'images', 0),
      'null responses': unit('responses', 'images', 1),
    };
    expect({ semantics: SEMANTICS, keys }, RAISE).toMatchInlineSnapshot(`
      {
        "keys": {
          "baseline": "9edbb3f2896202c9e44d1f0c344d98b6f19f9495c0721ca433a4c5acaccb8bdd",
          "flat responses": "d34841cc2f972d28068f7e96bd1675dd819bd9abe6057c34433186f728b9e23d",
          "image responses": "f1d0fde859d4c53d1e21806f207235082e97f03dba9e9302e22ef074cfb3c7da",
          "mean": "b4fd1a94d2ce14891167c2273adc9300d38559dab72305b7f7723efda6c96840",
          "mean responses": "a2bcbaa36db3cb3ebdc4763fc0d1af35fd237319ef557665e190ae622c87a407",
          "null responses": "2002b305343aa638579fd6150c4b382ba4bf9e1548c32559d7020acf13b14e61",
          "position": "c8d458f32207a0112ac696465e23a3bdaa841a8006e12c3fd338817db0af5b3b",
          "profile": "8418d851774bcb5f5a7f20e1384871768854c5ad62aa0d66b4a9806f6fb349b8",
          "resample": "3fc23e4dcc202bce505180a63e1f3dbf07fad359fadd785a00fdbf2f88b306c8",
          "several": "bea204a5730851a892bfd2e158716895163b0b158ee5e5bf3e82e924302e79d4",
          "unit baseline": "06e38948d10e045164c355f92e28be2617e7e1b01d2766d803a1974d5b38034c",
          "unit cell": "62b310cc325c4bc764d9ea9afc543e0e682d283c0ca8652d23c09b9066777456",
          "zero": "9f0215203daa57f883041d467bef4fa10c1608ec6b8e07a90644f459f164a46a",
        },
        "semantics": 2,
      }
    `);
  });

  test('differ in everything that a value depends on', () => {
    const zero = cells['zero'] as readonly Edit[];
    const others = [
      ...Object.values(cells).map((edits) => cellKey(scope, chunk, edits)),
      cellKey({ ...scope, model: 'd'.repeat(64) }, chunk, zero),
      cellKey({ ...scope, mode: { ...scope.mode, engine: 'reference' } }, chunk, zero),
      cellKey({ ...scope, mode: { ...scope.mode, device: 'cuda' } }, chunk, zero),
      cellKey(scope, 'e'.repeat(64), zero),
      cellKey(scope, chunk, [{ site: 'layer1.0.conv1', channels: [4], fill: { kind: 'zero' } }]),
      resultKey('profile', scope, { reference }),
      resultKey('response', scope, { reference }),
      resultKey('response', scope, impulseIdentity(impulseGroup(outline, 'plain', 0), 7, reference)),
    ];
    expect(new Set(others).size).toBe(others.length);
  });

  test('do not depend on the order in which members were written', () => {
    const one = { site: 's', channels: [1], fill: { kind: 'zero' } } as const;
    const other = { fill: { kind: 'zero' }, channels: [1], site: 's' } as const;
    expect(cellKey(scope, chunk, [one])).toBe(cellKey(scope, chunk, [other]));
  });
});
