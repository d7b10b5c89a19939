import { stat, writeFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import { PercussError } from '../core/errors.js';

/** How a file that stands in the command's line is written. */
export interface Writing {
  /** What is there may be replaced. */
  readonly force?: boolean;
}

/**
 * For a command that works before it writes: whether it may write these files, seen beforehand.
 * @throws PercussError USAGE if one is there, or a folder is not.
 */
export async function mayWrite(files: readonly string[], { force }: Writing = {}): Promise<void> {
  for (const file of files) {
    const folder = await stat(dirname(file)).catch(() => undefined);
    if (folder === undefined)
      throw new PercussError(
        'USAGE',
        `${file} can't be written: there is no folder ${dirname(file)}; make it, or name another file`,
      );
  }
  if (force === true) return;
  for (const file of files) {
    const there = await stat(file).catch((error: NodeJS.ErrnoException) => {
      if (error.code === 'ENOENT') return undefined;
      throw error;
    });
    if (there) throw isThere(file, force);
  }
}

/** Writes a file that the user named. @throws PercussError USAGE if it is there, unless it may be replaced; those of the file system. */
export async function writeNamed(file: string, content: string | Uint8Array, { force }: Writing = {}): Promise<void> {
  try {
    await writeFile(file, content, { flag: force === true ? 'w' : 'wx' });
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
    throw isThere(file, force);
  }
}

function isThere(file: string, force: boolean | undefined): PercussError {
  const other = force === undefined ? 'or remove it first' : 'or replace it with --force';
  return new PercussError('USAGE', `${file} exists already; name another file, ${other}`);
}
