import type { Client } from '@temporalio/client';
import type { Command } from 'commander';
import { cancelStudy, pauseStudy, resumeStudy, studyHandle, waitForResult } from '../workers/client.js';
import { submissionOf, workersOf, type Submitted } from '../workers/submitted.js';
import { nextCommand, sameCommand } from './command-line.js';
import { knownDoubts, watchDoubts } from './doubts.js';
import { followProgress } from './follow.js';
import { interruptible } from './interrupt.js';
import { withMemoryOption } from './memory-option.js';
import { processCount } from './number-option.js';
import type { RunOptions } from './run.js';
import { parseServerFrom } from './server-from.js';
import { openReading, type CommonOptions, type Session } from './session.js';
import {
  askTemporal,
  findRemembered,
  findStored,
  isStoreLost,
  requireRunning,
  standingLines,
  standingOf,
  type Known,
} from './standing.js';
import { withClient } from './temporal.js';

interface ControlOptions extends CommonOptions {
  readonly temporal?: string;
}

/** A study, what Temporal has of it, and the way to both. */
interface Controlled {
  readonly known: Known;
  readonly submitted: Submitted | undefined;
  readonly client: Client;
  readonly session: Session;
  /** What to say where nobody would do what is asked: how to start a worker. Undefined where one listens. */
  readonly lonely: string | undefined;
}

async function withStudy(
  asked: string,
  command: Command,
  work: (controlled: Controlled) => Promise<void>,
): Promise<void> {
  const options = command.optsWithGlobals<ControlOptions>();
  const session = await openReading(options);
  try {
    const stored = await findStored(session, asked).catch((error: unknown) => {
      if (isStoreLost(error)) return error;
      throw error;
    });
    await withClient(options.temporal, async (client) => {
      const known = stored instanceof Error ? await findRemembered(client, asked, stored) : stored;
      const { id, storeId, mode } = known;
      const workers = storeId && mode ? await workersOf(client, storeId, mode) : undefined;
      const submitted = await submissionOf(client, id, workers);
      const start = mode ? ['--engine', mode.engine, '--device', mode.device] : [];
      const lonely =
        workers && workers.control > 0
          ? undefined
          : `no worker listens; start one: ${nextCommand(['worker', ...start], { ...options, store: session.ledger.url })}`;
      await work({ known, submitted, client, session, lonely });
    });
  } finally {
    await session.close();
  }
}

/** `percuss pause` and `percuss cancel`: ask a running study to wait, or to end; what is committed stays. */
export function pauseCommand(verb: Command): void {
  verb.argument('<study>', 'name or id').action((asked: string, _: unknown, command: Command) =>
    withStudy(asked, command, async ({ known: { id, study }, submitted, client, session, lonely }) => {
      const { paused, progress } = requireRunning(study, submitted, 'paused');
      if (!paused) await pauseStudy(client, id, progress !== undefined);
      session.terminal.result({ study: id, paused: true, before: paused, worker: lonely === undefined }, () => [
        `${study} ${paused ? 'was paused already' : 'is paused'}; go on with: ${nextCommand(['resume', study], command.optsWithGlobals())}`,
        ...(lonely === undefined ? [] : [`  ${lonely}`]),
      ]);
    }),
  );
}

export function cancelCommand(verb: Command): void {
  verb.argument('<study>', 'name or id').action((asked: string, _: unknown, command: Command) =>
    withStudy(asked, command, async ({ known: { id, study }, submitted, client, session, lonely }) => {
      const { cancelling } = requireRunning(study, submitted, 'cancelled');
      if (!cancelling) await cancelStudy(client, id);
      session.terminal.result({ study: id, cancelled: true, before: cancelling, worker: lonely === undefined }, () => [
        lonely === undefined
          ? `${study} is being ended; what is committed stays`
          : `${study} ends as soon as a worker comes, who computes nothing more of it; what is committed stays`,
        ...(lonely === undefined ? [] : [`  ${lonely}`]),
      ]);
    }),
  );
}

