import type { EngineOptions } from '../engine/open.js';
import type { Ledger } from '../ledger/ledger.js';
import { BatchRunner } from './batch.js';
import type { Compute } from './compute.js';

/**
 * Computes in this process, one batch at a time: for tests and small studies. Native engines block the event loop while
 * they run, and a crash of theirs ends the process; everything else uses compute processes.
 */
export function inProcessCompute(ledger: Ledger, options: EngineOptions = {}): Compute {
  const runner = new BatchRunner(ledger, options);
  return {
    slots: 1,
    run: async ({ stage, from, to }, step) => ({ outcome: await runner.run(stage, from, to, step) }),
    close: () => runner.close(),
  };
}
