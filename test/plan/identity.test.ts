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
          "baseline": "6b951b5b85ecf7db84e6c46d72e2515cd677e3cbe622b948d552754bd74fbc86",
          "flat responses": "1bb3cbe52cab5c65b9d1dbc618e76a67c88e65f16469d300240d52bee903f7b2",
          "image responses": "62b55e167ddf90b555794ffb09844f5811aa8174ce1bd480d8add5a738113c2f",
          "mean": "08001d145bc797eb0d5bc9c3a902dcba208ce05f73d874cbc286a104d7ed51ae",
          "mean responses": "0db7042adcc622c7409595f1cdf64ecffc95ef4c9e66023b3c4d9a588e3af1c8",
          "null responses": "0f639b698744a5942ee5d3b82d120d1f2e6127142d62cdf4aad44630c82e58ae",
          "position": "40b242acd8be1d5c8ebe9acb1ef0b7611bd85aed41412ecb11d412201c25acd5",
          "profile": "b6e5a56b1863f7f6cf46dfe252660a63d947997712348d4fda59ec2d5f82a9cf",
          "resample": "f7f1b17afc66c99751321b22b3496ca1ff8f0c6b58ab8cdcf91ff4318c69dcad",
          "several": "b069186dcb67da8ef8b7b115e809c351c9eb232a25ff6dcd209497cf6ed642c4",
          "unit baseline": "39f3c6a6915b38ca429bfe2c6b08550633771b221ebd4658b084102523fa39a4",
          "unit cell": "90679e3927ac7574383a9a5204ea32c83182757801ef940a1103d32cf44024d6",
          "zero": "e6ae1eb3db593bd568548b49ae70c873c491b555cc11638c328f3aeef3ce05db",
        },
        "semantics": 7,
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
