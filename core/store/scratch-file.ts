import { stat } from 'node:fs/promises';
import { hostname } from 'node:os';
import path from 'node:path';
import { sha256 } from '../digest.js';

/** No object takes as long to write: older scratch files belong to nobody. */
const abandonedAfterMs = 24 * 3600 * 1000;

/** The name of a scratch file says whose it is: `<machine>-<process id>-<unique>`. */
export function scratchName(unique: string): string {
  return `${machine()}-${process.pid}-${unique}`;
}

/**
 * Whether a scratch file was left by a process that is gone. Of processes on other machines, which share the folder
 * over a network, nothing is known but the time.
 */
export async function isLeftover(file: string): Promise<boolean> {
  const found = await stat(file).catch(() => undefined);
  if (!found?.isFile()) return false;
  if (Date.now() - found.mtimeMs > abandonedAfterMs) return true;
  const [where, pid] = path.basename(file).split('-');
  return where === machine() && pid !== undefined && !isAlive(Number(pid));
}

function machine(): string {
  return sha256(hostname()).slice(0, 12);
}

function isAlive(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch (error) {
    return error instanceof Error && 'code' in error && error.code === 'EPERM';
  }
}
