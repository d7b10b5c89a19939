import { describe, expect, test } from 'vitest';
import type { ObjectStore } from '../../core/store/object-store.js';

const bytes = (text: string): Uint8Array => new TextEncoder().encode(text);
const text = (data: Uint8Array | undefined): string | undefined => data && new TextDecoder().decode(data);

async function keys(store: ObjectStore, prefix: string, after?: string): Promise<string[]> {
  const found: string[] = [];
  for await (const { key } of store.list(prefix, after)) found.push(key);
  return found;
}

/** What every store promises. `open` gives a new, empty one. */
export function storeContract(
  name: string,
  open: () => Promise<ObjectStore>,
  options: { readonly many: number; readonly anyNames: boolean },
): void {
  describe(`the store contract on ${name}`, () => {
    test('gives back what was put, whole or in part, and undefined where nothing is', async () => {
      const store = await open();
      expect(await store.putIfAbsent('a/b.bin', bytes('0123456789'))).toBe(true);
      expect(text(await store.get('a/b.bin'))).toBe('0123456789');
      expect(text(await store.get('a/b.bin', { from: 2, to: 5 }))).toBe('234');
      expect(text(await store.get('a/b.bin', { from: 8, to: 99 }))).toBe('89');
      expect(text(await store.get('a/b.bin', { from: 3, to: 3 }))).toBe('');
      expect(text(await store.get('a/b.bin', { from: 50, to: 60 }))).toBe('');
      expect(await store.head('a/b.bin')).toEqual({ key: 'a/b.bin', bytes: 10, written: expect.any(Number) });
      expect(await store.get('a/c.bin')).toBeUndefined();
      expect(await store.get('a/c.bin', { from: 0, to: 1 })).toBeUndefined();
      expect(await store.get('a')).toBeUndefined();
      expect(await store.head('a/c.bin')).toBeUndefined();
    });

    test('holds objects of no bytes and of many megabytes', async () => {
      const store = await open();
      const large = new Uint8Array(20 * 2 ** 20).map((_, i) => (i * 2654435761) >>> 24);
      expect(await store.putIfAbsent('empty', new Uint8Array())).toBe(true);
      expect(await store.putIfAbsent('large', large)).toBe(true);
      expect((await store.get('empty'))?.length).toBe(0);
      expect(Buffer.compare((await store.get('large')) ?? new Uint8Array(), large)).toBe(0);
    });

    test('keeps the first bytes of a key, and none of the arrays it was given or gave', async () => {
      const store = await open();
      const given = bytes('first');
      expect(await store.putIfAbsent('k', given)).toBe(true);
      given.fill(0);
      (await store.get('k'))?.fill(0);
      expect(await store.putIfAbsent('k', bytes('second'))).toBe(false);
      expect(text(await store.get('k'))).toBe('first');
      const buffer = Buffer.from('buffer');
      await store.putIfAbsent('b', buffer);
      buffer.fill(0);
      expect(text(await store.get('b'))).toBe('buffer');
    });

    test('lets one of fifty creators at a time win', async () => {
      const store = await open();
      const won = await Promise.all(Array.from({ length: 50 }, (_, i) => store.putIfAbsent('race/k', bytes(`${i}`))));
      expect(won.filter(Boolean)).toHaveLength(1);
      expect(text(await store.get('race/k'))).toBe(`${won.indexOf(true)}`);
    });

    test('says when an object was written, the same whether it is listed or asked for', async () => {
      const store = await open();
      // Servers round to seconds, and keep clocks of their own.
      const before = Date.now() - 10_000;
      await store.putIfAbsent('first', bytes('1'));
      const written = (await store.head('first'))?.written ?? 0;
      expect(written).toBeGreaterThan(before);
      expect(written).toBeLessThan(Date.now() + 10_000);
      await store.putIfAbsent('first', bytes('2'));
      for await (const info of store.list('')) expect(Math.abs(info.written - written)).toBeLessThan(1_000);
    });

    test('lists by prefix, in the order of whole keys, after a key', async () => {
      const store = await open();
      // The last ones stand before the folder whose name they continue, on stores that keep to the order of bytes.
      const put = ['b', 'a/x/1', 'a/x/2', 'a/y', 'a/x0', 'ab/z/z', 'a0', 'A/1'];
      if (options.anyNames) put.push('a-b/1', 'a.b', 'a/x.y', 'a/x-');
      for (const key of put) await store.putIfAbsent(key, bytes(key));
      const sorted = [...put].sort();
      expect(await keys(store, '')).toEqual(sorted);
      for (const prefix of ['a', 'a/', 'a/x', 'a/x/', 'ab/z/z', 'c', 'a/x/1']) {
        expect(await keys(store, prefix)).toEqual(sorted.filter((key) => key.startsWith(prefix)));
      }
      for (const after of [...put, ...(options.anyNames ? ['a'] : []), 'a/x/0', 'zz', 'a/x/1a']) {
        expect(await keys(store, '', after)).toEqual(sorted.filter((key) => key > after));
        expect(await keys(store, 'a/x', after)).toEqual(sorted.filter((key) => key.startsWith('a/x') && key > after));
      }
      for await (const { key, bytes: size } of store.list('')) expect(size).toBe(key.length);
    });

    test(`lists ${options.many} keys, and stops when its reader does`, async () => {
      const store = await open();
      const put = Array.from({ length: options.many }, (_, i) => `many/${i % 7}/${String(i).padStart(6, '0')}`);
      for (let i = 0; i < put.length; i += 100) {
        await Promise.all(put.slice(i, i + 100).map((key) => store.putIfAbsent(key, bytes('x'))));
      }
      const found = await keys(store, 'many/');
      expect(found).toEqual([...put].sort());
      expect(await keys(store, 'many/', found.at(-3))).toEqual(found.slice(-2));
      for await (const { key } of store.list('many/')) {
        expect(key).toBe(found[0]);
        break;
      }
    }, 240_000);

    test('forgets what is removed, and takes it again', async () => {
      const store = await open();
      await store.putIfAbsent('x/k', bytes('1'));
      await store.remove('x/k');
      await store.remove('x/k');
      expect(await store.get('x/k')).toBeUndefined();
      expect(await keys(store, '')).toEqual([]);
      expect(await store.putIfAbsent('x/k', bytes('2'))).toBe(true);
    });

    test('refuses what is not a key, above all paths that lead out of it', async () => {
      const store = await open();
      for (const key of [
        '',
        '/a',
        'a/',
        'a//b',
        '../a',
        'a/../../b',
        '.tmp/x',
        'a/.b',
        'a b',
        'ä',
        'a\\b',
        'a'.repeat(901),
        'a'.repeat(201),
        'a\0',
      ]) {
        await expect(store.putIfAbsent(key, bytes('x')), key).rejects.toMatchObject({ code: 'BUG' });
        await expect(store.get(key), key).rejects.toMatchObject({ code: 'BUG' });
        await expect(store.remove(key), key).rejects.toMatchObject({ code: 'BUG' });
      }
      await expect(keys(store, '../')).rejects.toMatchObject({ code: 'BUG' });
      const longest = `${'a'.repeat(199)}/`.repeat(4) + 'b'.repeat(100);
      expect(await store.putIfAbsent(longest, bytes('x'))).toBe(true);
      expect(await keys(store, 'aaa')).toEqual([longest]);
    });

    test('stops when it is told to', async () => {
      const store = await open();
      const options = { signal: AbortSignal.abort() };
      await expect(store.get('k', undefined, options)).rejects.toMatchObject({ code: 'CANCELLED' });
      await expect(store.putIfAbsent('k', bytes('x'), options)).rejects.toMatchObject({ code: 'CANCELLED' });
      expect(await store.get('k')).toBeUndefined();
    });
  });
}
