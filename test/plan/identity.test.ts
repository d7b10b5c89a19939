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
          "baseline": "ded1bf422f7780303f088db64809f0caf22685c757f4be69e26791093355b092",
          "flat responses": "1a18a0abd59fbaa32a88dd2392ec86f616bd7905543472a3dae7934b1e6b6034",
          "image responses": "03de530211ee2943d403a372c6485eecd74d3694284303ec38ed55b9395c863a",
          "mean": "24075cfeb7a065115ad7d38cb2a9dfb6ea9ad5476210b6d491eb07db13cefd5b",
          "mean responses": "eae3e6668d281aa902cfc775f42020c8704bbff0ef5dfd8ce0bfa66e8eab9c10",
          "null responses": "473dc4f17879977c854c88fa537e80a3db21b6f584c77b3db69fc4e49f75f35e",
          "position": "a513500a30a33e24dc280d724eccdee13f642967237283faf4cad892a4a0b2f5",
          "profile": "d8eb93b2d7e03e3ba407b927b6d864c27cbab0166df256cd70a8978ec622add7",
          "resample": "65b0fcf2aa0c3cba6f7306d102d9fd36142ba563dd1b765c41a7d29138cc4e73",
          "several": "f38ab090c0a4f619a4c6660d1ce593f5c7dd8d6de71848fe34877192b8005fe4",
          "unit baseline": "631a2e5179522aa354e3fe6697e264cda5151945b18930d0994e7ee4bedae875",
          "unit cell": "bbb843684f8838ef3a4ba980947e5051161a4ac57564d1f9ab2499c7a92b4f32",
          "zero": "8f0142188af80e74114654d15b1281536f7c11e0c6804aa25f094133fc8b83ff",
        },
        "semantics": 5,
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
