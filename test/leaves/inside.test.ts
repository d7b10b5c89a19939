import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import { readInside, readRegular, strays } from '../../core/inside.js';

const folder = mkdtempSync(join(tmpdir(), 'percuss-inside-'));
const root = join(folder, 'model');
mkdirSync(join(root, 'parts'), { recursive: true });
writeFileSync(join(root, 'parts', 'a.bin'), 'abc');
writeFileSync(join(folder, 'secret'), 'secret');
symlinkSync(join(folder, 'secret'), join(root, 'out.bin'));
symlinkSync(join(root, 'parts', 'a.bin'), join(root, 'in.bin'));
symlinkSync(folder, join(root, 'up'));
execFileSync('mkfifo', [join(root, 'pipe')]);
afterAll(() => rmSync(folder, { recursive: true }));

const options = { what: 'the weights', atMost: 100 };
const textOf = async (name: string): Promise<string> => Buffer.from(await readInside(root, name, options)).toString();

describe('a name within a folder', () => {
  test.each([
    '',
    '/etc/passwd',
    '../secret',
    'parts/../../secret',
    'a//b',
    './a',
    'c:\\x',
    'C:x',
    'a\\b',
    'a\0b',
    '..',
  ])('%j strays', (name) => expect(strays(name)).toBeTypeOf('string'));

  test.each(['a', 'a.bin', 'parts/a.bin', '...', '.hidden', 'a b', 'Ω/β'])('%j stays', (name) =>
    expect(strays(name)).toBeUndefined(),
  );

  test('reads what lies inside, also through a link that stays inside', async () => {
    expect(await textOf('parts/a.bin')).toBe('abc');
    expect(await textOf('in.bin')).toBe('abc');
  });

  test.each(['out.bin', 'up/secret', '../secret'])('%j is refused', async (name) => {
    await expect(textOf(name)).rejects.toMatchObject({ code: 'FILE_DAMAGED' });
  });

  test('pipes, devices, folders and files above the limit are refused at once', async () => {
    await expect(textOf('pipe')).rejects.toMatchObject({ code: 'FILE_MISSING' });
    await expect(textOf('parts')).rejects.toMatchObject({ code: 'FILE_MISSING' });
    await expect(readRegular('/dev/zero', options)).rejects.toMatchObject({ code: 'FILE_MISSING' });
    await expect(readInside(root, 'parts/a.bin', { what: 'x', atMost: 2 })).rejects.toMatchObject({
      code: 'LIMIT_EXCEEDED',
    });
  });
});
