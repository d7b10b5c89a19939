import { existsSync, mkdtempSync, rmSync, statSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import { makeFolder } from '../../core/folder.js';

const root = mkdtempSync(join(tmpdir(), 'percuss-folder-'));
writeFileSync(join(root, 'file'), '');
symlinkSync(join(root, 'nowhere'), join(root, 'dangling'));
afterAll(() => rmSync(root, { recursive: true }));

describe('a folder', () => {
  test('is made with those above it, and the first that was made is told', async () => {
    expect(await makeFolder(join(root, 'a', 'b', 'c'))).toBe(join(root, 'a'));
    expect(statSync(join(root, 'a', 'b', 'c')).isDirectory()).toBe(true);
    expect(await makeFolder(join(root, 'a', 'b', 'd'))).toBe(join(root, 'a', 'b', 'd'));
    expect(await makeFolder(join(root, 'a', 'b'))).toBeUndefined();
  });

  test('that many make at once is there for all', async () => {
    const folder = join(root, 'many', 'x', 'y');
    await Promise.all(Array.from({ length: 20 }, () => makeFolder(folder)));
    expect(statSync(folder).isDirectory()).toBe(true);
  });

  test.each([
    ['file', 'EEXIST'],
    ['file/below', 'ENOTDIR'],
    ['dangling', 'ENOENT'],
  ])('cannot be %s', async (name, code) => {
    await expect(makeFolder(join(root, name))).rejects.toMatchObject({ code });
  });

  test.runIf(existsSync('/proc/self'))('below /proc is refused at once', async () => {
    await expect(makeFolder('/proc/percuss/out')).rejects.toMatchObject({ code: 'ENOENT' });
  });
});
