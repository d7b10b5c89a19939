import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { CLOSE_MS, goesBefore, hasExpired, LEASE_MS, sharesOf, type Claim } from '../../core/ledger/claim-order.js';
import { Claims } from '../../core/ledger/claims.js';
import { ownerName } from '../../core/owner.js';
import { memoryStore } from '../../core/store/memory-store.js';
import type { ObjectStore } from '../../core/store/object-store.js';
import { cellsOf } from './cells-of.js';

const keys = cellsOf(0, 40).map(({ key }) => key);
const folder = 'claims/cells/';

const anyClaims = fc
  .array(
    fc.record({
      run: fc.constantFrom('a', 'b', 'c'),
      since: fc.integer({ min: 0, max: 4 * CLOSE_MS }),
      keys: fc.uniqueArray(fc.constantFrom('1', '2', '3', '4', '5'), { minLength: 1 }),
    }),
    { maxLength: 6 },
  )
  .map((all) => all.map((one, i): Claim => ({ ...one, id: `${i}`, written: one.since, keys: new Set(one.keys) })));

describe('claims that are held against each other', () => {
  test('give each key to exactly one run where all have seen each other, whatever the order', () => {
    fc.assert(
      fc.property(anyClaims, (claims) => {
        const takers = new Map<string, Set<string>>();
        for (const claim of claims) {
          const { held, doubtful } = sharesOf(claim, claims, false);
          // All have seen all: those who came a moment later give way, and doubts come to nothing.
          for (const key of doubtful) expect(held.has(key)).toBe(false);
          for (const key of claim.keys) {
            if (!held.has(key)) takers.set(key, (takers.get(key) ?? new Set()).add(claim.run));
          }
        }
        const asked = new Set(claims.flatMap((claim) => [...claim.keys]));
        for (const key of asked) expect(takers.get(key)?.size, `runs that take ${key}`).toBe(1);
      }),
    );
  });

  test('of two of which one was seen by neither the other nor in time, exactly one goes on after the second look', () => {
    const both = fc.tuple(fc.integer({ min: 0, max: CLOSE_MS }), fc.boolean());
    fc.assert(
      fc.property(both, ([apart, laterSeesEarlier]) => {
        const claim = (id: string, since: number): Claim => ({
          id,
          run: id,
          since,
          written: since,
          keys: new Set('k'),
        });
        const [earlier, later] = [claim('a', 0), claim('b', apart)];
        // Who is called the earlier may have become visible only after the other had looked.
        const laterGoesOn = !sharesOf(later, laterSeesEarlier ? [earlier] : [], false).held.has('k');
        const first = sharesOf(earlier, [later], false);
        expect([...first.held, ...first.doubtful]).toEqual(first.doubtful.has('k') ? ['k'] : []);
        const earlierGoesOn = !sharesOf(earlier, laterGoesOn ? [later] : [], true).held.has('k');
        expect([laterGoesOn, earlierGoesOn].filter(Boolean)).toHaveLength(1);
      }),
    );
  });

  test('have one order', () => {
    fc.assert(
      fc.property(anyClaims, (claims) => {
        for (const one of claims)
          for (const two of claims) expect(goesBefore(one, two)).toBe(one !== two && !goesBefore(two, one));
      }),
    );
  });

  test('count for a lease and no longer', () => {
    expect([0, LEASE_MS, LEASE_MS + 1].map((age) => hasExpired({ written: 5 }, 5 + age))).toEqual([false, false, true]);
  });
});

