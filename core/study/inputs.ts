import { readFile } from 'node:fs/promises';
import type { ImageSource } from '../data/image-source.js';
import { listFolder } from '../data/list-folder.js';
import { messageOf, PercussError } from '../errors.js';
import { openStore } from '../store/open.js';

/** A file of this machine, or an object of a bucket: `s3://bucket/key`. @throws PercussError FILE_MISSING. */
export async function readInput(path: string): Promise<Uint8Array> {
  if (path.startsWith('s3://')) return readObject(path);
  try {
    return await readFile(path);
  } catch (error) {
    throw new PercussError('FILE_MISSING', `${path} cannot be read (${messageOf(error)})`, {
      details: { file: path },
      cause: error,
    });
  }
}

async function readObject(url: string): Promise<Uint8Array> {
  const [, bucket, key] = /^s3:\/\/([^/]+)\/(.+)$/.exec(url) ?? [];
  if (!bucket || !key) throw new PercussError('FILE_MISSING', `${url} names no object; write s3://BUCKET/KEY`);
  const store = await openStore(`s3://${bucket}`, { probe: false });
  try {
    const bytes = await store.get(key);
    if (bytes) return bytes;
    throw new PercussError('FILE_MISSING', `there is no object ${url}`, { details: { file: url } });
  } finally {
    await store.close();
  }
}

/** Image sets of this machine and of buckets. */
export const inputs: ImageSource = {
  read: readInput,
  list: async (folder) => {
    const [, bucket, prefix] = /^s3:\/\/([^/]+)\/(.+?)\/?$/.exec(folder) ?? [];
    if (!bucket || !prefix) return listFolder(folder);
    const store = await openStore(`s3://${bucket}`, { probe: false });
    const names: string[] = [];
    try {
      for await (const object of store.list(`${prefix}/`)) names.push(object.key.slice(prefix.length + 1));
    } finally {
      await store.close();
    }
    return names;
  },
};
