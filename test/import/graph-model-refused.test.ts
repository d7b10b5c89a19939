import { describe, expect, test } from 'vitest';
import { importTfjs } from '../../core/import/tfjs/import-layers-model.js';
import { GraphDraft } from './fixtures/graph-model.js';

import { plain } from './graph-model-cases.js';
import { converted } from './graph-model-runs.js';

describe('a graph model that cannot be read is refused in one message', () => {
  const refusal = (build: (g: GraphDraft) => string): unknown => {
    const g = new GraphDraft();
    try {
      return importTfjs('strange', g.files({ output: build(g) }));
    } catch (error) {
      return error;
    }
  };

  test('that names every node, its operator and why', () => {
    const error = refusal((g) => {
      const x = g.input([-1, 4, 4, 2]);
      const one = g.node('ResizeBilinear', [x, g.ints([8, 8])], {}, 'decoder/up');
      const two = g.node('MirrorPad', [x, g.ints([0, 0, 1, 1, 1, 1, 0, 0], [4, 2])], { mode: 'SYMMETRIC' }, 'pad');
      const three = g.node(
        'FusedBatchNormV3',
        [x, ...[1, 2, 3, 4].map(() => g.weights([2]))],
        { is_training: true },
        'bn',
      );
      return g.node('AddN', [one, two, three]);
    });
    expect(error).toMatchObject({
      code: 'MODEL_UNSUPPORTED',
      details: { operators: 'ResizeBilinear, MirrorPad, FusedBatchNormV3' },
    });
    expect((error as Error).message).toMatch(/ResizeBilinear \(node "decoder\/up"\)\n/);
    expect((error as Error).message).toMatch(/MirrorPad \(node "pad"\): mode SYMMETRIC/);
    expect((error as Error).message).toMatch(/FusedBatchNormV3 \(node "bn"\): it is in training mode/);
  });

  test.each<[string, RegExp, (g: GraphDraft) => string]>([
    [
      'an input of open size',
      /only the number of images may be open/,
      (g) => g.node('Relu', [g.input([-1, -1, -1, 3])]),
    ],
    [
      'an input of whole numbers',
      /holds int32; export/,
      (g) => g.node('Relu', [g.input([-1, 4, 4, 3], 'images', 'DT_INT32')]),
    ],
    [
      'a part of the images',
      /it takes a part of the images/,
      (g) => g.node('Slice', [g.input([-1, 4]), g.ints([1, 0]), g.ints([1, -1])]),
    ],
    [
      'images that are mixed',
      /images are no longer apart/,
      (g) => g.node('Reshape', [g.input([-1, 4, 6]), g.ints([-1, 8])]),
    ],
    ['a sum over images', /along the images' axis/, (g) => g.node('Mean', [g.input([-1, 4]), g.ints([0])])],
    [
      'weights that are computed',
      /its kernels must be constant/,
      (g) => {
        const x = g.input([-1, 4, 4, 3]);
        return g.node('Conv2D', [x, x], plain);
      },
    ],
  ])('%s', (_, message, build) => {
    expect(refusal(build)).toMatchObject({ code: 'MODEL_UNSUPPORTED', message: expect.stringMatching(message) });
  });

  test('a node that is not there, a weight that ends early', () => {
    expect(refusal((g) => g.node('Relu', ['nowhere']))).toMatchObject({ code: 'MODEL_INVALID' });
    const files = new Map(converted('mobile'));
    files.set('group1-shard1of1.bin', (files.get('group1-shard1of1.bin') as Uint8Array).slice(0, 100));
    expect(() => importTfjs('short', files)).toThrow(/end before the weight/);
  });
});

describe('only what leads to the answer must be supported', () => {
  const detector = (second: boolean): GraphDraft => {
    const g = new GraphDraft();
    const map = g.node('Relu', [g.input([-1, 4, 4, 2])], {}, 'map');
    g.node('NonMaxSuppressionV3', [map], {}, 'boxes');
    g.node('Mean', [map, g.ints([1, 2])], {}, 'scores');
    g.node('Max', [map, g.ints([1, 2])], {}, 'peaks');
    if (second) g.node('AddV2', [map, g.input([-1, 4, 4, 2], 'second')], {}, 'both');
    return g;
  };

  test('outputs that cannot be read are left out, unless one of them is asked for', () => {
    const files = detector(false).files({ boxes: 'boxes', peaks: 'peaks', scores: 'scores' });
    expect(importTfjs('detector', files).outputs).toEqual(['peaks', 'scores']);
    expect(() => importTfjs('detector', files, 'boxes')).toThrow(/NonMaxSuppressionV3 \(node "boxes"\)/);
  });

  test('an input that the answer does not need is none', () => {
    const files = detector(true).files({ both: 'both', scores: 'scores' });
    expect(importTfjs('detector', files)).toMatchObject({ inputs: [{ id: 'images' }], outputs: ['scores'] });
    expect(importTfjs('detector', files, 'both').inputs).toHaveLength(2);
  });
});
