import { availableParallelism } from 'node:os';
import type { Command } from 'commander';
import { tableNames } from '../core/tables/columns.js';
import { measuredCost } from '../infra/calibrations.js';
import { countWorkers, submitStudy } from '../workers/client.js';
import { modeScout } from '../workers/mode-scout.js';
import { interruptible, unlessInterrupted } from './interrupt.js';
import { parseCount } from './run.js';
import { openSession, type CommonOptions } from './session.js';
import { prepareStudy } from '../core/study/prepare-study.js';
import { withClient } from './temporal.js';

interface SubmitOptions extends CommonOptions {
  readonly temporal?: string;
  readonly window: number;
  readonly priority?: number;
  readonly user?: string;
}

/** `percuss submit`: hands a study to a Temporal that workers listen to, and returns. */
export function submitCommand(program: Command): void {
  program
    .command('submit')
    .description('hand a study to your Temporal; workers of the same store compute it')
    .argument('<spec>', 'the study’s YAML')
    .option(
      '--window <n>',
      'batches in flight; two or three times the compute slots of all workers',
      parseCount,
      4 * availableParallelism(),
    )
    .option('--priority <n>', '1 (first) to 5', parseCount)
    .option('--user <name>', 'users share workers fairly by this name')
    .action(async (file: string, _: unknown, command: Command) => {
      const options = command.optsWithGlobals<SubmitOptions>();
      const session = await openSession(options);
      try {
        const storeId = await session.storeId();
        const { ref, spec, notices } = await interruptible(
          (signal) => {
            const { progress } = session.terminal;
            const scout = modeScout({ progress, signal });
            const reading = prepareStudy(file, session.ledger, { progress, scout, costOf: measuredCost });
            return unlessInterrupted(reading, signal, 'nothing was submitted');
          },
          () => session.terminal.say(`Interrupted. What is stored is kept; go on with: percuss submit ${file}`),
        );
        for (const line of notices) session.terminal.say(line);
        await withClient(options.temporal, async (client) => {
          const handle = await submitStudy(client, ref, {
            name: spec.study,
            storeId,
            tables: tableNames,
            window: options.window,
            policy: { onFailure: spec.run.onFailure },
            details: `Study **${spec.study}** (${ref.id}) in ${session.ledger.url}`,
            ...(options.priority === undefined ? {} : { priority: options.priority }),
            ...(options.user === undefined ? {} : { fairnessKey: options.user }),
          });
          const workers = await countWorkers(client, ref, storeId);
          session.terminal.result({ study: ref.id, workflow: handle.workflowId, workers }, () => [
            `submitted ${spec.study} as ${ref.id.slice(0, 12)} (workflow ${handle.workflowId})`,
            workers > 0
              ? `${workers} workers listen; watch it: percuss watch ${ref.id.slice(0, 12)}`
              : `no worker listens yet; start some: percuss worker --store ${session.ledger.url} --engine ${ref.mode.engine} --device ${ref.mode.device}`,
          ]);
        });
      } finally {
        await session.close();
      }
    });
}
