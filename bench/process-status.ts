import { existsSync, readFileSync } from 'node:fs';

/** Whether the system tells what its processes take. */
export const tellsProcesses = existsSync('/proc/self/status');

/** Bytes that a running process holds in memory, and held at most. Linux only. */
export function residentBytes(pid: number): { readonly now: number; readonly most: number } {
  const status = readFileSync(`/proc/${pid}/status`, 'utf8');
  const kibibytes = (name: string): number => Number(new RegExp(`^${name}:\\s+(\\d+)`, 'm').exec(status)?.[1]);
  return { now: 1024 * kibibytes('VmRSS'), most: 1024 * kibibytes('VmHWM') };
}

/** Processor time of running processes since they began; undefined where the system does not tell. */
export function processorSeconds(pids: readonly number[]): number | undefined {
  if (!tellsProcesses) return undefined;
  return pids.reduce((sum, pid) => {
    // Behind the name in brackets, which may hold anything; fields 14 and 15 in hundredths of a second.
    const fields = readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ').at(-1)?.split(' ') ?? [];
    return sum + (Number(fields[11]) + Number(fields[12])) / 100;
  }, 0);
}
