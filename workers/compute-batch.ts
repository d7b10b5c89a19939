import { Ledger } from '../core/ledger/ledger.js';
import { openStore } from '../core/store/open.js';
import { BatchRunner } from '../core/study/batch.js';
import type { ComputeHandler } from './messages.js';

/** What a compute child does: opens the store of its first task, and keeps engine, networks and images between tasks. */
export function createHandler(): ComputeHandler {
  const runners = new Map<string, Promise<BatchRunner>>();
  const runnerFor = (url: string): Promise<BatchRunner> => {
    let runner = runners.get(url);
    if (!runner) {
      // The parent has probed the server already.
      runner = openStore(url, { probe: false }).then((store) => new BatchRunner(new Ledger(store)));
      runner.catch(() => runners.delete(url));
      runners.set(url, runner);
    }
    return runner;
  };
  return {
    run: async ({ store, stage, from, to }, options) => {
      const runner = await runnerFor(store);
      return { outcome: await runner.run(stage, from, to, options) };
    },
  };
}
