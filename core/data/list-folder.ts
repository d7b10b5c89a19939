import { opendir } from 'node:fs/promises';
import path from 'node:path';
import { PercussError, messageOf } from '../errors.js';
import { limits } from '../limits.js';

/**
 * Everything below a folder of this machine, as paths relative to it joined by '/'; those of folders end in '/'. Links to
 * files are listed, links to folders are not followed, and what else there is (pipes, devices) is left out.
 * @throws PercussError FILE_MISSING if the folder cannot be read; LIMIT_EXCEEDED while it is read, if it holds too much.
 */
export async function listFolder(folder: string): Promise<readonly string[]> {
  const found: string[] = [];
  await listInto(found, folder, '', 0);
  return found;
}

async function listInto(found: string[], root: string, below: string, depth: number): Promise<void> {
  if (depth > limits.folderDepth.value) {
    throw tooLarge(root, `its folders lie more than ${limits.folderDepth.value} deep within one another, at ${below}`);
  }
  try {
    for await (const entry of await opendir(path.join(root, below))) {
      const name = `${below}${entry.name}`;
      if (entry.isDirectory()) {
        found.push(`${name}/`);
        await listInto(found, root, `${name}/`, depth + 1);
      } else if (entry.isFile() || entry.isSymbolicLink()) {
        found.push(name);
      }
      if (found.length > limits.folderEntries.value) {
        throw tooLarge(root, `it holds more than ${limits.folderEntries.value} files and folders`);
      }
    }
  } catch (error) {
    if (error instanceof PercussError) throw error;
    const folder = path.join(root, below);
    throw new PercussError('FILE_MISSING', `the folder ${folder} cannot be read (${messageOf(error)})`, {
      details: { file: folder },
      cause: error,
    });
  }
}

function tooLarge(folder: string, reason: string): PercussError {
  return new PercussError('LIMIT_EXCEEDED', `the folder ${folder}: ${reason} (docs/limits.md)`, {
    details: { file: folder },
  });
}
