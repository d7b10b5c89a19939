import { readdir } from 'node:fs/promises';
import { join, relative, sep } from 'node:path';
import { PercussError, messageOf } from '../errors.js';

/**
 * Every file below a folder of this machine, as paths relative to it joined by '/'. Links to files are listed, links to
 * folders are not followed.
 * @throws PercussError FILE_MISSING if the folder cannot be read.
 */
export async function listFolder(folder: string): Promise<readonly string[]> {
  try {
    const entries = await readdir(folder, { recursive: true, withFileTypes: true });
    return entries
      .filter((entry) => entry.isFile() || entry.isSymbolicLink())
      .map((entry) => relative(folder, join(entry.parentPath, entry.name)).split(sep).join('/'));
  } catch (error) {
    throw new PercussError('FILE_MISSING', `the folder ${folder} cannot be read (${messageOf(error)})`, {
      details: { folder },
      cause: error,
    });
  }
}
