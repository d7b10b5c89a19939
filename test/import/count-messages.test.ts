import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { fromBinary, isMessage } from '@bufbuild/protobuf';
import fc from 'fast-check';
import { ModelProtoSchema } from 'onnx-buf';
import { describe, expect, test } from 'vitest';
import { countMessages } from '../../core/import/onnx/count-messages.js';
import { decodeModel } from '../../core/import/onnx/decode.js';
import { limits } from '../../core/limits.js';

const real = new Uint8Array(
  readFileSync(fileURLToPath(new URL('fixtures/architectures/googlenet.dynamo.onnx', import.meta.url))),
);

/** Messages below a decoded one. */
function below(value: unknown): number {
  if (Array.isArray(value)) return value.reduce((sum: number, item) => sum + below(item), 0);
  if (typeof value !== 'object' || value === null || ArrayBuffer.isView(value)) return 0;
  const own = isMessage(value) ? 1 : 0;
  return own + Object.values(value).reduce((sum: number, item) => sum + below(item), 0);
}

function varint(value: number): number[] {
  return value > 127 ? [(value & 127) | 128, ...varint(Math.floor(value / 128))] : [value];
}

/** `times` fields of this number with this content, one after the other. */
function repeated(field: number, times: number, content: Uint8Array = new Uint8Array()): Uint8Array {
  const one = Buffer.concat([Buffer.from([...varint(field * 8 + 2), ...varint(content.length)]), content]);
  return new Uint8Array(Buffer.alloc(one.length * times, one));
}

describe('the messages of an ONNX file are counted before it is decoded', () => {
  test('as many as decoding makes', () => {
    const made = below(fromBinary(ModelProtoSchema, real)) - 1;
    expect(made).toBeGreaterThan(200);
    expect(countMessages(ModelProtoSchema, real, 1e9)).toBe(made);
  });

  test('no further than is asked for', () => {
    expect(countMessages(ModelProtoSchema, real, 100)).toBe(101);
  });

  test('to an end, whatever the bytes', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 400 }), fc.nat(real.length - 1), (bytes, at) => {
        const damaged = real.slice();
        damaged.set(bytes.subarray(0, damaged.length - at), at);
        for (const file of [bytes, damaged])
          expect(countMessages(ModelProtoSchema, file, 1e9)).toBeGreaterThanOrEqual(0);
      }),
    );
  });

  // Node, attribute, constant, described value, axis, remark, function: 700 kB each.
  test.each([
    ['nodes', repeated(7, 1, repeated(1, 350_000))],
    ['attributes', repeated(7, 1, repeated(1, 1, repeated(5, 350_000)))],
    ['constants', repeated(7, 1, repeated(5, 350_000))],
    ['described values', repeated(7, 1, repeated(13, 350_000))],
    ['axes', repeated(7, 1, repeated(11, 1, repeated(2, 1, repeated(1, 1, repeated(2, 1, repeated(1, 350_000))))))],
    ['remarks', repeated(14, 350_000)],
    ['functions', repeated(25, 350_000)],
    ['networks in attributes', repeated(7, 1, repeated(1, 1, repeated(5, 175_000, repeated(6, 1))))],
  ])('and too many %s are refused by the number', (_, file) => {
    expect(file.length).toBeLessThan(1_100_000);
    expect(() => decodeModel('net', file)).toThrow(
      expect.objectContaining({
        code: 'LIMIT_EXCEEDED',
        message: expect.stringContaining(`${limits.messages.value}`) as string,
      }) as Error,
    );
  });
});
