import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { constants, deflateRawSync } from 'node:zlib';
import { describe, expect, test } from 'vitest';
import { importNetwork, networkFiles } from '../../core/import/import-network.js';
import { readArchive } from '../../core/import/keras/archive.js';
import { crc32, zipOf, type ZipFile } from './zip-archive.js';

const names = ['metadata.json', 'config.json', 'model.weights.h5'];
const real = await readArchive(
  'net',
  readFileSync(fileURLToPath(new URL('fixtures/networks/keras3-adapted.keras', import.meta.url))),
  names,
);

const honest = (name: string): ZipFile => {
  const bytes = real.get(name) as Uint8Array;
  return { name, stored: bytes, size: bytes.length, crc: crc32(bytes) };
};
const files = names.map(honest);

/** The real archive with other headers or contents of one file. */
const instead = (name: string, other: Partial<ZipFile>): Uint8Array =>
  zipOf(files.map((file) => (file.name === name ? { ...file, ...other } : file)));

async function imported(bytes: Uint8Array): Promise<number> {
  const reader = { own: () => Promise.resolve(bytes), beside: () => Promise.reject(new Error('nothing is beside it')) };
  const graph = await importNetwork('net', 'keras', await networkFiles('keras', 'net.keras', reader), 'net.keras');
  return graph.nodes.length;
}

const step = deflateRawSync(new Uint8Array(2 ** 26), { finishFlush: constants.Z_FULL_FLUSH });
/** 63 times 64 MiB, in 4 MB. */
const zeros: Partial<ZipFile> = {
  stored: Buffer.concat([...Array.from({ length: 63 }, () => step), Buffer.from([3, 0])]),
  deflated: true,
  size: 63 * 2 ** 26,
};

describe('a .keras archive', { timeout: 30_000 }, () => {
  test('that says what is true is read', async () => {
    expect(await imported(zipOf(files))).toBeGreaterThan(3);
    const config = real.get('config.json') as Uint8Array;
    expect(await imported(instead('config.json', { stored: deflateRawSync(config), deflated: true }))).toBeGreaterThan(
      3,
    );
  });

  test.each<readonly [string, string, () => Uint8Array]>([
    [
      'whose files overlap',
      'FILE_DAMAGED',
      () => instead('model.weights.h5', { ...honest('metadata.json'), name: 'model.weights.h5', atFirst: true }),
    ],
    ['with a file that says too little', 'FILE_DAMAGED', () => instead('config.json', { size: 10 })],
    [
      'with a packed file that says too little',
      'FILE_DAMAGED',
      () =>
        instead('config.json', {
          stored: deflateRawSync(real.get('config.json') as Uint8Array),
          deflated: true,
          size: 10,
        }),
    ],
    ['with a file that says too much', 'FILE_DAMAGED', () => instead('config.json', { size: 1_000_000 })],
    ['with a file that says 4 GB', 'LIMIT_EXCEEDED', () => instead('config.json', { size: 63 * 2 ** 26 })],
    ['with a file whose check sum is wrong', 'FILE_DAMAGED', () => instead('config.json', { crc: 1 })],
    ['with a file twice', 'FILE_DAMAGED', () => zipOf([...files, honest('config.json')])],
    ['with 4 GB of zeros', 'LIMIT_EXCEEDED', () => instead('model.weights.h5', zeros)],
    [
      'with 4 GB of zeros that it says are few',
      'FILE_DAMAGED',
      () => instead('model.weights.h5', { ...zeros, size: 9_000 }),
    ],
    [
      'with more files than may be',
      'LIMIT_EXCEEDED',
      () =>
        zipOf([...Array.from({ length: 1_001 }, (_, i) => ({ ...honest('metadata.json'), name: `${i}` })), ...files]),
    ],
  ])('%s: %s', async (_, code, archive) => {
    await expect(imported(archive())).rejects.toMatchObject({ code });
  });
});
