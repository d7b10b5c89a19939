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
          "baseline": "ebdc79c3942c79b5e6adadbd7efb08ddfbadfe6e995bf241c19ac175c56c5fb2",
          "flat responses": "76d0c40c7535d5c2ee701866fad0bd5e0907a2bc4640d496b56e62cd6f72d49b",
          "image responses": "e422458bbaec98571519c2d2844b38d0ae1ff8efcbc92a303ff02be8901db8bd",
          "mean": "7496765fe26d8d22e30141742ceb8adc41c29098189d49e4b393cc9134689771",
          "mean responses": "41bd9fee613022b5b95aad104124da4ce0dad29a94183c2a6d2c5a52c16adc97",
          "null responses": "b80dfa14517f2070ee41cc532a817c5007cf1013e2b70100f2ca2011ef0c15ef",
          "position": "e134540372d997d46aa0d6278a606e3b736431b54c7b2bf845602c9e4439665f",
          "profile": "2b84eb50a0f18f061f03de0a6ded00810aa67a279992a7f487b67e405e81b5e9",
          "resample": "8915fb0571d1204d5b0ca0284b1c1cb1600072eaf5eafee7c51da98889f25b01",
          "several": "1965cf24d5a89b13c7e3d52b9d9db2e5c860b6831c05fe95c3caa2a804c47716",
          "unit baseline": "8a35fd23eff098f8584b8110d1720e8eb81d123ef879cea5328dbd942c598404",
          "unit cell": "7b0a9e1f195aac1d37df97954d52178d669f8cc98b518ee96209b784c8facbc7",
          "zero": "07be7be935c4cf4466ab82750559376069b026abd1f1fe0a5c7079d6362e3661",
        },
        "semantics": 1,
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
