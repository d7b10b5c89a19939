import { readlinkSync } from 'node:fs';
import { hostname } from 'node:os';
import { createHash } from 'node:crypto';

/** The process that something was made by, and may outlive: `<machine>-<process id>`. */
export function ownerName(): string {
  return `${machine()}-${process.pid}`;
}

/**
 * Whether the process of a name is known to be gone. Of processes on other machines, and in other containers, nothing is known, and of
 * one whose number another process has got since neither.
 */
export function isGone(name: string): boolean {
  const [where, pid] = name.split('-');
  return where === machine() && pid !== undefined && !isAlive(Number(pid));
}

let known: string | undefined;

/** Where process ids mean what they mean here. */
function machine(): string {
  known ??= createHash('sha256').update(`${hostname()} ${processIds()}`).digest('hex').slice(0, 12);
  return known;
}

/** The namespace of process ids; containers may share the name of their host. */
function processIds(): string {
  try {
    return readlinkSync('/proc/self/ns/pid');
  } catch {
    // Not Linux.
    return '';
  }
}

function isAlive(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch (error) {
    return error instanceof Error && 'code' in error && error.code === 'EPERM';
  }
}
