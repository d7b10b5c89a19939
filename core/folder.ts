import { mkdir, stat } from 'node:fs/promises';
import path from 'node:path';

/**
 * Creates a folder and those above it that are missing, one by one. Node's own recursive `mkdir` never ends where the system answers that a
 * parent is missing that is there, as Linux does below /proc (seen with Node 20).
 *
 * @returns the first folder that was created, or undefined.
 * @throws what the file system says.
 */
export async function makeFolder(folder: string): Promise<string | undefined> {
  const missing: string[] = [];
  for (let at = path.resolve(folder); !(await exists(at)); at = path.dirname(at)) missing.push(at);
  for (const part of missing.toReversed()) {
    await mkdir(part).catch(async (error: NodeJS.ErrnoException) => {
      // Somebody else may have been faster; what is there and no folder shows itself below.
      if (error.code !== 'EEXIST') throw error;
    });
  }
  if ((await stat(folder)).isDirectory()) return missing.at(-1);
  throw Object.assign(new Error(`EEXIST: it is a file, not a folder: ${folder}`), { code: 'EEXIST' });
}

async function exists(file: string): Promise<boolean> {
  return stat(file).then(
    () => true,
    (error: NodeJS.ErrnoException) => {
      if (error.code === 'ENOENT') return false;
      throw error;
    },
  );
}
