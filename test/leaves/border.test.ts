import { describe, expect, test } from 'vitest';
import { atPlace, withinBorder, type Foreign } from '../../core/border.js';
import { PercussError } from '../../core/errors.js';

const foreign: Foreign = { what: 'model "x"', file: 'x.onnx', format: 'an ONNX model' };

const thrown = (parse: () => unknown): unknown => {
  try {
    parse();
  } catch (error) {
    return error;
  }
  return undefined;
};

describe('a border around a parser', () => {
  test.each<[string, () => unknown]>([
    ['a TypeError', () => (undefined as unknown as { x: { y: number } }).x.y],
    ['a RangeError', () => new Float32Array(-1)],
    [
      'an endless recursion',
      () =>
        (function again(): number {
          return 1 + again();
        })(),
    ],
    [
      'a bug that names itself so',
      () => {
        throw new PercussError('BUG', 'ours');
      },
    ],
  ])('makes %s FILE_DAMAGED with file and cause', (_, parse) => {
    const error = thrown(() => withinBorder(foreign, parse));
    expect(error).toMatchObject({ code: 'FILE_DAMAGED', details: { file: 'x.onnx' }, cause: expect.anything() });
    expect((error as Error).message).toMatch(/^model "x": x\.onnx is damaged, or is not an ONNX model/);
  });

  test('holds for promises', async () => {
    const parse = async (): Promise<never> => Promise.reject(new TypeError('no'));
    await expect(withinBorder(foreign, parse)).rejects.toMatchObject({ code: 'FILE_DAMAGED' });
    await expect(withinBorder(foreign, async () => 3)).resolves.toBe(3);
  });

  test('lets pass what the parser foresees, and adds the file', () => {
    const foreseen = new PercussError('MODEL_UNSUPPORTED', 'no such operator', { details: { model: 'x' } });
    const error = thrown(() =>
      withinBorder(foreign, () => {
        throw foreseen;
      }),
    );
    expect(error).toMatchObject({
      code: 'MODEL_UNSUPPORTED',
      message: 'no such operator',
      details: { model: 'x', file: 'x.onnx' },
    });
    const placed = new PercussError('FILE_MISSING', 'a shard', { details: { file: 'shard.bin' } });
    expect(
      thrown(() =>
        withinBorder(foreign, () => {
          throw placed;
        }),
      ),
    ).toBe(placed);
  });

  test('tells the innermost place', () => {
    const parse = (): unknown => atPlace('node "a"', () => atPlace('its weight', () => new Float32Array(-1)));
    const error = thrown(() => withinBorder(foreign, parse));
    expect(error).toMatchObject({ details: { place: 'its weight' }, cause: expect.any(RangeError) });
    expect((error as Error).message).toContain('it cannot be read at its weight');
  });

  test('gives back what was parsed', () => expect(withinBorder(foreign, () => 3)).toBe(3));
});
