import { fromBinary, toBinary } from '@bufbuild/protobuf';
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { ModelProtoSchema, type ModelProto } from 'onnx-buf';
import { describe, expect, test } from 'vitest';
import { networkFiles } from '../../core/import/import-network.js';
import { externalFiles } from '../../core/import/onnx/external-data.js';
import { importOnnx } from '../../core/import/onnx/import-onnx.js';

/** Written by fixtures/external_data.py: one model as one file, and with its constants in a second one. */
const fixture = (file: string): Uint8Array =>
  readFileSync(fileURLToPath(new URL(`fixtures/networks/${file}`, import.meta.url)));

function changed(change: (model: ModelProto) => void): Uint8Array {
  const model = fromBinary(ModelProtoSchema, fixture('split.onnx'));
  change(model);
  return toBinary(ModelProtoSchema, model);
}

function relocated(location: string): Uint8Array {
  return changed((model) => {
    for (const { externalData } of model.graph?.initializer ?? []) {
      for (const entry of externalData) if (entry.key === 'location') entry.value = location;
    }
  });
}

describe('an ONNX model with its data in another file', () => {
  test('is the model that has it inside, whatever the width of its floats', async () => {
    const files = await networkFiles('onnx', 'somewhere/split.onnx', {
      own: (file) => Promise.resolve(fixture(file.replace('somewhere/', ''))),
      beside: (_, file) => Promise.resolve(fixture(file)),
    });
    expect([...files.keys()]).toEqual(['model.onnx', 'split.onnx.data']);
    const split = importOnnx('net', files.get('model.onnx') as Uint8Array, files);
    expect(split).toEqual(importOnnx('net', fixture('whole.onnx')));
  });

  test('says which file is missing, and what to do', () => {
    expect(() => importOnnx('net', fixture('split.onnx'))).toThrow(
      expect.objectContaining({
        code: 'FILE_MISSING',
        message: expect.stringMatching(/constant "weight".*"split\.onnx\.data", which is not beside the model/),
      }),
    );
  });

  test.each(['../secret.data', '/etc/passwd', 'a/../../b', 'C:/data', ''])(
    'never reads outside of its folder: %j',
    (location) => {
      expect(() => externalFiles('net', relocated(location))).toThrow(
        expect.objectContaining({
          code: 'FILE_DAMAGED',
          message: expect.stringContaining("no file in the model's own folder"),
        }),
      );
    },
  );

  test('is refused where that file ends before a constant does', () => {
    const short = new Map([['split.onnx.data', fixture('split.onnx.data').subarray(0, 100)]]);
    expect(() => importOnnx('net', fixture('split.onnx'), short)).toThrow(
      /bytes 0 to 216 of "split\.onnx\.data" were expected, but it holds 100/,
    );
  });
});

test.each([5, 27])('a model of opset %i, outside of what is read, is refused with the way to convert it', (opset) => {
  const bytes = changed((model) => {
    for (const entry of model.opsetImport) entry.version = BigInt(opset);
  });
  expect(() => importOnnx('net', bytes)).toThrow(
    expect.objectContaining({ code: 'MODEL_UNSUPPORTED', message: expect.stringContaining(`opset ${opset}`) }),
  );
});