describe('claims in a store', () => {
  beforeEach(() => void vi.useFakeTimers());
  afterEach(() => void vi.useRealTimers());

  const held = (taken: { isHeld(key: string): boolean }): number => keys.filter((key) => taken.isHeld(key)).length;
  const names = async (store: ObjectStore): Promise<string[]> => {
    const found: string[] = [];
    for await (const { key } of store.list('claims/')) found.push(key);
    return found;
  };
  /** The store as a process has it that may die: from then on it writes and removes nothing. */
  const mortal = (store: ObjectStore): { readonly store: ObjectStore; die(): void } => {
    let dead = false;
    const alive = (): void => {
      if (dead) throw new Error('the process is dead');
    };
    const putIfAbsent: typeof store.putIfAbsent = async (...all) => (alive(), store.putIfAbsent(...all));
    const remove: typeof store.remove = async (...all) => (alive(), store.remove(...all));
    return { store: { ...store, putIfAbsent, remove }, die: () => void (dead = true) };
  };
  const later = (ms = 3_000): Promise<unknown> => vi.advanceTimersByTimeAsync(ms);

  test('hold what overlaps, of other runs alone, until they are given back', async () => {
    const store = memoryStore();
    const first = await new Claims(store, folder).take(keys.slice(0, 30), 'one');
    await later();
    expect(held(await new Claims(store, folder).take(keys.slice(0, 30), 'one'))).toBe(0);
    const claims = new Claims(store, folder);
    const second = await claims.take(keys.slice(20), 'two');
    expect(keys.filter((key) => second.isHeld(key))).toEqual(keys.slice(20, 30));
    // What the second gave way of, it does not claim.
    await later();
    const third = await new Claims(store, folder).take(keys, 'three');
    expect(held(third)).toBe(40);
    for (const taken of [first, second, third]) await taken.release();
  });

  test('leave nothing behind, and hold nothing once they are given back', async () => {
    const store = memoryStore();
    const first = await new Claims(store, folder).take(keys, 'one');
    await later(5 * LEASE_MS);
    await first.release();
    await later();
    expect(await names(store)).toEqual([]);
    const second = await new Claims(store, folder).take(keys, 'two');
    expect(held(second)).toBe(0);
    await second.release();
    expect(await names(store)).toEqual([]);
  });

  test('last as long as whoever made them lives, and a lease beyond that; then they are removed', async () => {
    const store = memoryStore();
    const one = mortal(store);
    await new Claims(one.store, folder).take(keys.slice(0, 10), 'alive');
    await later(10 * LEASE_MS);
    const reader = new Claims(store, folder);
    const look = async (): Promise<number> => {
      const taken = await reader.take(keys, 'reader');
      await taken.release();
      return held(taken);
    };
    expect(await look()).toBe(10);
    one.die();
    await later(LEASE_MS - 10_000);
    expect(await look()).toBe(10);
    await later(LEASE_MS);
    expect(await look()).toBe(0);
    await later(LEASE_MS);
    expect(await look()).toBe(0);
    expect(await names(store)).toEqual([]);
  });

  test.each([
    ['of a store that is hours ahead', () => Date.now() + 7e6],
    ['of a store that is hours behind', () => Date.now() - 7e6],
    ['of a store that gives no times', () => 0],
    ['of a store that stands still', () => 12345],
  ])('expire for whoever looks on, by the clock %s', async (_, clock) => {
    const store = memoryStore(clock);
    const one = mortal(store);
    await new Claims(one.store, folder).take(keys, 'dead');
    one.die();
    await later();
    const reader = new Claims(store, folder);
    const look = async (): Promise<number> => {
      const taking = reader.take(keys, 'reader');
      await later(600);
      const taken = await taking;
      await taken.release();
      return held(taken);
    };
    expect(await look()).toBe(40);
    await later(LEASE_MS + 1_000);
    expect(await look()).toBe(0);
  });

  test('of a process of this machine that is gone hold nothing, and are removed', async () => {
    const store = memoryStore();
    await new Claims(store, folder).take(keys, 'dead');
    const [key = ''] = await names(store);
    const [here] = ownerName().split('-');
    for (const [owner, left] of [
      [`${here}-999999999`, 0],
      [`${here}-${process.pid}`, 1],
      ['0123456789ab-999999999', 1],
    ] as const) {
      for (const name of await names(store)) await store.remove(name);
      await store.putIfAbsent(
        key.replace(ownerName(), owner),
        Buffer.from(keys.map((k) => k.slice(0, 16)).join(''), 'hex'),
      );
      await later();
      const taken = await new Claims(store, folder).take(keys, 'reader');
      expect([owner, held(taken)]).toEqual([owner, 40 * left]);
      await taken.release();
      expect(await names(store)).toHaveLength(left);
    }
  });

  test('of those who come at the same moment are given to one of them each', async () => {
    const store = memoryStore();
    const takings = ['one', 'two', 'three'].map((run) => new Claims(store, folder).take(keys.slice(0, 5), run));
    await later();
    const takers = (await Promise.all(takings)).filter((taken) => !taken.isHeld(keys[0] ?? ''));
    expect(takers).toHaveLength(1);
  });

  test('are read once each, however often they are renewed', async () => {
    const store = memoryStore();
    const reads: string[] = [];
    const get: typeof store.get = (key, ...rest) => {
      reads.push(key);
      return store.get(key, ...rest);
    };
    await new Claims(store, folder).take(keys.slice(0, 10), 'one');
    await later();
    const reader = new Claims({ ...store, get }, folder);
    for (let i = 0; i < 10; i++) {
      await (await reader.take(keys, 'two')).release();
      await later(15_000);
    }
    expect(reads).toHaveLength(1);
  });

  test('that are no claims of ours hold nothing', async () => {
    const store = memoryStore();
    await store.putIfAbsent(`${folder}foreign`, new Uint8Array(80));
    await store.putIfAbsent(
      `${folder}${'0'.repeat(12)}-${'1'.repeat(16)}-${'2'.repeat(16)}-${'3'.repeat(12)}-1-000000`,
      new Uint8Array(3),
    );
    await later();
    expect(held(await new Claims(store, folder).take(keys, 'one'))).toBe(0);
  });
});
