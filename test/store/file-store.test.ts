import { spawn } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync, utimesSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { afterAll, describe, expect, test } from 'vitest';
import { fileStore } from '../../core/store/file-store.js';
import { storeIdentity } from '../../core/store/identity.js';
import { memoryStore } from '../../core/store/memory-store.js';
import { openStore } from '../../core/store/open.js';

const root = mkdtempSync(path.join(tmpdir(), 'percuss-file-'));
afterAll(() => rmSync(root, { recursive: true }));

const built = fileURLToPath(new URL('../../dist/core/store/file-store.js', import.meta.url));
const size = 1_500_000;

/** Writes objects of one repeated byte until it is killed. */
const writer = `
const { fileStore } = await import(${JSON.stringify(pathToFileURL(built).href)});
const store = fileStore(process.argv[1]);
for (let i = 0; ; i++) {
  await Promise.all([0, 1, 2, 3].map((j) => store.putIfAbsent(\`k/\${process.pid}/\${i}-\${j}\`, new Uint8Array(${size}).fill(i + j))));
  if (i === 1) console.log('writing');
}`;

describe('a folder as a store', () => {
  test('holds no half object after its writer was killed, and is tidied by the next one', async () => {
    const folder = path.join(root, 'killed');
    let abandoned = 0;
    for (let round = 0; round < 4; round++) {
      const child = spawn(process.execPath, ['--input-type=module', '-e', writer, folder], {
        stdio: ['ignore', 'pipe', 'inherit'],
      });
      await new Promise((resolve) => child.stdout.once('data', resolve));
      const scratch = path.join(folder, '.tmp');
      while (!readdirSync(scratch).some((name) => name.includes(`-${child.pid}-`))) await sleep(0);
      const ended = new Promise((resolve) => child.once('exit', resolve));
      child.kill('SIGKILL');
      await ended;
      abandoned += readdirSync(scratch).length;
    }
    const store = fileStore(folder);
    let objects = 0;
    for await (const { key, bytes } of store.list('')) {
      objects++;
      expect(bytes).toBe(size);
      const content = await store.get(key);
      expect(Buffer.from(content ?? []).equals(Buffer.alloc(size, content?.[0]))).toBe(true);
    }
    expect(objects).toBeGreaterThan(8);
    expect(abandoned).toBeGreaterThan(0);
    await store.putIfAbsent('one-more', new Uint8Array(1));
    expect(readdirSync(path.join(folder, '.tmp'))).toEqual([]);
  });

  test('leaves alone what other processes are writing, until it is a day old', async () => {
    const folder = path.join(root, 'others');
    mkdirSync(path.join(folder, '.tmp'), { recursive: true });
    for (const name of ['another0host-1-a', 'another0host-1-b']) writeFileSync(path.join(folder, '.tmp', name), 'x');
    const longAgo = Date.now() / 1000 - 25 * 3600;
    utimesSync(path.join(folder, '.tmp', 'another0host-1-b'), longAgo, longAgo);
    await fileStore(folder).putIfAbsent('k', new Uint8Array(1));
    expect(readdirSync(path.join(folder, '.tmp'))).toEqual(['another0host-1-a']);
  });

  test('passes over files that are no objects', async () => {
    const folder = path.join(root, 'foreign');
    const store = fileStore(folder);
    await store.putIfAbsent('a/k', new Uint8Array(1));
    writeFileSync(path.join(folder, 'a', '.DS_Store'), 'x');
    writeFileSync(path.join(folder, 'a', 'with space'), 'x');
    mkdirSync(path.join(folder, 'a', 'empty'));
    const keys: string[] = [];
    for await (const { key } of store.list('')) keys.push(key);
    expect(keys).toEqual(['a/k']);
  });

  test('goes on when its folders are removed under it', async () => {
    const folder = path.join(root, 'removed');
    const store = fileStore(folder);
    await store.putIfAbsent('a/b/k', new Uint8Array(1));
    rmSync(folder, { recursive: true });
    expect(await store.get('a/b/k')).toBeUndefined();
    expect(await store.putIfAbsent('a/b/k', new Uint8Array(2))).toBe(true);
  });

  test('says what keeps it from writing', async () => {
    const file = path.join(root, 'a-file');
    writeFileSync(file, 'x');
    await expect(fileStore(file).putIfAbsent('k', new Uint8Array(1))).rejects.toMatchObject({
      code: 'STORE_UNREACHABLE',
      message: expect.stringContaining(file),
    });
  });
});

describe('a store by its URL', () => {
  test('is a folder, given as a path or as file:', async () => {
    const folder = path.join(root, 'opened');
    for (const url of [folder, `file:${folder}`, `file://${folder}`, path.relative('.', folder)]) {
      expect((await openStore(url)).url).toBe(`file:${folder}`);
    }
    expect((await openStore('memory:')).url).toBe('memory:');
    expect(existsSync(folder)).toBe(false);
  });

  test.each([
    ['', /a path is missing/],
    ['file:', /a path is missing/],
    ['file://host/path', /host may not stand/],
    ['gs://bucket/x', /no kind of store called gs/],
    ['s3:bucket', /expected s3:\/\/BUCKET/],
    ['s3://b', /can't be a bucket's name/],
    ['s3://bucket/a//b', /prefix may hold/],
    ['s3://bucket/../b', /prefix may hold/],
    ['s3://bucket?endpiont=http://x', /another parameter than endpoint and region/],
    ['s3://bucket?endpoint=localhost:9000', /http:\/\/HOST:PORT/],
  ])('%j is refused with the reason', async (url, reason) => {
    await expect(openStore(url)).rejects.toMatchObject({ code: 'USAGE', message: expect.stringMatching(reason) });
  });

  test('shows no credentials that were put into it', async () => {
    for (const url of ['s3://id:secret@bucket/x', 's3://bucket?endpoint=http://id:secret@host:1']) {
      const error: unknown = await openStore(url).catch((reason: unknown) => reason);
      expect(error).toMatchObject({ code: 'USAGE' });
      expect(String(error)).not.toContain('secret');
    }
  });
});

describe('the identity of a store', () => {
  test('is drawn once, by whoever asks first', async () => {
    const folder = path.join(root, 'identity');
    const ids = await Promise.all([1, 2, 3, 4].map(() => storeIdentity(fileStore(folder))));
    expect(new Set(ids).size).toBe(1);
    expect(ids[0]).toMatch(/^[0-9a-f]{32}$/);
    expect(await storeIdentity(memoryStore())).not.toBe(ids[0]);
  });

  test('is not taken from a file of another program', async () => {
    const store = memoryStore();
    await store.putIfAbsent('store.json', new TextEncoder().encode('{}'));
    await expect(storeIdentity(store)).rejects.toMatchObject({
      code: 'OBJECT_DAMAGED',
      message: expect.stringContaining('percuss doctor --mend-store'),
    });
  });
});
