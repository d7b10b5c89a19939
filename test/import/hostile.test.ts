import { fileURLToPath } from 'node:url';
import { describe, expect, test } from 'vitest';
import { isPercussError } from '../../core/errors.js';
import { anatomyOf } from '../../core/anatomy/anatomy.js';
import { describeNetwork } from '../../core/anatomy/describe.js';
import { formatOf, importNetwork, networkFiles } from '../../core/import/import-network.js';
import { networkReader } from '../../core/study/preparing/input-files.js';

/** Reads a file as `percuss inspect` does. */
async function inspected(name: string): Promise<string> {
  const file = fileURLToPath(new URL(`fixtures/hostile/${name}`, import.meta.url));
  const format = formatOf(file);
  try {
    const files = await networkFiles(format, file, networkReader);
    const graph = await importNetwork('net', format, files, file);
    describeNetwork(graph, anatomyOf(graph));
    return 'accepted';
  } catch (error) {
    if (!isPercussError(error)) throw error;
    return error.code;
  }
}

/** Files that once took minutes, gigabytes, or ended in an exception of the parser's. */
describe('a hostile file is refused, with the code that it deserves', { timeout: 30_000 }, () => {
  test.each([
    ['dim-1e8.onnx', 'LIMIT_EXCEEDED'],
    ['dim-2e31-hang.onnx', 'LIMIT_EXCEEDED'],
    ['range-1e9.onnx', 'LIMIT_EXCEEDED'],
    ['dup-init.onnx', 'MODEL_INVALID'],
    ['self-alias.onnx', 'MODEL_INVALID'],
    ['op-constructor.onnx', 'MODEL_UNSUPPORTED'],
    ['op-toString.onnx', 'MODEL_UNSUPPORTED'],
    ['mutant-1-829.onnx', 'MODEL_UNSUPPORTED'],
    ['mutant-10-8813.onnx', 'MODEL_UNSUPPORTED'],
    ['mutant-12-18105.onnx', 'MODEL_UNSUPPORTED'],
    ['mutant-2-846.onnx', 'LIMIT_EXCEEDED'],
    ['mutant-4-2880.onnx', 'MODEL_UNSUPPORTED'],
    ['mutant-5-5445.onnx', 'MODEL_UNSUPPORTED'],
    ['mutant-7-6577.onnx', 'LIMIT_EXCEEDED'],
    ['tfjs-traversal/model.json', 'FILE_DAMAGED'],
    ['mutant-tfjs-4-2907/model.json', 'MODEL_INVALID'],
    ['mutant-tfjs-6-6714/model.json', 'MODEL_UNSUPPORTED'],
    ['mutant-tfjs-9-11445/model.json', 'FILE_DAMAGED'],
    ['hang-hdf5.h5', 'LIMIT_EXCEEDED'],
    ['h5-2GB.h5', 'FILE_DAMAGED'],
    ['name-not-defined.h5', 'FILE_DAMAGED'],
    ['json-damaged.h5', 'FILE_DAMAGED'],
    ['wasm-oob.h5', 'FILE_DAMAGED'],
    ['mutant-0-1.h5', 'FILE_DAMAGED'],
    ['mutant-2-133.h5', 'LIMIT_EXCEEDED'],
    ['mutant-5-815.h5', 'FILE_DAMAGED'],
    ['count-mismatch.keras', 'FILE_DAMAGED'],
  ])('%s: %s', async (name, code) => {
    expect(await inspected(name)).toBe(code);
  });
});
