import { nullsSpec } from '../builders/specs.js';
import type { UnitGroup } from '../../core/plan/stage.js';
import { describe, expect, test } from 'vitest';
import type { Edit } from '../../core/plan/condition.js';
import { cellKey, resultKey, SEMANTICS } from '../../core/plan/identity.js';
import { impulseIdentity } from '../../core/plan/impulses.js';
import { impulseGroup, unitKey, type ModelOutline } from '../../core/plan/outline.js';
import { outlinesOf } from './outlines.js';
import { fills } from '../../core/spec/words/fills.js';
import { ablationSpec, impulseSpec } from '../builders/specs.js';

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
  substitute: [{ site: 'layer1.0.conv1', channels: [3], fill: fills.substitute.of(reference, 0) }],
  'substitute, earlier': [{ site: 'conv2', channels: [3, 4], fill: fills['substitute-earlier'].of(reference, 0) }],
  several: [
    { site: 'conv1', channels: [0, 1], fill: { kind: 'zero' } },
    { site: 'layer3.2.conv2', channels: [63], fill: { kind: 'zero' } },
  ],
};

const RAISE =
  'the content of a key has changed: cells that are stored already would be computed again, or taken for others. ' +
  'If that is meant, raise SEMANTICS in core/plan/identity.ts and record the new keys here';

describe('keys', () => {
  // Within each test, not before them: mutation testing sees what a test runs.
  const told = ablationSpec({ models: ['small'], name: 'told', fill: ['substitute'] });
  const outlined = (): ModelOutline =>
    outlinesOf({
      ablations: [ablationSpec({ models: ['small'], fill: ['zero', 'resample'] }), told],
      impulses: [impulseSpec(), impulseSpec({ name: 'images', bases: { images: 2 }, positions: 'phases' })],
      nulls: nullsSpec({ shuffled: 1 }),
    })[0] as ModelOutline;

  test('are the ones that they were when cells were first stored', () => {
    const outline = outlined();
    const unit = (kind: UnitGroup['kind'], name: string, index: number): string =>
      unitKey(
        outline,
        7,
        { kind, model: 'small', name, chunk: kind === 'cells' || kind === 'baseline' ? 1 : -1 },
        index,
      );
    const keys = {
      ...Object.fromEntries(Object.entries(cells).map(([name, edits]) => [name, cellKey(scope, chunk, edits)])),
      profile: unit('profile', '', 0),
      moments: unit('moments', '', 1),
      'unit baseline': unit('baseline', '', 0),
      'unit cell': unit('cells', 'a', 5),
      'flat responses': unit('responses', 'plain', 0),
      'mean responses': unit('responses', 'plain', 1),
      'image responses': unit('responses', 'images', 0),
      'null responses': unit('nulls', 'images', 0),
    };
    expect({ semantics: SEMANTICS, keys }, RAISE).toMatchInlineSnapshot(`
      {
        "keys": {
          "baseline": "df01451732343a6046ecc3f06c2456e5c8094c3dabd8801c54f23fa51d9d71a6",
          "flat responses": "ba27d426ecb2a0e7be274f7bbbd7b9491b944072e3c4b532da81376b7ef0746c",
          "image responses": "bbec662f818fcdab6dffda967a599412e135496103dbc30d3f999e03c84c7f29",
          "mean": "1733f3530c9ce2e879b10f6d44b9b90b24c87e84288d3529d2e74a2e2232ef2d",
          "mean responses": "e732cbb0745f14345067ed47cfb943c22b03eb2c335aa5967dfd62990683b60f",
          "moments": "335619bc30d7ee36c3da5f3d170df2d9dff0ca98d2aa25471ff94294e57f56c8",
          "null responses": "cd995ae3ac56fb41e69880dd19a95d0d29a70c3f5679903f11c1c06e9887c18d",
          "position": "fb4843630c50bef9696e26666edd337244a971f648b437580f71e0bb5b3b6b8f",
          "profile": "35588e45557bc19345449969b5135fca5c17ebc13deeedc664cd1d9d7a062ad6",
          "resample": "fef968351d9785d342b97af4fe6f6f8fc571d9e43d81cb737ddbecd0b8406be9",
          "several": "d30b7e09015229b82db3835319759aef27bed104f49a5ffd4a64f80ede216983",
          "substitute": "75caefa102bac8b7453064bb0aa620255e9493433a3e3700b739809c5043f557",
          "substitute, earlier": "352e1b84f4015dbe5044211a7840d474bbc95979260b20ab9dde4d321c7a8b4d",
          "unit baseline": "9c12a451eb5da11acca2ce6bb42e36530bc85783404eeed468db579e99d9c85d",
          "unit cell": "dd9048c850e58930615703f0f924b80da2ae177b975025dd9738ab5df707be21",
          "zero": "949cf7f3bb05346f905170194ac442c2ecad2e98747d805d3016176a226e2dec",
        },
        "semantics": 8,
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
      resultKey('response', scope, impulseIdentity(impulseGroup(outlined(), 'plain', 0), reference)),
    ];
    expect(new Set(others).size).toBe(others.length);
  });

  test('do not depend on the order in which members were written', () => {
    const one = { site: 's', channels: [1], fill: { kind: 'zero' } } as const;
    const other = { fill: { kind: 'zero' }, channels: [1], site: 's' } as const;
    expect(cellKey(scope, chunk, [one])).toBe(cellKey(scope, chunk, [other]));
  });
});
