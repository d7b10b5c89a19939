import { createHash } from 'node:crypto';
import type { Digest } from './digest.js';

/** Bytes of a SHA-256. */
const BYTES = 32;

/**
 * SHA-256s, each once, packed: some 45 bytes each, where a set of strings takes 150. Numbered from 0 in the order in which they
 * came.
 */
export class DigestSet implements Iterable<Digest> {
  #bytes = Buffer.alloc(64 * BYTES);
  /** Number of the digest whose place this is, and 1; 0 where a place is free. A power of two of places, half of them free. */
  #places = new Uint32Array(128);
  #size = 0;
  readonly #sought = Buffer.alloc(BYTES);

  constructor(digests: Iterable<Digest> = []) {
    for (const digest of digests) this.add(digest);
  }

  get size(): number {
    return this.#size;
  }

  /** The number of a digest, which is `size` less one where it is new. @throws RangeError for what is no SHA-256 in hexadecimal digits. */
  add(digest: Digest): number {
    this.#read(digest);
    const place = this.#placeOf(this.#sought, 0);
    const known = this.#places[place] as number;
    if (known > 0) return known - 1;
    const number = this.#size++;
    if (this.#bytes.length < this.#size * BYTES) this.#grow();
    this.#sought.copy(this.#bytes, number * BYTES);
    this.#places[this.#placeOf(this.#sought, 0)] = number + 1;
    return number;
  }

  /** The number of a digest, or −1. */
  numberOf(digest: Digest): number {
    if (digest.length !== 2 * BYTES) return -1;
    this.#read(digest);
    return (this.#places[this.#placeOf(this.#sought, 0)] as number) - 1;
  }

  has(digest: Digest): boolean {
    return this.numberOf(digest) >= 0;
  }

  /** Whether the SHA-256 is in it whose 32 bytes begin at `from`. */
  hasBytes(bytes: Uint8Array, from: number): boolean {
    return (this.#places[this.#placeOf(bytes, from)] as number) > 0;
  }

  /** In the order in which they came. */
  *[Symbol.iterator](): Generator<Digest> {
    for (let number = 0; number < this.#size; number++) yield this.#at(number);
  }

  /** In ascending order, which is that of the digests as text. */
  *sorted(): Generator<Digest> {
    const order = new Uint32Array(this.#size).map((_, number) => number);
    order.sort((a, b) => this.#bytes.compare(this.#bytes, b * BYTES, (b + 1) * BYTES, a * BYTES, (a + 1) * BYTES));
    for (const number of order) yield this.#at(number);
  }

  #at(number: number): Digest {
    return this.#bytes.toString('hex', number * BYTES, (number + 1) * BYTES);
  }

  #read(digest: Digest): void {
    if (this.#sought.write(digest, 'hex') !== BYTES || digest.length !== 2 * BYTES)
      throw new RangeError(`${digest} is no SHA-256`);
  }

  /** Where a digest stands, or would: digests are spread evenly already, so their first bytes say where to look. */
  #placeOf(bytes: Uint8Array, from: number): number {
    const last = this.#places.length - 1;
    const head =
      (bytes[from] as number) |
      ((bytes[from + 1] as number) << 8) |
      ((bytes[from + 2] as number) << 16) |
      ((bytes[from + 3] as number) << 24);
    for (let place = head & last; ; place = (place + 1) & last) {
      const known = this.#places[place] as number;
      if (known === 0 || this.#equals(known - 1, bytes, from)) return place;
    }
  }

  #equals(number: number, bytes: Uint8Array, from: number): boolean {
    const start = number * BYTES;
    for (let i = 0; i < BYTES; i++) if (this.#bytes[start + i] !== bytes[from + i]) return false;
    return true;
  }

  #grow(): void {
    const bytes = Buffer.alloc(2 * this.#bytes.length);
    this.#bytes.copy(bytes);
    this.#bytes = bytes;
    this.#places = new Uint32Array(2 * this.#places.length);
    for (let number = 0; number < this.#size - 1; number++)
      this.#places[this.#placeOf(bytes, number * BYTES)] = number + 1;
  }
}

/** SHA-256 of the canonical JSON of digests as an ascending list, which is never made. */
export function digestOfKeys(digests: DigestSet): Digest {
  const hash = createHash('sha256').update('[');
  let separator = '';
  for (const digest of digests.sorted()) {
    hash.update(`${separator}"${digest}"`);
    separator = ',';
  }
  return hash.update(']').digest('hex');
}
