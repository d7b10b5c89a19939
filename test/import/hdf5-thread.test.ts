import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { readHdf5 } from '../../core/import/keras/hdf5.js';

const selection = { roots: [], skip: [], attributes: ['keras_version'] };
const fixture = (name: string): string => fileURLToPath(new URL(`fixtures/${name}`, import.meta.url));
const read = (name: string): Promise<unknown> => readHdf5('net', readFileSync(fixture(name)), selection);

let threads = 0;
const count = (): void => void (threads += 1);
beforeEach(() => {
  threads = 0;
  process.on('worker', count);
});
afterEach(() => void process.off('worker', count));

const good = 'networks/keras2-adapted.h5';

describe('HDF5 files are read by one thread', { timeout: 30_000 }, () => {
  test('one after the other, as each is alone, by the same thread', async () => {
    const first = await read(good);
    threads = 0;
    for (const name of ['networks/keras3-varied.h5', good, 'hostile/json-damaged.h5']) await read(name);
    await expect(readHdf5('net', new Uint8Array(2_000), selection)).rejects.toMatchObject({ code: 'FILE_DAMAGED' });
    expect(await read(good)).toEqual(first);
    expect(threads).toBe(0);
  });

  test.each([
    ['ran beyond its time', 'hang-hdf5.h5'],
    ['grew', 'h5-2GB.h5'],
  ])('but never after a file by which it %s', async (_, hostile) => {
    const first = await read(good);
    threads = 0;
    await read(`hostile/${hostile}`).catch(() => undefined);
    expect(await read(good)).toEqual(first);
    expect(threads).toBe(1);
  });

  test('at the same time, each by its own', async () => {
    const first = await read(good);
    threads = 0;
    expect(await Promise.all([read(good), read(good), read(good)])).toEqual([first, first, first]);
    expect(threads).toBe(2);
  });

  test('and a thread that waits does not keep a process from its end', () => {
    const module = new URL('../../dist/core/import/keras/hdf5.js', import.meta.url);
    const program = `import { readFileSync } from 'node:fs';
      import { readHdf5 } from ${JSON.stringify(module)};
      await readHdf5('net', readFileSync(${JSON.stringify(fixture(good))}), ${JSON.stringify(selection)});
      process.stdout.write('read');`;
    const options = { encoding: 'utf8', timeout: 25_000 } as const;
    expect(execFileSync(process.execPath, ['--input-type=module', '--eval', program], options)).toBe('read');
  });
});
