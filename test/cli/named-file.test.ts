import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { mayWrite, writeNamed } from '../../cli/named-file.js';

let folder = '';
const at = (name: string): string => path.join(folder, name);

beforeAll(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'percuss-named-'));
  await writeFile(at('network.onnx'), 'precious');
});
afterAll(() => rm(folder, { recursive: true, force: true }));

test('what is there is refused before the work, whichever of the files it is, and stays', async () => {
  const files = [at('new.onnx'), at('network.onnx')];
  await expect(mayWrite(files, { force: false })).rejects.toMatchObject({
    code: 'USAGE',
    message: expect.stringMatching(/network\.onnx exists already; name another file, or replace it with --force/),
  });
  await expect(mayWrite([at('new.onnx')], { force: false })).resolves.toBeUndefined();
});

test('a folder that is not there is told before the work, too', async () => {
  await expect(mayWrite([at('none/new.onnx')], { force: true })).rejects.toThrow(/there is no folder .*none; make it/);
});

test('what has come meanwhile is not overwritten either', async () => {
  await expect(writeNamed(at('network.onnx'), 'other', { force: false })).rejects.toMatchObject({ code: 'USAGE' });
  expect(await readFile(at('network.onnx'), 'utf8')).toBe('precious');
});

test('a verb without --force does not speak of it', async () => {
  await expect(writeNamed(at('network.onnx'), 'other')).rejects.toThrow(/or remove it first$/);
});

test('with --force it is replaced', async () => {
  await writeFile(at('old.onnx'), 'old');
  await mayWrite([at('old.onnx')], { force: true });
  await writeNamed(at('old.onnx'), 'new', { force: true });
  expect(await readFile(at('old.onnx'), 'utf8')).toBe('new');
});
