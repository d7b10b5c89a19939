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
          "baseline": "95afbbc5383540d8c46232e27ec8d75c803d5df02c6f5ce3e5bfb5356bef0996",
          "flat responses": "65bd174ffc142679be00f83d9a5046e2870b64748f2628484891cacc65d6b9b7",
          "image responses": "a5524f5e742243a3f8504b5b30ecdab45c8c335e13433687f202d3a0a2cb68be",
          "mean": "125febd817a9ff0445a35e17d0485668f5d0082b338514f7ee05885a72b8ae21",
          "mean responses": "a1cbf37315a837fa25a6d9098365768462cd64cd46cc24ce2a3788677d2cc31d",
          "null responses": "0fb1bacbb1b1d467ff2623a4fbe02a3abbc6d8484b369eb75e49121d30179fbd",
          "position": "08c558a97e030f849d2967a9a4eaa491805c4a9231d4be3efff588573b0d77e1",
          "profile": "a35e9f5f484add642a5d12ee10cd0cada60821fde25ee94762ddfc0f32bca9b7",
          "resample": "d432318912a37315fb84107366006db3cc5bfb9433fb646d77489fcc48d1731b",
          "several": "06d80b1fa238e108ad4f2dd2da4722e57d884365e03bc5f8ba8e5172dd1f39b6",
          "unit baseline": "d8b90dc43a4ca0c5889a67a9b0c84ebc2740930c10cee1c90ec6a7bbf416410d",
          "unit cell": "c8c621c70e636feff53a763cc4382a131b862417ba3a0d7b4273c84f421a0c2c",
          "zero": "349417fc9532a1ef15e6a90d723802cb634871a76dd757adcd68d96f4634501a",
        },
        "semantics": 4,
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
