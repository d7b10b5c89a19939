import type { EngineOptions } from '../../../core/engine/open.js';
import type { Ledger } from '../../../core/ledger/ledger.js';
import { BatchRunner } from '../../../core/study/running/batch.js';
import type { Compute } from '../../../core/study/running/compute.js';

/**
 * Computes in this process, one batch at a time. Native engines block the event loop while they run, and a crash of theirs
 * ends the process; the product uses compute processes.
 */
export function inProcessCompute(ledger: Ledger, options: EngineOptions = {}): Compute {
  const runner = new BatchRunner(ledger, options);
  return {
    slots: 1,
    run: async ({ stage, from, to, sharing }, step) => ({
      outcome: await runner.run(stage, from, to, { ...step, ...sharing }),
    }),
    close: () => runner.close(),
  };
}
