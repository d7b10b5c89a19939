import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { cropOf, cropped, CROP_TOLERANCE, uncropped } from '../../core/probe/crop.js';
import { float32, type Tensor } from '../../core/tensor.js';

const maps = fc
  .record({
    channels: fc.integer({ min: 1, max: 3 }),
    height: fc.integer({ min: 1, max: 6 }),
    width: fc.integer({ min: 1, max: 6 }),
  })
  .chain(({ channels, height, width }) =>
    fc
      .array(fc.oneof({ weight: 4, arbitrary: fc.constant(0) }, fc.float({ min: -9, max: 9, noNaN: true })), {
        minLength: channels * height * width,
        maxLength: channels * height * width,
      })
      .map((data): Tensor<'float32'> => float32([channels, height, width], data)),
  );

describe('a crop', () => {
  test('holds everything: uncropped, a response is what it was', () => {
    fc.assert(
      fc.property(maps, (response) => {
        const [, height, width] = response.shape as [number, number, number];
        const crop = cropOf(response, 0);
        const part = cropped(response, crop);
        expect(part.shape).toEqual([response.shape[0], crop.height, crop.width]);
        // −0 and 0 are the same response.
        const whole = uncropped(part, crop, height, width);
        expect(whole.shape).toEqual(response.shape);
        whole.data.forEach((x, j) => expect(x + 0).toBe((response.data[j] as number) + 0));
      }),
    );
  });

  test('is the smallest: each of its four edges has an element that is not zero', () => {
    fc.assert(
      fc.property(maps, (response) => {
        const crop = cropOf(response, 0);
        const { data, shape } = cropped(response, crop);
        const [channels, height, width] = shape as [number, number, number];
        const any = (take: (y: number, x: number) => boolean): boolean =>
          data.some((value, j) => value !== 0 && take(Math.floor(j / width) % height, j % width));
        if (data.length === 0) {
          expect(crop).toEqual({ top: 0, left: 0, height: 0, width: 0 });
          expect(response.data.every((x) => x === 0)).toBe(true);
          return;
        }
        expect(channels).toBe(response.shape[0]);
        expect([any((y) => y === 0), any((y) => y === height - 1)]).toEqual([true, true]);
        expect([any((_, x) => x === 0), any((_, x) => x === width - 1)]).toEqual([true, true]);
      }),
    );
  });

  test('sets what is within rounding of the base to exactly zero, and nothing above', () => {
    const edge = Math.fround(CROP_TOLERANCE * 100);
    const above = edge * (1 + 2 ** -20);
    const response = float32([1, 1, 5], [edge, 0, above, -edge, -above]);
    expect(cropOf(response, 100)).toEqual({ top: 0, left: 2, height: 1, width: 3 });
    expect([...response.data]).toEqual([0, 0, Math.fround(above), 0, Math.fround(-above)]);
  });
});
