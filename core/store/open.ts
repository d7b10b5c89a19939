import { stat } from 'node:fs/promises';
import { homedir } from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { PercussError } from '../errors.js';
import { maskedUrl } from '../secrets.js';
import { fileStore } from './file-store.js';
import { isKey } from './key.js';
import { memoryStore } from './memory-store.js';
import type { ObjectStore } from './object-store.js';
import type { S3Settings } from './s3-connection.js';

export interface OpenOptions {
  readonly signal?: AbortSignal;
  /** Whether to try out what an S3 server does, once per process (default: true). */
  readonly probe?: boolean;
}

/** A kind of store, by the scheme of its URL. */
interface Scheme {
  /** What its URLs look like. */
  readonly form: string;
  /** @param rest what stands behind the scheme and its colon. */
  readonly open: (url: string, rest: string, options: OpenOptions) => ObjectStore | Promise<ObjectStore>;
}

/** Every kind of store; a URL without a scheme is a path. A new one is a file, a row here, and the contract suite run on it. */
const schemes: ReadonlyMap<string, Scheme> = new Map(
  Object.entries({
    memory: {
      form: 'memory:',
      open: (url, rest) => {
        if (rest !== '') throw malformed(url, 'nothing may follow memory:');
        return memoryStore();
      },
    },
    file: { form: 'file:PATH, a path', open: (url, rest) => openFolder(folderOf(rest, url), url) },
    s3: {
      form: 's3://BUCKET/PREFIX?endpoint=URL&region=REGION',
      open: async (url, _, options) => {
        const settings = parseS3(url);
        // The AWS library takes longer to load than most verbs take with a folder.
        const [{ probeS3 }, { s3Store }] = await Promise.all([import('./probe.js'), import('./s3-store.js')]);
        if (options.probe ?? true) await probeS3(settings, options.signal);
        return s3Store(settings);
      },
    },
  } as const satisfies Readonly<Record<string, Scheme>>),
);

/**
 * Opens a store by its URL: `memory:`, `file:PATH` or a plain path, `s3://bucket/prefix`. S3 endpoint, region and
 * credentials come the AWS way; the first two may stand in the URL.
 *
 * @throws PercussError USAGE for a URL of no such form; STORE_UNREACHABLE; STORE_UNSUITABLE.
 * @example
 * import { openStore } from 'percuss';
 *
 * const store = await openStore('file:.tmp/example/store');
 * for await (const { key, bytes } of store.list('cells/')) console.log(key, bytes);
 * await store.close();
 */
export async function openStore(url: string, options: OpenOptions = {}): Promise<ObjectStore> {
  const scheme = /^([A-Za-z][A-Za-z0-9+.-]+):/.exec(url)?.[1]?.toLowerCase();
  if (scheme === undefined) return openFolder(folderOf(url, url), url);
  const found = schemes.get(scheme);
  if (found) return found.open(url, url.slice(scheme.length + 1), options);
  throw malformed(url, url.includes('@') ? 'there is no such kind' : `there is no kind of store called ${scheme}`);
}

/** A folder that is not there yet is made with the first object. */
async function openFolder(folder: string, url: string): Promise<ObjectStore> {
  const found = await stat(folder).catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOTDIR') throw malformed(url, 'a part of its path is a file, not a folder');
    return undefined;
  });
  if (found && !found.isDirectory()) throw malformed(url, 'it is a file, not a folder');
  return fileStore(folder);
}

function folderOf(text: string, url: string): string {
  if (text.trim() === '') throw malformed(url, 'a path is missing');
  if (text.startsWith('//')) {
    try {
      return fileURLToPath(`file:${text}`);
    } catch {
      throw malformed(url, 'a host may not stand in it; write file:/PATH');
    }
  }
  return text === '~' || text.startsWith('~/') ? path.join(homedir(), text.slice(1)) : text;
}

/**
 * Reads `s3://bucket/prefix?endpoint=…&region=…`.
 * @throws PercussError USAGE.
 */
export function parseS3(url: string): S3Settings {
  const match = /^s3:\/\/([^/?#@]+)(?:\/([^?#]*))?(?:\?([^#]*))?$/i.exec(url);
  if (!match) {
    throw malformed(url, 'expected s3://BUCKET/PREFIX, without credentials in it');
  }
  const [, bucket = '', folder = '', query = ''] = match;
  if (!/^[a-z0-9][a-z0-9._-]{1,61}[a-z0-9]$/i.test(bucket))
    throw malformed(url, "what follows s3:// can't be a bucket's name");
  const prefix = folder.replace(/\/+$/, '');
  if (prefix !== '' && (!isKey(prefix) || prefix.length > 300)) {
    throw malformed(url, 'the prefix may hold letters, digits, ".", "_", "-" and single slashes, 300 bytes at most');
  }
  const settings: { bucket: string; prefix: string; endpoint?: string; region?: string } = { bucket, prefix };
  for (const [name, value] of new URLSearchParams(query)) {
    if (name === 'endpoint') settings.endpoint = checkEndpoint(value);
    else if (name === 'region') settings.region = value;
    else throw malformed(url, 'it has another parameter than endpoint and region');
  }
  return settings;
}

function checkEndpoint(value: string): string {
  const endpoint = URL.canParse(value) ? new URL(value) : undefined;
  if (!endpoint || !/^https?:$/.test(endpoint.protocol)) {
    throw new PercussError(
      'USAGE',
      `the S3 endpoint ${JSON.stringify(maskedUrl(value))} is not of the form http://HOST:PORT`,
    );
  }
  if (endpoint.username || endpoint.password) {
    throw new PercussError(
      'USAGE',
      `the S3 endpoint of ${endpoint.host} holds credentials: set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY instead`,
    );
  }
  return endpoint.href.replace(/\/$/, '');
}

/** `memory:, file:PATH, a path, or s3://…`. */
function formsOf(): string {
  const forms = [...schemes.values()].map(({ form }) => form);
  return `${forms.slice(0, -1).join(', ')}, or ${forms.at(-1)}`;
}

function malformed(url: string, reason: string): PercussError {
  return new PercussError(
    'USAGE',
    `${JSON.stringify(maskedUrl(url))} is not a store: ${reason}. A store is ${formsOf()}`,
  );
}
