import * as tf from '@tensorflow/tfjs-core';
import fc from 'fast-check';
import { beforeAll, describe, expect, test } from 'vitest';
import {
  aligned,
  channelsLast,
  inNaturalOrder,
  natural,
  reshaped,
  shapeOf,
  type Laid,
} from '../../core/engine/tfjs/laid.js';
import { tfjsJs } from './engines.js';

/** 0, 1, 2, … in a shape, its axes stored in an order. */
function counted(shape: readonly number[], order: readonly number[]): Laid {
  const size = shape.reduce((a, b) => a * b, 1);
  const rows = tf.tensor(
    Float32Array.from({ length: size }, (_, i) => i),
    [...shape],
  );
  return { tensor: tf.transpose(rows, [...order]), order };
}

const inOrder = (x: Laid): number[] => [...inNaturalOrder(x).dataSync()];

const stored = fc.array(fc.constantFrom(1, 1, 2, 3, 4), { minLength: 1, maxLength: 5 }).chain((shape) =>
  fc.record({
    shape: fc.constant(shape),
    order: fc.shuffledSubarray(
      shape.map((_, axis) => axis),
      { minLength: shape.length },
    ),
  }),
);

describe('a tensor that is stored in another order than its axes are counted', () => {
  beforeAll(async () => {
    await tfjsJs.open();
  });

  test('holds the same elements after any reshape', () => {
    const targets = (shape: readonly number[]): readonly (readonly number[])[] => {
      const size = shape.reduce((a, b) => a * b, 1);
      const divisors = [1, 2, 3, 4, 6, 8, 12].filter((divisor) => size % divisor === 0);
      return [
        [size],
        ...divisors.flatMap((d) => [
          [d, size / d],
          [1, size / d, d],
          [size / d, 1, d, 1],
        ]),
      ];
    };
    fc.assert(
      fc.property(stored, ({ shape, order }) => {
        tf.tidy(() => {
          const x = counted(shape, order);
          for (const target of targets(shape)) {
            const y = reshaped(x, target);
            expect(shapeOf(y)).toEqual(target);
            expect(inOrder(y)).toEqual(inOrder(x));
          }
        });
      }),
      { numRuns: 150, seed: 3 },
    );
  });

  test('moves nothing where conditions and images become rows while channels are stored last', async () => {
    const [x, pooled] = [counted([6, 3, 2, 2], channelsLast), counted([6, 3, 1, 1], channelsLast)];
    const { kernels } = await tf.profile(() => {
      const raised = reshaped(reshaped(x, [1, 6, 3, 2, 2]), [2, 3, 3, 2, 2]);
      expect(raised.order).toEqual([0, 1, 3, 4, 2]);
      expect(reshaped(raised, [6, 3, 2, 2]).order).toEqual(channelsLast);
      expect(reshaped(pooled, [6, 3]).order).toEqual([0, 1]);
      return x.tensor;
    });
    expect(kernels.map(({ name }) => name)).not.toContain('Transpose');
  });

  test('is aligned with others as broadcasting aligns axes', () => {
    fc.assert(
      fc.property(stored, fc.nat(4), ({ shape, order }, dropped) => {
        tf.tidy(() => {
          const x = counted(shape, order);
          const own = shape.slice(Math.min(dropped, shape.length - 1)).map((dim, axis) => (axis % 2 === 0 ? dim : 1));
          const other = natural(tf.fill([...own], 2));
          const { tensors, order: common } = aligned([x, other]);
          const product = { tensor: tf.mul(tensors[0] as tf.Tensor, tensors[1] as tf.Tensor), order: common };
          expect(shapeOf(product)).toEqual(shape);
          expect(inOrder(product)).toEqual(inOrder(x).map((value) => 2 * value));
        });
      }),
      { numRuns: 100, seed: 3 },
    );
  });
});
