import { open, readFile, rm } from 'node:fs/promises';

/** True while a process of that id runs, be it another user's. */
export function alive(pid: number): boolean {
  if (!Number.isInteger(pid) || pid <= 0) return false;
  try {
    return process.kill(pid, 0);
  } catch (error) {
    return error instanceof Error && 'code' in error && error.code === 'EPERM';
  }
}

/**
 * Takes a lock file that holds our process id, also from a holder that is gone; undefined while somebody else holds it.
 */
export async function takeLock(file: string): Promise<(() => Promise<void>) | undefined> {
  for (let attempt = 0; attempt < 3; attempt++) {
    try {
      const handle = await open(file, 'wx');
      await handle.writeFile(String(process.pid));
      await handle.close();
      return () => rm(file, { force: true });
    } catch (error) {
      if (!(error instanceof Error && 'code' in error && error.code === 'EEXIST')) throw error;
    }
    const holder = await readFile(file, 'utf8').catch(() => '');
    // An empty file belongs to somebody who is about to write it.
    if (holder === '' || alive(Number(holder))) return undefined;
    await rm(file, { force: true });
  }
  return undefined;
}
