import {
  DeleteObjectCommand,
  GetObjectCommand,
  HeadObjectCommand,
  ListObjectsV2Command,
  PutObjectCommand,
  type ListObjectsV2CommandOutput,
} from '@aws-sdk/client-s3';
import { setTimeout as sleep } from 'node:timers/promises';
import { checkKey, checkPrefix, checkSignal, isKey } from './key.js';
import type { Key, ObjectInfo, ObjectStore, StoreOptions } from './object-store.js';
import { connectS3, type S3Settings } from './s3-connection.js';
import { nameOf, s3Failure, statusOf } from './s3-failure.js';

/** How often a body that breaks off, or a conditional write that meets another one, is tried. */
const tries = 6;

/**
 * Objects in an S3 bucket, below a prefix. Credentials, region and endpoint come the AWS way (environment, profile,
 * instance) unless settings name them. Throttling, time-outs and 5xx are retried by the SDK with back-off. What the
 * server must be able to do is checked by `probe.ts`.
 *
 * A write whose answer was lost is tried again and may then find its own object: `putIfAbsent` says false, and the
 * stored bytes are the ones given.
 */
export function s3Store(settings: S3Settings): ObjectStore {
  return new S3Store(settings);
}

class S3Store implements ObjectStore {
  readonly #connection: ReturnType<typeof connectS3>;
  readonly #bucket: string;
  readonly #folder: string;

  constructor(settings: S3Settings) {
    this.#connection = connectS3(settings);
    this.#bucket = settings.bucket;
    this.#folder = settings.prefix ? `${settings.prefix}/` : '';
  }

  get url(): string {
    return this.#connection.url;
  }

  async head(key: Key, options?: StoreOptions): Promise<ObjectInfo | undefined> {
    checkKey(key);
    const found = await this.#orUndefined(options?.signal, (request) =>
      this.#connection.client.send(new HeadObjectCommand(this.#named(key)), request),
    );
    return found && { key, bytes: found.ContentLength ?? 0, written: found.LastModified?.getTime() ?? 0 };
  }

  async get(
    key: Key,
    range?: { readonly from: number; readonly to: number },
    options?: StoreOptions,
  ): Promise<Uint8Array | undefined> {
    checkKey(key);
    if (range && range.to <= range.from) return (await this.head(key, options)) && new Uint8Array();
    const input = { ...this.#named(key), ...(range ? { Range: `bytes=${range.from}-${range.to - 1}` } : {}) };
    for (let attempts = 1; ; attempts++) {
      try {
        return await attempt(options?.signal, async (request) => {
          const { Body } = await this.#connection.client.send(new GetObjectCommand(input), request);
          return plain((await Body?.transformToByteArray()) ?? new Uint8Array());
        });
      } catch (error) {
        if (isMissing(error)) return undefined;
        // A range behind the end of the object.
        if (statusOf(error) === 416) return new Uint8Array();
        // The SDK retries requests, but not bodies that break off.
        if (attempts >= tries || !isBroken(error)) throw this.#failure(error);
        await backOff(attempts, options?.signal);
      }
    }
  }

  async putIfAbsent(key: Key, bytes: Uint8Array, options?: StoreOptions): Promise<boolean> {
    checkKey(key);
    const input = { ...this.#named(key), Body: bytes, ContentLength: bytes.length, IfNoneMatch: '*' };
    for (let attempts = 1; ; attempts++) {
      try {
        await attempt(options?.signal, (request) => this.#connection.client.send(new PutObjectCommand(input), request));
        return true;
      } catch (error) {
        if (statusOf(error) === 412) return false;
        // Another conditional write of this key is under way: its outcome decides.
        if (statusOf(error) !== 409 || attempts >= tries) throw this.#failure(error);
        await backOff(attempts, options?.signal);
      }
    }
  }

  async *list(prefix: string, after?: Key, options?: StoreOptions): AsyncGenerator<ObjectInfo> {
    checkPrefix(prefix);
    let page: ListObjectsV2CommandOutput | undefined;
    do {
      const input = {
        Bucket: this.#bucket,
        Prefix: this.#folder + prefix,
        ...(page?.NextContinuationToken ? { ContinuationToken: page.NextContinuationToken } : {}),
        ...(!page && after !== undefined ? { StartAfter: this.#folder + after } : {}),
      };
      page = await this.#orUndefined(options?.signal, (request) =>
        this.#connection.client.send(new ListObjectsV2Command(input), request),
      );
      for (const { Key: name = '', Size: bytes = 0, LastModified: at } of page?.Contents ?? []) {
        const key = name.slice(this.#folder.length);
        if (name.startsWith(this.#folder) && isKey(key) && (after === undefined || key > after))
          yield { key, bytes, written: at?.getTime() ?? 0 };
      }
    } while (page?.IsTruncated && page.NextContinuationToken);
  }

  async remove(key: Key, options?: StoreOptions): Promise<void> {
    checkKey(key);
    await this.#orUndefined(options?.signal, (request) =>
      this.#connection.client.send(new DeleteObjectCommand(this.#named(key)), request),
    );
  }

  close(): Promise<void> {
    this.#connection.client.destroy();
    return Promise.resolve();
  }

  #named(key: Key): { readonly Bucket: string; readonly Key: string } {
    return { Bucket: this.#bucket, Key: this.#folder + key };
  }

  /** Runs a request; undefined if there is no such object. */
  async #orUndefined<T>(signal: AbortSignal | undefined, send: Send<T>): Promise<T | undefined> {
    try {
      return await attempt(signal, send);
    } catch (error) {
      if (isMissing(error)) return undefined;
      throw this.#failure(error);
    }
  }

  #failure(error: unknown): unknown {
    return s3Failure(error, { bucket: this.#bucket, host: this.#connection.host() });
  }
}

type Send<T> = (options: { abortSignal?: AbortSignal }) => Promise<T>;

async function attempt<T>(signal: AbortSignal | undefined, send: Send<T>): Promise<T> {
  checkSignal(signal);
  try {
    return await send(signal ? { abortSignal: signal } : {});
  } catch (error) {
    checkSignal(signal);
    throw error;
  }
}

/** Without the Buffer class, whose `slice` shares memory where that of arrays copies. */
function plain(bytes: Uint8Array): Uint8Array {
  return new Uint8Array(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}

function isMissing(error: unknown): boolean {
  return statusOf(error) === 404 && nameOf(error) !== 'NoSuchBucket';
}

function isBroken(error: unknown): boolean {
  return error instanceof Error && /aborted|ECONNRESET|premature|socket hang up|checksum/i.test(error.message);
}

async function backOff(attempts: number, signal: AbortSignal | undefined): Promise<void> {
  // Jitter only spreads load: no result depends on it.
  await sleep(50 * 2 ** attempts * (0.5 + Math.random()));
  checkSignal(signal);
}
