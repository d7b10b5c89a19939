import { availableParallelism } from 'node:os';
import type { Command } from 'commander';
import { InvalidArgumentError } from 'commander';
import { printNumericMode } from '../core/numeric-mode.js';
import { createSteps } from '../core/study/create-steps.js';
import { connectClient } from '../infra/connection.js';
import { connectWorker } from '../infra/worker-connection.js';
import { computeChildren } from '../workers/children.js';
import { ensureEngine } from '../workers/engine-process.js';
import { startWorker, type WorkerRole } from '../workers/worker.js';
import { modeOf, withEngineOptions, type EngineChoice } from './engine-option.js';
import { interruptible } from './interrupt.js';
import { withMemoryOption } from './memory-option.js';
import { processCount } from './number-option.js';
import { openSession, type CommonOptions } from './session.js';
import { findTemporal } from './temporal.js';

interface WorkerOptions extends CommonOptions, EngineChoice {
  readonly temporal?: string;
  readonly slots: number;
  readonly memory?: number;
  readonly roles?: readonly WorkerRole[];
}

const roles: readonly WorkerRole[] = ['control', 'analyse', 'evaluate'];

function parseRoles(text: string): readonly WorkerRole[] {
  const asked = text.split(',').map((name) => roles.find((role) => role === name.trim()));
  if (asked.some((role) => role === undefined)) throw new InvalidArgumentError(`it is a list of ${roles.join(', ')}`);
  return asked as WorkerRole[];
}

/** `percuss worker`: takes part in all studies of a store until it is stopped. Needs no file but the store. */
export function workerCommand(verb: Command): void {
  withMemoryOption(withEngineOptions(verb))
    .option('--slots <n>', 'compute processes', processCount, availableParallelism())
    .option('--roles <list>', 'of control, analyse, evaluate; all unless given', parseRoles)
    .action(async (_: unknown, command: Command) => {
      const options = command.optsWithGlobals<WorkerOptions>();
      const mode = modeOf(options);
      // Else every batch that came here would fail, and end its study.
      if (!options.roles || options.roles.includes('evaluate')) await ensureEngine(mode);
      const session = await openSession(options);
      const { terminal, ledger } = session;
      const storeId = await session.storeId();
      const temporal = await findTemporal(options.temporal);
      // A namespace that is not there is told at once; a worker's own connection would try for ever.
      await (await connectClient(temporal)).connection.close();
      const { slots, memory } = options;
      const compute = computeChildren({ slots, ...(memory === undefined ? {} : { memoryLimit: memory }) });
      const connection = await connectWorker(temporal);
      try {
        const worker = await startWorker({
          connection,
          namespace: temporal.namespace,
          storeId,
          mode,
          steps: createSteps({ ledger, compute }),
          slots: options.slots,
          ...(options.roles ? { roles: options.roles } : {}),
        });
        terminal.say(
          `working for ${ledger.url} on ${printNumericMode(mode)}, ${options.slots} slots; Temporal at ${temporal.address} (${temporal.source})`,
        );
        await interruptible(
          async (signal) => {
            signal.addEventListener('abort', () => void worker.shutdown(), { once: true });
            await worker.ended;
          },
          {
            say: () => terminal.say('finishing the batches in hand; Ctrl-C again to leave them to others'),
            message: () => 'the worker was interrupted',
          },
        );
      } finally {
        await connection.close();
        await compute.close();
        await session.close();
      }
    });
}
