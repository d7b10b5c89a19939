import { describe, expect, test } from 'vitest';
import { sha256 } from '../../core/digest.js';
import { PercussError } from '../../core/errors.js';
import { passOver, quarantine } from '../../core/ledger/quarantine.js';
import { mendStore } from '../../core/ledger/mend-store.js';
import type { LedgerNotice } from '../../core/ledger/notice.js';
import { memoryStore } from '../../core/store/memory-store.js';
import type { ObjectStore } from '../../core/store/object-store.js';

const bytes = (text: string): Uint8Array => new TextEncoder().encode(text);
const key = 'plans/some-folder/damaged.json';

async function keysBelow(store: ObjectStore, prefix: string): Promise<string[]> {
  const keys: string[] = [];
  for await (const { key } of store.list(prefix)) keys.push(key);
  return keys;
}

/** A store of one bad object, and what is told of it. */
async function setUp(name = key) {
  const store = memoryStore();
  await store.putIfAbsent(name, bytes('bad'));
  const notices: LedgerNotice[] = [];
  return { store, notices, onNotice: (notice: LedgerNotice) => notices.push(notice) };
}

describe('what is set aside', () => {
  test('lies by the hashes of its key and bytes, under its own name, with the reason beside it', async () => {
    const { store, notices, onNotice } = await setUp();
    await quarantine(store, key, bytes('bad'), 'it is bad', onNotice);
    const folder = `aside/${sha256(key).slice(0, 32)}/${sha256('bad').slice(0, 32)}/`;
    const [object, reason, ...others] = await keysBelow(store, '');
    expect(object).toBe(`${folder}object-damaged.json`);
    expect(others).toEqual([]);
    const record = (await store.get(reason ?? '')) ?? new Uint8Array();
    expect(reason).toBe(`${folder}reason-${sha256(record).slice(0, 32)}.json`);
    expect(JSON.parse(new TextDecoder().decode(record))).toEqual({
      key,
      reason: 'it is bad',
      sha256: sha256('bad'),
      bytes: 3,
    });
    expect(await store.get(object ?? '')).toEqual(bytes('bad'));
    expect(notices).toEqual([{ kind: 'set-aside', key, reason: 'it is bad', aside: object }]);
  });

  test('has a name that is short enough for a key', async () => {
    const long = `plans/${'x'.repeat(199)}`;
    const { store, onNotice } = await setUp(long);
    await quarantine(store, long, bytes('bad'), 'it is bad', onNotice);
    expect((await keysBelow(store, ''))[0]).toMatch(/\/object-x{100}$/);
  });

  test.each([
    ['a good object that was written since', bytes('good')],
    ['nothing any more, since another process set it aside', undefined],
  ])('is not taken for %s', async (_, since) => {
    const { store, notices, onNotice } = await setUp();
    await store.remove(key);
    if (since) await store.putIfAbsent(key, since);
    await quarantine(store, key, bytes('bad'), 'it is bad', onNotice);
    expect(await store.get(key)).toEqual(since);
    expect(notices).toEqual([]);
  });
});

describe('who only reads', () => {
  const failing = (store: ObjectStore, error: unknown): ObjectStore => ({
    ...store,
    putIfAbsent: () => Promise.reject(error),
  });

  test('sets aside where that can be done', async () => {
    const { store, notices, onNotice } = await setUp();
    await passOver(store, key, bytes('bad'), 'it is bad', onNotice);
    expect(await store.get(key)).toBeUndefined();
    expect(notices).toMatchObject([{ kind: 'set-aside', key }]);
  });

  test('passes over what a store does not let go, and says why', async () => {
    const { store, notices, onNotice } = await setUp();
    const unreachable = new PercussError('STORE_UNREACHABLE', 'read-only');
    await passOver(failing(store, unreachable), key, bytes('bad'), 'it is bad', onNotice);
    expect(notices).toEqual([
      { kind: 'ignored', key, reason: expect.stringMatching(/^it is bad; it stays where it is \(.*read-only/) },
    ]);
  });

  test.each([new PercussError('CANCELLED', 'stopped'), new TypeError('ours')])(
    'does not take %s for that',
    async (error) => {
      const { store, notices, onNotice } = await setUp();
      await expect(passOver(failing(store, error), key, bytes('bad'), 'it is bad', onNotice)).rejects.toBe(error);
      expect(notices).toEqual([]);
    },
  );
});

describe('mending a store', () => {
  const damaged = '{"format":"percuss-store"';

  test('sets aside what stands there now, even where it was damaged anew since', async () => {
    const { store, notices, onNotice } = await setUp('store.json');
    await store.remove('store.json');
    await store.putIfAbsent('store.json', bytes(damaged));
    let asked = 0;
    const changing: ObjectStore = {
      ...store,
      get: async (name, range, options) => {
        if (name === 'store.json' && ++asked === 2) {
          await store.remove(name);
          await store.putIfAbsent(name, bytes('{'));
        }
        return store.get(name, range, options);
      },
    };
    expect((await mendStore(changing, onNotice)).what).toBe('new');
    expect(notices).toMatchObject([{ kind: 'set-aside', aside: expect.stringContaining(sha256('{').slice(0, 32)) }]);
  });

  test('gives up where another program goes on writing there', async () => {
    const { store, onNotice } = await setUp('store.json');
    const taken: ObjectStore = {
      ...store,
      putIfAbsent: async (name, content, options) =>
        name === 'store.json' ? false : store.putIfAbsent(name, content, options),
    };
    await expect(mendStore(taken, onNotice)).rejects.toMatchObject({
      code: 'OBJECT_DAMAGED',
      message: expect.stringMatching(/store\.json in memory: was written by somebody else.*percuss doctor/),
    });
  });
});
