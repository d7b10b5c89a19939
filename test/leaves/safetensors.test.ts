import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { PercussError } from '../../core/errors.js';
import { decodeSafetensors, encodeSafetensors } from '../../core/safetensors.js';
import { tensor } from '../../core/tensor.js';
import type { Tensor } from '../../core/tensor.js';

const all = new Map<string, Tensor>([
  ['labels', tensor('uint16', [3], Uint16Array.of(1, 2, 65535))],
  ['mask', tensor('bool', [3], Uint8Array.of(1, 0, 1))],
  ['pixels', tensor('uint8', [1, 3], Uint8Array.of(0, 128, 255))],
  ['loss', tensor('float32', [2], Float32Array.of(0.5, -1.25))],
  ['sum', tensor('float64', [], Float64Array.of(Math.PI))],
  ['count', tensor('int64', [1], BigInt64Array.of(-(2n ** 40n)))],
  ['index', tensor('int32', [2, 0], new Int32Array(0))],
]);
const metadata = { unit: 'natural logarithm', key: 'ä"\\' };

/**
 * Written by safetensors 0.8.0 for Python: `safetensors.numpy.save({'b': uint16 [1, 2, 3], 'a': float32 [[1.5], [-2]]},
 * metadata={'k': 'v'})`.
 */
const fromPython =
  'iAAAAAAAAAB7Il9fbWV0YWRhdGFfXyI6eyJrIjoidiJ9LCJhIjp7ImR0eXBlIjoiRjMyIiwic2hhcGUiOlsyLDFdLCJkYXRhX29mZnNldHMiOlswLDhdfSwiYiI6eyJkdHlwZSI6IlUxNiIsInNoYXBlIjpbM10sImRhdGFfb2Zmc2V0cyI6WzgsMTRdfX0gAADAPwAAAMABAAIAAwA=';

const damageOf = (bytes: Uint8Array): string => {
  try {
    decodeSafetensors(bytes, 'cells/x');
  } catch (error) {
    if (error instanceof PercussError && error.code === 'OBJECT_DAMAGED') return error.message;
    throw error;
  }
  throw new Error('decoded');
};

