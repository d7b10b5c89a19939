import {
  DeleteObjectCommand,
  GetObjectCommand,
  HeadBucketCommand,
  ListObjectsV2Command,
  PutObjectCommand,
  type S3Client,
} from '@aws-sdk/client-s3';
import { randomUUID } from 'node:crypto';
import { PercussError } from '../errors.js';
import { checkSignal } from './key.js';
import { connectS3, s3Url, type S3Settings } from './s3-connection.js';
import { s3Failure, statusOf } from './s3-failure.js';

const passed = new Map<string, Promise<void>>();

/**
 * Tries what percuss rests on, on three small objects that it removes again: a second conditional write is refused,
 * bytes come back as they were, a wrong checksum is refused, listings are ordered and continue. Some servers that call
 * themselves S3-compatible ignore such headers without a word and lose data. Asked once per process and place.
 *
 * @throws PercussError STORE_UNSUITABLE that names what failed; STORE_UNREACHABLE.
 */
export async function probeS3(settings: S3Settings, signal?: AbortSignal): Promise<void> {
  const url = s3Url(settings);
  const earlier = passed.get(url);
  if (earlier) return earlier;
  const probe = tryOut(settings, signal);
  passed.set(url, probe);
  try {
    await probe;
  } catch (error) {
    passed.delete(url);
    throw error;
  }
}

async function tryOut(settings: S3Settings, signal?: AbortSignal): Promise<void> {
  const { client, host } = connectS3(settings);
  const Bucket = settings.bucket;
  const folder = `${settings.prefix ? `${settings.prefix}/` : ''}probe/${randomUUID()}/`;
  const names = ['a-b', 'a/b', 'c'].map((name) => folder + name);
  try {
    checkSignal(signal);
    await findBucket(client, Bucket, host);
    const failure =
      (await refusesSecondWrite(client, Bucket, names[0] ?? '')) ??
      (await refusesWrongChecksum(client, Bucket, `${folder}damaged`)) ??
      (await listsAll(client, Bucket, folder, names));
    if (failure === undefined) return;
    throw new PercussError(
      'STORE_UNSUITABLE',
      `the S3 server at ${host()} can't hold percuss's objects safely: ${failure}. Use AWS S3, SeaweedFS, versitygw or another server that passes, or a folder as --store`,
      { details: { bucket: Bucket, host: host() } },
    );
  } catch (error) {
    checkSignal(signal);
    throw s3Failure(error, { bucket: Bucket, host: host() });
  } finally {
    const keys = [...names, `${folder}damaged`];
    await Promise.allSettled(keys.map((Key) => client.send(new DeleteObjectCommand({ Bucket, Key }))));
    client.destroy();
  }
}

/** Some servers make a bucket by the way of a first write: then a misspelt name would be a new, empty store. */
async function findBucket(client: S3Client, Bucket: string, host: () => string): Promise<void> {
  try {
    await client.send(new HeadBucketCommand({ Bucket }));
  } catch (error) {
    if (statusOf(error) !== 404) throw error;
    throw s3Failure(Object.assign(new Error('no such bucket'), { name: 'NoSuchBucket' }), {
      bucket: Bucket,
      host: host(),
    });
  }
}

async function refusesSecondWrite(client: S3Client, Bucket: string, Key: string): Promise<string | undefined> {
  const put = (text: string) =>
    client.send(new PutObjectCommand({ Bucket, Key, Body: Buffer.from(text), IfNoneMatch: '*' }));
  await put('first');
  const status = await statusAfter(put('second'));
  if (status !== 412) {
    return `it answered ${status} to a second write with "If-None-Match: *", where 412 was expected, so that objects could be overwritten`;
  }
  const { Body } = await client.send(new GetObjectCommand({ Bucket, Key }));
  const text = await Body?.transformToString();
  return text === 'first' ? undefined : 'an object did not come back as it was written';
}

async function refusesWrongChecksum(client: S3Client, Bucket: string, Key: string): Promise<string | undefined> {
  const wrong = { Bucket, Key, Body: Buffer.from('bytes'), ChecksumCRC32: 'AAAAAA==' };
  const status = await statusAfter(client.send(new PutObjectCommand(wrong)));
  return status === 400
    ? undefined
    : `it answered ${status} to a write with a wrong checksum, where 400 was expected, so that damage on the way would go unnoticed`;
}

async function listsAll(
  client: S3Client,
  Bucket: string,
  Prefix: string,
  names: readonly string[],
): Promise<string | undefined> {
  for (const Key of names.slice(1)) {
    await client.send(new PutObjectCommand({ Bucket, Key, Body: Buffer.from('x'), IfNoneMatch: '*' }));
  }
  const found: string[] = [];
  let token: string | undefined;
  do {
    const page = await client.send(
      new ListObjectsV2Command({
        Bucket,
        Prefix,
        MaxKeys: 1,
        ...(token === undefined ? {} : { ContinuationToken: token }),
      }),
    );
    found.push(...(page.Contents ?? []).map(({ Key = '' }) => Key));
    token = page.IsTruncated ? page.NextContinuationToken : undefined;
  } while (token !== undefined && found.length <= names.length);
  const listed = names.every((name) => found.includes(name)) && found.length === names.length;
  return listed ? undefined : `listing ${names.length} objects page by page gave ${found.length}`;
}

/** The status of an answer; the connection's failures are thrown. */
async function statusAfter(request: Promise<unknown>): Promise<number> {
  try {
    await request;
    return 200;
  } catch (error) {
    const status = statusOf(error);
    if (status === undefined || status >= 500) throw error;
    return status;
  }
}
