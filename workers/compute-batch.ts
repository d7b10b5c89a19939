import { Ledger } from '../core/ledger/ledger.js';
import { openStore } from '../core/store/open.js';
import { BatchRunner } from '../core/study/running/batch.js';
import { tensorFlowFromCache } from '../infra/setup/load-tfjs.js';
import type { ComputeHandler } from './messages.js';

/**
 * What a compute child does: batches of real studies. The store, networks and images are opened once a store, and kept
 * for the batches to come.
 */
export function createHandler(): ComputeHandler {
  const runners = new Map<string, Promise<BatchRunner>>();
  const open = async (url: string): Promise<BatchRunner> => {
    // The parent has probed the store already.
    const store = await openStore(url, { probe: false });
    // One thread: results of equal builds are then equal, and slots don't get in each other's way.
    return new BatchRunner(new Ledger(store), { threads: 1, tensorflow: tensorFlowFromCache });
  };
  return {
    run: async ({ store, stage, from, to, sharing }, options) => {
      let runner = runners.get(store);
      if (runner === undefined) {
        runner = open(store);
        runners.set(store, runner);
        // A store that was out of reach is asked again the next time.
        runner.catch(() => runners.delete(store));
      }
      return { outcome: await (await runner).run(stage, from, to, { ...options, ...sharing }) };
    },
  };
}
