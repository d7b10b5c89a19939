import { makeSetting, simulate } from './simulation.js';
import type { Bug } from './planted-bugs.js';

/** Seeds of one process: every `step`-th from `from` to before `to`. */
export interface SeedsTask {
  readonly from: number;
  readonly to: number;
  readonly step: number;
  /** Rows of tables are compared for every so many-th seed. */
  readonly tablesEach: number;
  readonly bug?: Bug;
}

/** What a process found: the first seeds at which something was wrong, and how many it ran. */
export interface SeedsTold {
  readonly ran: number;
  readonly events: number;
  readonly wrong: readonly { readonly seed: number; readonly what: string }[];
}

/** Runs seeds until all are run, or some were wrong. */
export async function runSeeds({ from, to, step, tablesEach, bug }: SeedsTask, most = 5): Promise<SeedsTold> {
  const setting = await makeSetting();
  const wrong: { seed: number; what: string }[] = [];
  let [ran, events] = [0, 0];
  for (let seed = from; seed < to && wrong.length < most; seed += step) {
    const result = await simulate(seed, setting, { tables: seed % tablesEach === 0, ...(bug ? { bug } : {}) });
    ran += 1;
    events += result.events;
    const [what] = result.wrong;
    if (what !== undefined) wrong.push({ seed, what });
  }
  return { ran, events, wrong };
}

process.once('message', (task: SeedsTask) => {
  void runSeeds(task).then((told) => process.send?.(told, () => process.disconnect()));
});
