/**
 * A key: parts of [A-Za-z0-9._-] joined by '/', none of them empty, starting with a dot, or longer than 200 bytes. At
 * most 900 bytes. No key continues another one with '/', and where some continue a name with '/', none
 * continues it with '-' or '.': file systems can't hold the former, and servers disagree about the order of the latter.
 */
export type Key = string;

export interface StoreOptions {
  readonly signal?: AbortSignal;
}

export interface ObjectInfo {
  readonly key: Key;
  readonly bytes: number;
  /** When it was written, in milliseconds since 1970, by the clock of whoever keeps the store; 0 where it does not say. */
  readonly written: number;
}

/**
 * Bytes by key. Objects are written once and never changed. Every method throws PercussError STORE_UNREACHABLE when the
 * store can't be reached (retry later), CANCELLED when the signal fires, BUG for a key that isn't one, and nothing else.
 */
export interface ObjectStore {
  /** For people and logs: `file:/…`, `s3://bucket/prefix`. Holds no credentials. */
  readonly url: string;
  /** The object's bytes, those of [from, to) if a range is given, or undefined if there is none. */
  get(
    key: Key,
    range?: { readonly from: number; readonly to: number },
    options?: StoreOptions,
  ): Promise<Uint8Array | undefined>;
  /** Creates the object, atomically and durably; false if the key is taken (the stored bytes stay as they are). */
  putIfAbsent(key: Key, bytes: Uint8Array, options?: StoreOptions): Promise<boolean>;
  /** Keys that start with the prefix, in ascending order of their UTF-8 bytes, strictly after `after`. */
  list(prefix: string, after?: Key, options?: StoreOptions): AsyncIterable<ObjectInfo>;
  head(key: Key, options?: StoreOptions): Promise<ObjectInfo | undefined>;
  /** Removes the object if it exists. */
  remove(key: Key, options?: StoreOptions): Promise<void>;
  close(): Promise<void>;
}
