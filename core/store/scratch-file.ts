import { stat } from 'node:fs/promises';
import path from 'node:path';
import { isGone, ownerName } from '../owner.js';

/** No object takes as long to write: older scratch files belong to nobody. */
const abandonedAfterMs = 24 * 3600 * 1000;

/** The name of a scratch file says whose it is: `<machine>-<process id>-<unique>`. */
export function scratchName(unique: string): string {
  return `${ownerName()}-${unique}`;
}

/**
 * Whether a scratch file was left by a process that is gone. Of processes on other machines, which share the folder
 * over a network, nothing is known but the time.
 */
export async function isLeftover(file: string): Promise<boolean> {
  const found = await stat(file).catch(() => undefined);
  if (!found?.isFile()) return false;
  return Date.now() - found.mtimeMs > abandonedAfterMs || isGone(path.basename(file));
}
