import { dirname, resolve } from 'node:path';
import { maskedUrl } from '../secrets.js';
import type { Cursor, Reader } from './cursor.js';
import { text } from './value.js';

/** Where a spec lies, and how to find out whether a file it names exists. */
export interface Surroundings {
  readonly file: string;
  fileExists(path: string): boolean;
}

/**
 * A path relative to the spec, made absolute, or an s3:// URL as it stands. Local files must exist; buckets are looked
 * into when the data are read.
 */
export function pathReader({ file, fileExists }: Surroundings): Reader<string> {
  return (cursor: Cursor) => {
    const given = text(cursor);
    if (given === undefined) return undefined;
    const scheme = /^([a-z][a-z0-9+.-]*):\/\//i.exec(given)?.[1];
    if (scheme === 's3') {
      if (/[@?]/.test(given)) {
        return cursor.fail('credentials never stand in a spec', 'give them the AWS way: environment or profile');
      }
      if (!/^s3:\/\/[^/:]+\/[^:#]+$/.test(given)) {
        return cursor.fail(`${maskedUrl(given)} names no object`, 'write s3://BUCKET/KEY');
      }
      return given;
    }
    if (scheme !== undefined) {
      return cursor.fail(`${scheme}:// is not read`, 'name a file, or an object as s3://BUCKET/KEY');
    }
    const path = resolve(dirname(file), given);
    if (fileExists(path)) return path;
    return cursor.fail(`there is no file ${given}`, `paths are relative to the spec; looked for ${path}`);
  };
}
