import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { PercussError } from '../errors.js';
import type { Key, ObjectStore, StoreOptions } from '../store/object-store.js';

/** Stands while a process removes objects. */
const flagKey: Key = 'collection.json';

/** How long a process may remove objects before it must look at the studies again. */
const LEASE_MS = 2 * 60_000;
/** What clocks of processes and stores may be apart. */
const SKEW_MS = 2 * 60_000;
/** Before the end of its lease, who removes begins nothing more. */
const MARGIN_MS = 20_000;

/** Waiting, so that tests and simulations need not. */
export interface Clock {
  now(): number;
  sleep(ms: number): Promise<unknown>;
}

export const wallClock: Clock = { now: Date.now, sleep };

/** The right to remove objects, for a while. */
export interface Collection {
  /** When it was taken, by the store's clock. */
  readonly began: number;
  /** Whether it still holds. */
  holds(): boolean;
  end(): Promise<void>;
}

/**
 * Takes the right to remove objects. Whoever stores a study writes its root and submission first and then looks for this flag; who removes
 * raises the flag first and then reads roots and submissions: so one of the two sees the other.
 * @throws PercussError USAGE while another process has it.
 */
export async function beginCollection(
  store: ObjectStore,
  clock: Clock = wallClock,
  options: StoreOptions = {},
): Promise<Collection> {
  const since = clock.now();
  const mark = new TextEncoder().encode(JSON.stringify({ by: randomUUID() }));
  while (!(await store.putIfAbsent(flagKey, mark, options))) {
    if (await expired(store, clock, options)) continue;
    throw new PercussError(
      'USAGE',
      `another process removes objects of ${store.url} now (percuss gc or percuss rm): wait until it has ended, at most ${(LEASE_MS + SKEW_MS) / 60_000} minutes where it was killed`,
    );
  }
  const began = (await store.head(flagKey, options))?.written ?? 0;
  return {
    began: began > 0 ? Math.min(began, clock.now()) : clock.now(),
    holds: () => clock.now() - since < LEASE_MS - MARGIN_MS,
    end: async () => {
      // Another one's, where ours has expired and was taken over.
      const now = await store.get(flagKey, undefined, options);
      if (now && Buffer.compare(now, mark) === 0) await store.remove(flagKey, options);
    },
  };
}

/** Whether the flag is gone, or was left by a process that has ended: then it is removed. */
async function expired(store: ObjectStore, clock: Clock, options: StoreOptions): Promise<boolean> {
  const flag = await store.head(flagKey, options);
  if (flag === undefined) return true;
  if (clock.now() - flag.written < LEASE_MS + SKEW_MS) return false;
  await store.remove(flagKey, options);
  return true;
}

/**
 * Registers a study, or whatever else must be there before it relies on what is stored: again, where objects were being removed meanwhile.
 * @param waiting told once, where it has to wait
 */
export async function registered<T>(
  store: ObjectStore,
  register: () => Promise<T>,
  waiting: () => void = () => undefined,
  clock: Clock = wallClock,
  options: StoreOptions = {},
): Promise<T> {
  for (let told = false; ;) {
    const result = await register();
    if (await expired(store, clock, options)) return result;
    if (!told) waiting();
    told = true;
    while (!(await expired(store, clock, options))) await clock.sleep(500);
  }
}

/** Whether a key is the flag's. */
export const isCollectionKey = (key: Key): boolean => key === flagKey;
