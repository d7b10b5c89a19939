import { readFile, rm, stat, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { PercussError } from '../core/errors.js';

/** The path of the SQLite file. Files aren't migrated between server versions, hence the version in the name. */
export function databaseFile(folder: string, version: string): string {
  const file = path.join(path.resolve(folder), `temporal-${version}.sqlite`);
  if (/[?#%]/.test(file)) {
    throw new PercussError(
      'USAGE',
      `the Temporal server can't keep its file in ${folder}: the path may hold none of ? # %`,
    );
  }
  return file;
}

/**
 * Starts a server on its file. A first start that was cut off leaves a file with half a schema, which later starts would take
 * for a whole one: such a file is created anew.
 */
export async function withWholeFile<T>(file: string, start: () => Promise<T>): Promise<T> {
  const marker = `${file}.creating`;
  if (await present(marker)) {
    for (const suffix of ['', '-wal', '-shm', '-journal', '.creating']) await rm(`${file}${suffix}`, { force: true });
  }
  if (!(await present(file))) await writeFile(marker, '');
  const started = await start();
  await rm(marker, { force: true });
  return started;
}

/** The end of a server's log, for a message. */
export async function endOfLog(log: string): Promise<string> {
  const text = await readFile(log, 'utf8').catch(() => '');
  const line = text.trim().split('\n').at(-1) ?? '';
  return line === '' ? 'its log is empty' : `its log ends: ${line.slice(-300)}`;
}

function present(file: string): Promise<boolean> {
  return stat(file).then(
    () => true,
    () => false,
  );
}
