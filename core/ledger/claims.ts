import { randomBytes } from 'node:crypto';
import { sha256, type Digest } from '../digest.js';
import { isGone, ownerName } from '../owner.js';
import type { Key, ObjectInfo, ObjectStore, StoreOptions } from '../store/object-store.js';
import { hasExpired, LEASE_MS, sharesOf, type Claim } from './claim-order.js';

/** How often a claim is renewed: one may be late, or lost. */
const RENEW_MS = 10_000;

/** How long those who came a moment later get to give way. */
const SETTLE_MS = 500;

/** A larger object is no claim of ours. */
const MOST_BYTES = 8 * 2 ** 20;

/** Digits of a key that a claim lists: enough to tell keys apart, and a mistake would only make somebody wait. */
const DIGITS = 16;

/** Keys that are claimed, for as long as somebody works at them. */
export interface Taken {
  /** Whether somebody else works at a key: leave it out now, and ask again. */
  isHeld(key: Digest): boolean;
  /** To be called when the work is committed, or given up. Never throws: a claim that stays costs others its lease. */
  release(): Promise<void>;
}

/** A claim as its name tells it. */
interface Named {
  readonly since: number;
  readonly run: string;
  readonly id: string;
  /** The process that made it. */
  readonly owner: string;
}

/**
 * Claims on units of one folder of cells or results: who has which in hand, so that runs that overlap share the work. They say what to do
 * first, never what counts: each may be lost, late or wrong, and only work is done twice.
 *
 * A claim is an object that lists keys; renewing it is another object, under a name that continues the first, and the first goes. Age is the
 * difference of two times in one listing, of this claim and of the other, both by the clock of the store: so clocks of machines may lie
 * apart. A claim of a process of this machine that is gone has expired at once. Where the store gives no times, or wrong ones, a name that this process has seen for a lease has expired, too.
 */
export class Claims {
  readonly #store: ObjectStore;
  readonly #folder: string;
  /** Keys of claims that were read, by their name without the number of the renewal. */
  readonly #keys = new Map<string, ReadonlySet<string>>();
  /** When names were first seen, by the clock of this process. */
  readonly #seen = new Map<Key, number>();

  constructor(store: ObjectStore, folder: string) {
    this.#store = store;
    this.#folder = folder;
  }