describe('safetensors', () => {
  test('gives back every element type, shape and metadata entry', () => {
    const { tensors, metadata: read } = decodeSafetensors(encodeSafetensors(all, metadata));
    expect(new Map([...tensors].sort())).toEqual(new Map([...all].sort()));
    expect(read).toEqual(metadata);
  });

  test('is read the same from bytes that are not aligned', () => {
    const bytes = encodeSafetensors(all, metadata);
    for (const shifted of [new Uint8Array(bytes.length + 3).subarray(3), Buffer.alloc(bytes.length + 3).subarray(3)]) {
      shifted.set(bytes);
      expect(decodeSafetensors(shifted).tensors).toEqual(decodeSafetensors(bytes).tensors);
    }
  });

  test('gives the same bytes whatever the order of insertion', () => {
    const bytes = encodeSafetensors(all, metadata);
    const reversed = encodeSafetensors(new Map([...all].reverse()), { key: metadata.key, unit: metadata.unit });
    expect(Buffer.from(reversed).equals(bytes)).toBe(true);
  });

  test('agrees byte for byte with the Python package', () => {
    const bytes = Buffer.from(fromPython, 'base64');
    const { tensors, metadata: read } = decodeSafetensors(bytes);
    expect(read).toEqual({ k: 'v' });
    expect(tensors.get('a')).toEqual(tensor('float32', [2, 1], Float32Array.of(1.5, -2)));
    expect(tensors.get('b')).toEqual(tensor('uint16', [3], Uint16Array.of(1, 2, 3)));
    expect(Buffer.from(encodeSafetensors(tensors, read)).toString('base64')).toBe(fromPython);
  });

  test('every truncation and every added byte is noticed', () => {
    const bytes = encodeSafetensors(all, metadata);
    for (let length = 0; length < bytes.length; length++) damageOf(bytes.subarray(0, length));
    expect(damageOf(Buffer.concat([bytes, Buffer.of(0)]))).toContain('1 bytes follow its last tensor');
  });

  test('a damaged header is a typed error that names the object, or leaves the shapes consistent', () => {
    const bytes = encodeSafetensors(all, metadata);
    fc.assert(
      fc.property(fc.nat({ max: 399 }), fc.integer({ min: 1, max: 255 }), (at, mask) => {
        const damaged = Uint8Array.from(bytes);
        damaged[at] = (damaged[at] as number) ^ mask;
        try {
          for (const { shape, data } of decodeSafetensors(damaged, 'cells/x').tensors.values()) {
            expect(data.length).toBe(shape.reduce((a, b) => a * b, 1));
          }
        } catch (error) {
          expect(error).toMatchObject({ code: 'OBJECT_DAMAGED', message: expect.stringContaining('cells/x') });
        }
      }),
    );
  });

  test('an unknown element type is named', () => {
    const bytes = Buffer.from(encodeSafetensors(new Map([['x', tensor('uint16', [1], Uint16Array.of(1))]])));
    expect(damageOf(Buffer.from(bytes.toString('latin1').replace('U16', 'F16'), 'latin1'))).toContain('"F16"');
  });

  describe('whose header is', () => {
    /** A file of 8 bytes of data behind a header. */
    const withHeader = (json: string | Uint8Array, length?: bigint): Uint8Array => {
      const header = Buffer.from(json);
      const start = Buffer.alloc(8);
      start.writeBigUInt64LE(length ?? BigInt(header.length));
      return Buffer.concat([start, header, Buffer.alloc(8)]);
    };
    const entry = (more: object): string =>
      JSON.stringify({ x: { dtype: 'F64', shape: [1], data_offsets: [0, 8], ...more } });
    const deep = `${'['.repeat(100_000)}${']'.repeat(100_000)}`;

    test('right is read, whatever its tensors are called', () => {
      for (const name of ['__proto__', 'constructor', 'toString', '']) {
        const text = entry({}).replace('"x"', JSON.stringify(name));
        expect([...decodeSafetensors(withHeader(text)).tensors.keys()]).toEqual([name]);
      }
      const { metadata: read } = decodeSafetensors(withHeader(entry({}).replace('{', '{"__metadata__":{"a":"b"},')));
      expect(read['a']).toBe('b');
      expect(read['constructor']).toBeUndefined();
      expect(read['__proto__']).toBeUndefined();
    });

    test.each([
      ['no UTF-8', withHeader(Uint8Array.of(0x7b, 0x22, 0xff, 0xfe, 0x22, 0x7d))],
      ['no JSON', withHeader('{')],
      ['null', withHeader('null')],
      ['a list', withHeader('[]')],
      ['a number', withHeader('7')],
      ['nested 100,000 deep', withHeader(deep)],
      ['a shape nested 100,000 deep', withHeader(entry({}).replace('[1]', deep))],
      ['an element type nested 100,000 deep', withHeader(entry({}).replace('"F64"', deep))],
      ['offsets nested 100,000 deep', withHeader(entry({}).replace('[0,8]', deep))],
      ['offsets of 100,000 characters', withHeader(entry({ data_offsets: 'x'.repeat(100_000) }))],
      ['a name of 100,000 characters', withHeader(entry({ dtype: 'F16' }).replace('"x"', `"${'x'.repeat(100_000)}"`))],
      ['longer than the file', withHeader(entry({}), 2n ** 40n)],
      ['of 2^64 − 1 bytes', withHeader(entry({}), 2n ** 64n - 1n)],
      ['of a tensor that is null', withHeader('{"x":null}')],
      ['of a tensor that is a list', withHeader('{"x":[]}')],
      ['of an element type of prototypes', withHeader(entry({ dtype: 'constructor' }))],
      [
        'of members that prototypes have',
        withHeader('{"x":{"__proto__":{"dtype":"F64","shape":[1],"data_offsets":[0,8]}}}'),
      ],
      ['of a size above 2^53', withHeader(entry({ shape: [2 ** 53] }))],
      ['of sizes whose product is above 2^53', withHeader(entry({ shape: [2 ** 52, 2 ** 52, 2 ** 52] }))],
      ['of sizes whose product is beyond all numbers', withHeader(entry({ shape: Array<number>(30).fill(2 ** 52) }))],
      [
        'of such a product times zero',
        withHeader(entry({ shape: [...Array<number>(30).fill(2 ** 52), 0], data_offsets: [0, 0] })),
      ],
      ['of an end above 2^53', withHeader(entry({ shape: [2 ** 50], data_offsets: [0, 2 ** 53] }))],
      ['of 100,000 axes', withHeader(entry({ shape: Array<number>(100_000).fill(1) }))],
      ['of a negative size', withHeader(entry({ shape: [-1] }))],
      ['of half a size', withHeader(entry({ shape: [0.5] }))],
      ['of a size as text', withHeader(entry({ shape: ['1'] }))],
      ['of offsets that go back', withHeader(entry({ data_offsets: [8, 0] }))],
      ['of three offsets', withHeader(entry({ data_offsets: [0, 8, 8] }))],
      ['of metadata that are numbers', withHeader(entry({}).replace('{', '{"__metadata__":{"a":1},'))],
      ['of metadata that are null', withHeader(entry({}).replace('{', '{"__metadata__":null,'))],
    ])('%s is a typed error of a few words', (_, bytes) => {
      expect(damageOf(bytes).length).toBeLessThan(500);
    });
  });
});
