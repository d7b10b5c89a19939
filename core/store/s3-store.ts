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
  const { client, host, url } = connectS3(settings);
  const Bucket = settings.bucket;
  const folder = settings.prefix ? `${settings.prefix}/` : '';

  async function attempt<T>(
    signal: AbortSignal | undefined,
    send: (options: { abortSignal?: AbortSignal }) => Promise<T>,
  ): Promise<T> {
    checkSignal(signal);
    try {
      return await send(signal ? { abortSignal: signal } : {});
    } catch (error) {
      checkSignal(signal);
      throw error;
    }
  }

  /** Runs a request; undefined if there is no such object. */
  async function orUndefined<T>(
    signal: AbortSignal | undefined,
    send: (options: { abortSignal?: AbortSignal }) => Promise<T>,
  ): Promise<T | undefined> {
    try {
      return await attempt(signal, send);
    } catch (error) {
      if (isMissing(error)) return undefined;
      throw s3Failure(error, place());
    }
  }

  const place = () => ({ bucket: Bucket, host: host() });
  const head = async (key: Key, options?: StoreOptions): Promise<ObjectInfo | undefined> => {
    checkKey(key);
    const found = await orUndefined(options?.signal, (request) =>
      client.send(new HeadObjectCommand({ Bucket, Key: folder + key }), request),
    );
    return found && { key, bytes: found.ContentLength ?? 0 };
  };

  return {
    url,
    head,
    async get(key, range, options) {
      checkKey(key);
      if (range && range.to <= range.from) return (await head(key, options)) && new Uint8Array();
      const input = { Bucket, Key: folder + key, ...(range ? { Range: `bytes=${range.from}-${range.to - 1}` } : {}) };
      for (let attempts = 1; ; attempts++) {
        try {
          return await attempt(options?.signal, async (request) => {
            const { Body } = await client.send(new GetObjectCommand(input), request);
            return plain((await Body?.transformToByteArray()) ?? new Uint8Array());
          });
        } catch (error) {
          if (isMissing(error)) return undefined;
          // A range behind the end of the object.
          if (statusOf(error) === 416) return new Uint8Array();
          // The SDK retries requests, but not bodies that break off.
          if (attempts >= tries || !isBroken(error)) throw s3Failure(error, place());
          await backOff(attempts, options?.signal);
        }
      }
    },
    async putIfAbsent(key, bytes, options) {
      checkKey(key);
      const input = { Bucket, Key: folder + key, Body: bytes, ContentLength: bytes.length, IfNoneMatch: '*' };
      for (let attempts = 1; ; attempts++) {
        try {
          await attempt(options?.signal, (request) => client.send(new PutObjectCommand(input), request));
          return true;
        } catch (error) {
          if (statusOf(error) === 412) return false;
          // Another conditional write of this key is under way: its outcome decides.
          if (statusOf(error) !== 409 || attempts >= tries) throw s3Failure(error, place());
          await backOff(attempts, options?.signal);
        }
      }
    },
    async *list(prefix, after, options) {
      checkPrefix(prefix);
      let page: ListObjectsV2CommandOutput | undefined;
      do {
        const input = {
          Bucket,
          Prefix: folder + prefix,
          ...(page?.NextContinuationToken ? { ContinuationToken: page.NextContinuationToken } : {}),
          ...(!page && after !== undefined ? { StartAfter: folder + after } : {}),
        };
        page = await orUndefined(options?.signal, (request) => client.send(new ListObjectsV2Command(input), request));
        for (const { Key: name = '', Size: bytes = 0 } of page?.Contents ?? []) {
          const key = name.slice(folder.length);
          if (name.startsWith(folder) && isKey(key) && (after === undefined || key > after)) yield { key, bytes };
        }
      } while (page?.IsTruncated && page.NextContinuationToken);
    },
    async remove(key, options) {
      checkKey(key);
      await orUndefined(options?.signal, (request) =>
        client.send(new DeleteObjectCommand({ Bucket, Key: folder + key }), request),
      );
    },
    async close() {
      client.destroy();
    },
  };
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