/** `percuss resume`: a spec runs again here and computes what is missing; a study goes on after a pause. */
export function resumeCommand(verb: Command): void {
  withMemoryOption(verb)
    .argument('<spec-or-study>', 'a spec file, or the name or id of a submitted study')
    .option('--out <dir>', 'where report and tables go; else percuss-out/STUDY')
    .option('--workers <n>', 'compute processes; else one a core', processCount)
    .option('--in-process', 'without Temporal')
    .option('--server-from <way>', 'where to get the Temporal server', parseServerFrom, 'auto' as const)
    .action(async (asked: string, _: unknown, command: Command) => {
      if (/\.ya?ml$/i.test(asked)) {
        // With what computes a study, which the other verbs of this file can do without.
        const { runSpec } = await import('./run.js');
        return runSpec(asked, command.optsWithGlobals<RunOptions>());
      }
      return withStudy(asked, command, async ({ known: { id, study }, submitted, client, session, lonely }) => {
        const { paused, progress } = requireRunning(study, submitted, 'resumed');
        await resumeStudy(client, id, progress !== undefined);
        session.terminal.result({ study: id, paused: false, before: paused, worker: lonely === undefined }, () => [
          lonely === undefined
            ? `${study} goes on${paused ? '' : '; it was not paused'}`
            : `${study} goes on as soon as a worker comes`,
          ...(lonely === undefined ? [] : [`  ${lonely}`]),
        ]);
      });
    });
}

/** `percuss status`: how a study stands, as far as store and Temporal can say; of either, what the other knows is told. */
export function statusCommand(verb: Command): void {
  verb.argument('<study>', 'name or id').action(async (asked: string, _: unknown, command: Command) => {
    const options = command.optsWithGlobals<ControlOptions>();
    const session = await openReading(options);
    try {
      const stored = await findStored(session, asked).catch((error: unknown) => {
        if (isStoreLost(error)) return error;
        throw error;
      });
      const temporal = await askTemporal(options.temporal);
      try {
        if (stored instanceof Error && !temporal.client) throw stored;
        const known = stored instanceof Error ? await findRemembered(temporal.client as Client, asked, stored) : stored;
        const standing = await standingOf(session, temporal, known);
        session.terminal.result(standing, () => standingLines(standing, session.ledger.url, known.mode, options));
      } finally {
        await temporal.close();
      }
    } finally {
      await session.close();
    }
  });
}

/** `percuss watch`: follows a submitted study until it ends. */
export function watchCommand(verb: Command): void {
  verb.argument('<study>', 'name or id').action((asked: string, _: unknown, command: Command) =>
    withStudy(asked, command, async ({ known, submitted, client, session, lonely }) => {
      const { id, study } = known;
      const { terminal } = session;
      // One that has ended is told at once, with how.
      if (submitted === undefined) requireRunning(study, submitted, 'watched');
      const goesOn = submitted?.state === 'running';
      if (goesOn && lonely !== undefined) terminal.say(lonely);
      await interruptible(
        async (signal) => {
          const following = goesOn
            ? followProgress(
                client,
                id,
                terminal,
                `no worker answers; ${study} goes on as soon as one does`,
                watchDoubts(session, known),
              )
            : undefined;
          try {
            const result = await waitForResult(studyHandle(client, id), { signal });
            const { warnings } = await knownDoubts(session, known);
            terminal.result({ study: id, ...result, warnings }, () => [
              ...warnings.map((line) => `WARNING ${line}`),
              `${study}: ${result.state}; ${result.counters.computed} cells computed, ${result.stored} stored before, ${result.counters.failed} failed`,
              `report: ${nextCommand(['report', study], command.optsWithGlobals())}`,
            ]);
          } finally {
            following?.stop();
          }
        },
        {
          say: () =>
            terminal.say(
              lonely === undefined
                ? `${study} goes on; look again with: ${sameCommand()}`
                : `${study} stays submitted and waits for a worker; look again with: ${sameCommand()}`,
            ),
          message: () => `watching was interrupted; ${study} goes on`,
        },
      );
    }),
  );
}
