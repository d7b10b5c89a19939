import fc from 'fast-check';
import { TensorProto_DataType as T } from 'onnx-buf';
import { expect, test } from 'vitest';
import { narrowed } from '../../core/import/onnx/narrow-float.js';
import { halfValue, toHalves } from '../../experiments/zoo/halves.js';

const bitsOf = (...values: number[]): number[] => {
  const bytes = toHalves(Float32Array.from(values));
  const view = new DataView(bytes.buffer);
  return values.map((_, i) => view.getUint16(2 * i, true));
};

test('every half keeps its bits', () => {
  const all = Array.from({ length: 2 ** 16 }, (_, bits) => bits).filter((bits) => !Number.isNaN(halfValue(bits)));
  expect(all.length).toBe(2 ** 16 - 2 * 1023);
  // 0x8000 is −0, which a float32 has, too.
  expect(bitsOf(...all.map(halfValue))).toEqual(all);
});

test('some halves are what IEEE 754 says', () => {
  expect([0x3c00, 0xc000, 0x7bff, 0x0400, 0x0001, 0x3555].map(halfValue)).toEqual([
    1,
    -2,
    65504,
    2 ** -14,
    2 ** -24,
    0.333251953125,
  ]);
  expect(bitsOf(0.1, 65520, -1e9, 1e-9, NaN)).toEqual([0x2e66, 0x7c00, 0xfc00, 0, 0x7e00]);
});

test('any other number becomes the nearest one', () => {
  const half = narrowed(T.FLOAT16) as (x: number) => number;
  fc.assert(
    fc.property(fc.float({ noNaN: true, min: -70000, max: 70000 }), (x) => {
      expect(halfValue(bitsOf(x)[0] as number) + 0).toBe(half(x) + 0);
    }),
    { numRuns: 2000 },
  );
});
