import { existsSync, mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { answer, tinySpec, Workplace, type RunAnswer } from './percuss.js';

/** A study that was run to its end in this process's way, for whoever only needs one: copy what you change. */
export interface FinishedStudy {
  readonly name: string;
  /** A store that is a folder. */
  readonly store: string;
  /** Its report and tables. */
  readonly out: string;
  /** Units that were computed. */
  readonly units: number;
}

/** The name and spec of that study: the same text is the same study. */
export const finishedName = 'finished';
export const finishedSpec = (): string => tinySpec(finishedName);

/** Runs it once for all test files of a run; the first that asks does so, and the others wait. */
export async function finishedStudy(): Promise<FinishedStudy> {
  const folder = path.join(process.env['TEST_RUN_FOLDER'] as string, finishedName);
  const done = path.join(folder, 'done.json');
  try {
    mkdirSync(folder);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
    for (const end = Date.now() + 170_000; !existsSync(done) && Date.now() < end;) await sleep(100);
    return JSON.parse(readFileSync(done, 'utf8')) as FinishedStudy;
  }
  const place = new Workplace();
  try {
    const [store, out] = [path.join(folder, 'store'), path.join(folder, 'out')];
    const args = [
      'run',
      place.spec(finishedName, finishedSpec()),
      '--in-process',
      '--store',
      store,
      '--out',
      out,
      '--json',
    ];
    const { computed } = answer<RunAnswer>(await place.run(args));
    const study: FinishedStudy = { name: finishedName, store, out, units: computed };
    writeFileSync(`${done}.part`, JSON.stringify(study));
    renameSync(`${done}.part`, done);
    return study;
  } finally {
    place.close();
  }
}
