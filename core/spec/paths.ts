import { basename, dirname, join, relative, resolve } from 'node:path';
import { maskedUrl } from '../secrets.js';
import { nearestName } from '../select.js';
import type { Cursor, Reader } from './cursor.js';
import { text } from './value.js';

/** Where a spec lies, and how to find out whether a file it names exists. */
export interface Surroundings {
  readonly file: string;
  fileExists(path: string): boolean;
  /** Names in a folder; none where it cannot be read. */
  namesIn(folder: string): readonly string[];
}

/**
 * A path relative to the spec, made absolute, or an s3:// URL as it stands. Local files must exist; buckets are looked
 * into when the data are read.
 */
export function pathReader(surroundings: Surroundings): Reader<string> {
  const { file, fileExists } = surroundings;
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
    return cursor.fail(`there is no file ${given}`, missingHint(path, surroundings));
  };
}

/** The nearest name in the deepest folder that exists, else where was looked. */
function missingHint(path: string, { fileExists, namesIn }: Surroundings): string {
  let missing = path;
  while (dirname(missing) !== missing && !fileExists(dirname(missing))) missing = dirname(missing);
  const nearest = nearestName(basename(missing), namesIn(dirname(missing)));
  const looked = `paths are relative to the spec; looked for ${path}`;
  if (nearest === undefined) return missing === path ? looked : `${looked}; there is no folder ${missing}`;
  return `did you mean "${join(dirname(missing), nearest, relative(missing, path))}"? ${looked}`;
}