  /**
   * Claims keys for a run, and looks what others have: of keys that overlap, those of whoever came first are held. Look at what is
   * committed after this, not before: whoever gives a claim back has committed.
   */
  async take(keys: readonly Digest[], run: string, options: StoreOptions = {}): Promise<Taken> {
    const mine = { run: sha256(run).slice(0, 16), keys: new Set(keys.map(shortened)) };
    const claim = new OwnClaim(this.#store, this.#folder, mine.run);
    try {
      await claim.write(mine.keys, options);
      const since = await this.#since(claim, options);
      let shares = sharesOf({ ...mine, ...since }, since.others, false);
      if (shares.doubtful.size > 0) {
        await new Promise((resolve) => setTimeout(resolve, SETTLE_MS));
        const others = (await this.#since(claim, options)).others;
        shares = sharesOf({ ...mine, ...since }, others, true);
      }
      const { held } = shares;
      claim.since = since.since;
      if (held.size > 0) await claim.write(new Set([...mine.keys].filter((key) => !held.has(key))), options);
      if (held.size < mine.keys.size) claim.keepAlive();
      return { isHeld: (key) => held.has(shortened(key)), release: () => claim.release() };
    } catch (error) {
      await claim.release();
      throw error;
    }
  }

  /** When a claim was written, and the claims of others that are alive, by one listing. */
  async #since(
    own: OwnClaim,
    options: StoreOptions,
  ): Promise<{ readonly id: string; readonly since: number; readonly others: readonly Claim[] }> {
    const found: { readonly info: ObjectInfo; readonly named: Named }[] = [];
    for await (const info of this.#store.list(this.#folder, undefined, options)) {
      const named = parsed(info.key.slice(this.#folder.length));
      if (named && info.bytes <= MOST_BYTES) found.push({ info, named });
    }
    this.#forget(new Set(found.map(({ info }) => info.key)));
    const written = found.find(({ info }) => info.key === own.key)?.info.written ?? 0;
    const others: Claim[] = [];
    for (const { info, named } of found) {
      if (named.run === own.run && named.id === own.id) continue;
      if (await this.#isOver(info, named, written, options)) continue;
      if (named.run === own.run) continue;
      const keys = await this.#keysOf(info, named, options);
      if (keys) others.push({ ...named, since: named.since || whole(info.written), written: info.written, keys });
    }
    return { id: own.id, since: whole(written), others };
  }

  /** Whether a claim has expired. One of a process that is gone, or that expired long ago, is removed. */
  async #isOver(info: ObjectInfo, { owner }: Named, now: number, options: StoreOptions): Promise<boolean> {
    const seen = this.#seen.get(info.key) ?? performance.now();
    this.#seen.set(info.key, seen);
    if (isGone(owner) || hasExpired(info, now - LEASE_MS)) {
      await this.#store.remove(info.key, options);
      return true;
    }
    return hasExpired(info, now) || performance.now() - seen > LEASE_MS;
  }

  async #keysOf(info: ObjectInfo, { run, id }: Named, options: StoreOptions): Promise<ReadonlySet<string> | undefined> {
    const known = this.#keys.get(`${run}-${id}`);
    if (known) return known;
    const bytes = await this.#store.get(info.key, undefined, options);
    if (!bytes) return undefined;
    const digits = Buffer.from(bytes).toString('hex');
    const keys = new Set(
      Array.from({ length: digits.length / DIGITS }, (_, i) => digits.slice(DIGITS * i, DIGITS * (i + 1))),
    );
    this.#keys.set(`${run}-${id}`, keys);
    return keys;
  }

  #forget(there: ReadonlySet<Key>): void {
    for (const key of this.#seen.keys()) if (!there.has(key)) this.#seen.delete(key);
    const alive = new Set([...there].map((key) => key.slice(this.#folder.length).split('-').slice(1, 3).join('-')));
    for (const name of this.#keys.keys()) if (!alive.has(name)) this.#keys.delete(name);
  }
}

/** The claim of one who works: written, written anew with fewer keys, renewed, given back. */
class OwnClaim {
  id = '';
  key: Key | undefined;
  /** When it was first made, by the clock of the store; 0 as long as that is not known. */
  since = 0;
  readonly #store: ObjectStore;
  readonly #folder: string;
  #bytes: Uint8Array = new Uint8Array(0);
  #beat = 0;
  #timer: NodeJS.Timeout | undefined;
  #renewing: Promise<void> = Promise.resolve();

  constructor(
    store: ObjectStore,
    folder: string,
    readonly run: string,
  ) {
    this.#store = store;
    this.#folder = folder;
  }

  /** Writes other keys under another name, and removes what stood there. Without keys it is gone. */
  async write(keys: ReadonlySet<string>, options: StoreOptions): Promise<void> {
    this.id = randomBytes(8).toString('hex');
    this.#bytes = Buffer.from([...keys].sort().join(''), 'hex');
    await this.#put(options);
  }

  keepAlive(): void {
    this.#timer = setInterval(() => {
      this.#beat += 1;
      // One that fails leaves the older object, which counts for two renewals more.
      this.#renewing = this.#renewing.then(() => this.#put({})).catch(() => undefined);
    }, RENEW_MS);
    this.#timer.unref();
  }

  async release(): Promise<void> {
    clearInterval(this.#timer);
    await this.#renewing;
    const { key } = this;
    this.key = undefined;
    if (key !== undefined) await this.#store.remove(key).catch(() => undefined);
  }

  async #put(options: StoreOptions): Promise<void> {
    const before = this.key;
    const since = this.since.toString(16).padStart(12, '0');
    const name = [since, this.run, this.id, ownerName(), String(this.#beat).padStart(6, '0')];
    const key = `${this.#folder}${name.join('-')}`;
    if (this.#bytes.length > 0) {
      await this.#store.putIfAbsent(key, this.#bytes, options);
      this.key = key;
    } else this.key = undefined;
    if (before !== undefined) await this.#store.remove(before, options);
  }
}

/** File systems tell parts of milliseconds. */
const whole = Math.floor;

const shortened = (key: Digest): string => key.slice(0, DIGITS);

/** What a name tells; undefined for one that percuss doesn't give. */
function parsed(name: string): Named | undefined {
  const match = /^([0-9a-f]{12})-([0-9a-f]{16})-([0-9a-f]{16})-([0-9a-f]{12}-\d{1,10})-\d{6}$/.exec(name);
  if (!match) return undefined;
  const [, since = '', run = '', id = '', owner = ''] = match;
  return { since: Number.parseInt(since, 16), run, id, owner };
}
