import { availableParallelism } from 'node:os';
import type { Client } from '@temporalio/client';
import type { Command } from 'commander';
import { tableNames } from '../core/tables/columns.js';
import { measuredCost } from '../infra/calibrations.js';
import { runsNow, submitStudy } from '../workers/client.js';
import { workersOf } from '../workers/submitted.js';
import { modeScout } from '../workers/mode-scout.js';
import { nextCommand, sameCommand } from './command-line.js';
import { studyDoubts, warn } from './doubts.js';
import { interruptible, unlessInterrupted } from './interrupt.js';
import { wholeNumber } from './number-option.js';
import { openSession, type CommonOptions, type Session } from './session.js';
import { prepareStudy, type PreparedStudy } from '../core/study/preparing/prepare-study.js';
import { listening } from './standing.js';
import { withClient } from './temporal.js';

interface SubmitOptions extends CommonOptions {
  readonly temporal?: string;
  readonly window: number;
  readonly priority?: number;
  readonly user?: string;
}

/** `percuss submit`: hands a study to a Temporal that workers listen to, and returns. */
export function submitCommand(verb: Command): void {
  verb
    .argument('<spec>', 'the study’s YAML')
    .option(
      '--window <n>',
      'batches in flight; two or three times the compute slots of all workers',
      wholeNumber(1, 500),
      Math.min(500, 4 * availableParallelism()),
    )
    .option('--priority <n>', '1 (first) to 5', wholeNumber(1, 5))
    .option('--user <name>', 'users share workers fairly by this name')
    .action(async (file: string, _: unknown, command: Command) => {
      const options = command.optsWithGlobals<SubmitOptions>();
      const session = await openSession(options);
      let submitted = false;
      try {
        await interruptible(
          // Temporal first: nobody waits for images to be read, to learn then that there is none.
          (signal) =>
            withClient(options.temporal, async (client) => {
              const { progress } = session.terminal;
              const scout = modeScout({ progress, signal });
              const reading = prepareStudy(file, session.ledger, { progress, scout, costOf: measuredCost });
              const prepared = await unlessInterrupted(reading, signal);
              for (const line of prepared.notices) session.terminal.say(line);
              warn(session, await studyDoubts(session, prepared.ref));
              submitted = true;
              await handOver(client, session, prepared, options);
            }),
          {
            say: () =>
              session.terminal.say(
                submitted
                  ? `Interrupted. The study may have been submitted: see ${nextCommand(['status'], options)}`
                  : `Interrupted. Nothing was submitted, and what is stored is kept; go on with: ${sameCommand()}`,
              ),
            message: () => (submitted ? 'interrupted while submitting' : 'interrupted; nothing was submitted'),
          },
        );
      } finally {
        await session.close();
      }
    });
}

async function handOver(
  client: Client,
  { ledger, storeId: idOf, terminal }: Session,
  { ref, spec }: PreparedStudy,
  options: SubmitOptions,
): Promise<void> {
  const { window, priority, user } = options;
  const storeId = await idOf();
  const joined = await runsNow(client, ref.id);
  const handle = await submitStudy(client, ref, {
    name: spec.study,
    storeId,
    tables: tableNames,
    window,
    policy: { onFailure: spec.run.onFailure },
    details: `Study **${spec.study}** (${ref.id}) in ${ledger.url}`,
    ...(priority === undefined ? {} : { priority }),
    ...(user === undefined ? {} : { fairnessKey: user }),
  });
  const { evaluate: workers } = await workersOf(client, storeId, ref.mode);
  const name = ref.id.slice(0, 12);
  const { engine, device } = ref.mode;
  const warnings = await studyDoubts({ ledger }, ref);
  terminal.result({ study: ref.id, workflow: handle.workflowId, workers, joined, warnings }, () => [
    joined
      ? `${spec.study} runs already as ${name} (workflow ${handle.workflowId}); it goes on as it was submitted`
      : `submitted ${spec.study} as ${name} (workflow ${handle.workflowId})`,
    workers > 0
      ? `${listening(workers)}; watch it: ${nextCommand(['watch', name], options)}`
      : `no worker listens yet; start some: ${nextCommand(['worker', '--engine', engine, '--device', device], { ...options, store: ledger.url })}`,
  ]);
}
