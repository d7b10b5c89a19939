import type { Client } from '@temporalio/client';
import type { Command } from 'commander';
import { cancelStudy, pauseStudy, queryProgress, resumeStudy } from '../workers/client.js';
import { followProgress } from './follow.js';
import { interruptible } from './interrupt.js';
import { withMemoryOption } from './memory-option.js';
import { processCount } from './number-option.js';
import { runSpec, parseServerFrom, type RunOptions } from './run.js';
import { openSession, type CommonOptions, type Session } from './session.js';
import { findStudy, type FoundStudy } from './study-name.js';
import { withClient } from './temporal.js';
import { studyHandle, waitForResult, type WholeProgress } from '../workers/client.js';

interface ControlOptions extends CommonOptions {
  readonly temporal?: string;
}

async function withStudy(
  asked: string,
  command: Command,
  work: (study: FoundStudy, client: Client, session: Session) => Promise<void>,
): Promise<void> {
  const options = command.optsWithGlobals<ControlOptions>();
  const session = await openSession(options);
  try {
    const study = await findStudy(session.ledger, asked);
    await withClient(options.temporal, (client) => work(study, client, session));
  } finally {
    await session.close();
  }
}

/** `percuss pause` and `percuss cancel`: ask a running study to wait, or to end; what is committed stays. */
export function pauseCommand(program: Command): void {
  program
    .command('pause')
    .description('let a submitted study finish its batches in flight and then wait')
    .argument('<study>', 'name or id')
    .action((asked: string, _: unknown, command: Command) =>
      withStudy(asked, command, async ({ id, study }, client, { terminal }) => {
        await pauseStudy(client, id);
        terminal.result({ study: id, paused: true }, () => [`${study} is paused; go on with: percuss resume ${study}`]);
      }),
    );
}

export function cancelCommand(program: Command): void {
  program
    .command('cancel')
    .description('end a submitted study; what is committed stays')
    .argument('<study>', 'name or id')
    .action((asked: string, _: unknown, command: Command) =>
      withStudy(asked, command, async ({ id, study }, client, { terminal }) => {
        await cancelStudy(client, id);
        terminal.result({ study: id, cancelled: true }, () => [`${study} is being ended; what is committed stays`]);
      }),
    );
}

/** `percuss resume`: a spec runs again here and computes what is missing; a study goes on after a pause. */
export function resumeCommand(program: Command): void {
  withMemoryOption(program.command('resume'))
    .description('go on: with a spec as percuss run does, or with a paused study')
    .argument('<spec-or-study>', 'a spec file, or the name or id of a submitted study')
    .option('--out <dir>', 'where report and tables go; else percuss-out/STUDY')
    .option('--workers <n>', 'compute processes; else one a core', processCount)
    .option('--in-process', 'without Temporal')
    .option('--server-from <way>', 'where to get the Temporal server', parseServerFrom, 'auto' as const)
    .action(async (asked: string, _: unknown, command: Command) => {
      if (/\.ya?ml$/i.test(asked)) return runSpec(asked, command.optsWithGlobals<RunOptions>());
      return withStudy(asked, command, async ({ id, study }, client, { terminal }) => {
        await resumeStudy(client, id);
        terminal.result({ study: id, paused: false }, () => [`${study} goes on`]);
      });
    });
}

/** `percuss status`: how a submitted study stands. */
export function statusCommand(program: Command): void {
  program
    .command('status')
    .description('how a submitted study stands')
    .argument('<study>', 'name or id')
    .action((asked: string, _: unknown, command: Command) =>
      withStudy(asked, command, async ({ id, study }, client, { terminal }) => {
        const { status } = await studyHandle(client, id).describe();
        const progress = status.name === 'RUNNING' ? await queryProgress(client, id) : undefined;
        terminal.result({ study: id, state: status.name.toLowerCase(), progress: progress ?? null }, () => [
          `${study} (${id.slice(0, 12)}): ${status.name.toLowerCase()}`,
          ...(progress ? progressLines(progress) : []),
        ]);
      }),
    );
}

function progressLines(progress: WholeProgress): string[] {
  const { current } = progress;
  const lines = [`  ${progress.phase}, stage ${progress.stage}; ${progress.stored} cells were stored before`];
  if (current) {
    const rate = current.rate === undefined ? '' : `, ${current.rate.toFixed(1)} cells/s`;
    const left = current.secondsLeft === undefined ? '' : `, about ${Math.ceil(current.secondsLeft)} s left`;
    for (const { label, done, total } of current.labels) lines.push(`  ${label}: ${done}/${total}`);
    lines.push(`  ${current.inFlight} batches in flight of ${current.window}${rate}${left}, ${current.failed} failed`);
    if (current.paused) lines.push(`  paused${current.pausedBecause ? `: ${current.pausedBecause}` : ''}`);
    if (current.stalled) lines.push(`  stalled: ${current.stalled}`);
  } else if (progress.paused) lines.push('  paused');
  return lines;
}

/** `percuss watch`: follows a submitted study until it ends. */
export function watchCommand(program: Command): void {
  program
    .command('watch')
    .description('follow a submitted study until it ends; Ctrl-C stops watching, not the study')
    .argument('<study>', 'name or id')
    .action((asked: string, _: unknown, command: Command) =>
      withStudy(asked, command, ({ id, study }, client, { terminal }) =>
        interruptible(
          async (signal) => {
            const following = followProgress(client, id, terminal);
            try {
              const result = await waitForResult(studyHandle(client, id), { signal });
              terminal.result({ study: id, ...result }, () => [
                `${study}: ${result.state}; ${result.counters.computed} cells computed, ${result.stored} stored before, ${result.counters.failed} failed`,
                `report: percuss report ${study}`,
              ]);
            } finally {
              following.stop();
            }
          },
          {
            say: () => terminal.say(`${study} goes on; look again with: percuss watch ${study}`),
            message: () => `watching was interrupted; ${study} goes on`,
          },
        ),
      ),
    );
}
