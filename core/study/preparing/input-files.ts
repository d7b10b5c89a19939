import type { ImageSource } from '../../data/image-source.js';
import { listFolder } from '../../data/list-folder.js';
import { PercussError } from '../../errors.js';
import { readInside, readRegular, strays, type ReadOptions } from '../../inside.js';
import { limits } from '../../limits.js';
import type { NetworkReader } from '../../import/import-network.js';
import { maskedUrl } from '../../secrets.js';
import { isKey } from '../../store/key.js';
import { openStore } from '../../store/open.js';

/**
 * A file of this machine, or an object of a bucket: `s3://bucket/key`.
 * @throws PercussError FILE_MISSING if there is none or it is no regular file, LIMIT_EXCEEDED if it is larger than may be.
 */
function readInput(path: string, options: ReadOptions): Promise<Uint8Array> {
  return path.startsWith('s3://') ? readObject(path, options) : readRegular(path, options);
}

async function readObject(url: string, { what, atMost }: ReadOptions): Promise<Uint8Array> {
  const [, bucket, key] = /^s3:\/\/([^/]+)\/(.+)$/.exec(url) ?? [];
  const reason = key === undefined || !isKey(key) ? 'write s3://BUCKET/KEY' : strays(key);
  if (!bucket || !key || reason !== undefined) {
    const file = maskedUrl(url);
    throw new PercussError('FILE_MISSING', `${what}: ${file} names no object (${reason})`, { details: { file } });
  }
  const store = await openStore(`s3://${bucket}`, { probe: false });
  try {
    const info = await store.head(key);
    if (info !== undefined && info.bytes > atMost) {
      throw new PercussError(
        'LIMIT_EXCEEDED',
        `${what}: ${url} has ${info.bytes} bytes, above the limit of ${atMost} (docs/limits.md)`,
        { details: { file: url } },
      );
    }
    const bytes = info && (await store.get(key));
    if (bytes) return bytes;
    throw new PercussError('FILE_MISSING', `${what}: there is no object ${url}`, { details: { file: url } });
  } finally {
    await store.close();
  }
}

/** Networks of this machine and of buckets: what a network names is read below its own folder, and nowhere else. */
export const networkReader: NetworkReader = {
  own: (file, what) => readInput(file, { what, atMost: limits.networkFile.value }),
  beside: (file, name, what) => {
    const options = { what, atMost: limits.networkFile.value };
    const folder = file.slice(0, file.lastIndexOf('/') + 1);
    return file.startsWith('s3://')
      ? readObject(`${folder}${name}`, options)
      : readInside(folder || '.', name, options);
  },
};

/** Image sets of this machine and of buckets. */
export const inputs: ImageSource = {
  read: readInput,
  readBelow: (folder, name, options) =>
    folder.startsWith('s3://') ? readObject(`${folder}/${name}`, options) : readInside(folder, name, options),
  list: async (folder) => {
    const [, bucket, prefix] = /^s3:\/\/([^/]+)\/(.+?)\/?$/.exec(folder) ?? [];
    if (!folder.startsWith('s3://')) return listFolder(folder);
    if (!bucket || !prefix || !isKey(prefix)) {
      const file = maskedUrl(folder);
      throw new PercussError('FILE_MISSING', `${file} names no folder of a bucket (write s3://BUCKET/PREFIX)`, {
        details: { file },
      });
    }
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
