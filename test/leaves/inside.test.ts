import { execFileSync } from 'node:child_process';
import {
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import { readInside, readRegular, strays, writeInside } from '../../core/inside.js';

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

describe('writing', () => {
  const out = join(folder, 'out');
  const bytes = Buffer.from('new');
  mkdirSync(join(out, 'folder'), { recursive: true });
  mkdirSync(join(out, 'own'));
  symlinkSync(folder, join(out, 'up'));
  symlinkSync(join(out, 'own'), join(out, 'within'));
  symlinkSync(join(folder, 'secret'), join(out, 'link'));
  execFileSync('mkfifo', [join(out, 'pipe')]);
  writeFileSync(join(out, 'file'), 'old');

  test('makes folders, replaces files, and leaves nothing else behind', async () => {
    expect(await writeInside(join(out, 'fresh'), 'a/b/c.bin', bytes)).toBe(join(out, 'fresh/a/b/c.bin'));
    expect(readdirSync(join(out, 'fresh/a/b'))).toEqual(['c.bin']);
    await writeInside(out, 'file', bytes);
    expect(readFileSync(join(out, 'file'), 'utf8')).toBe('new');
    await writeInside(out, 'within/x', bytes);
    expect(readFileSync(join(out, 'own/x'), 'utf8')).toBe('new');
  });

  test.each(['../x', '../../x', '/tmp/x', 'a/../../x', '', 'a\\..\\x', 'C:x', '.', 'a\u0000'])(
    'never follows a name such as %j',
    async (name) => {
      await expect(writeInside(out, name, bytes)).rejects.toMatchObject({ code: 'OBJECT_DAMAGED' });
      expect(readdirSync(folder).sort()).toEqual(['model', 'out', 'secret']);
    },
  );

  test.each([
    ['a folder that is a link out', 'up/x', /leads out/],
    ['a folder behind a link out', 'up/model/x', /leads out/],
    ['a link', 'link', /a link is there/],
    ['a pipe', 'pipe', /something other than a file/],
    ['a folder', 'folder', /something other than a file/],
    ['a folder that is a file', 'file/x', /cannot be written/],
  ])('refuses %s and leaves it as it is', async (_, name, message) => {
    const before = lstatSync(join(out, name.split('/')[0] ?? '')).mtimeMs;
    await expect(writeInside(out, name, bytes)).rejects.toMatchObject({
      code: 'USAGE',
      message: expect.stringMatching(message),
    });
    expect(lstatSync(join(out, name.split('/')[0] ?? '')).mtimeMs).toBe(before);
    expect(readFileSync(join(folder, 'secret'), 'utf8')).toBe('secret');
    expect(readdirSync(join(folder, 'model'))).not.toContain('x');
  });

  test('says what to do where the folder asked for is a file', async () => {
    await expect(writeInside(join(out, 'file'), 'x', bytes)).rejects.toMatchObject({
      code: 'USAGE',
      message: expect.stringContaining('--out'),
    });
  });
});
