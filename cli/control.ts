import type { Client } from '@temporalio/client';
import type { Command } from 'commander';
import {
  cancelStudy,
  pauseStudy,
  resumeStudy,
  setStudyPriority,
  setStudyWindow,
  studyHandle,
  waitForResult,
} from '../workers/client.js';
import { nextCommand, sameCommand } from './command-line.js';
import { findStoredOrLost, refuse, withStudy, type Controlled, type ControlOptions } from './controlled.js';
import { knownDoubts, watchDoubts } from './doubts.js';
import { followProgress, followStore } from './follow.js';
import { interruptible } from './interrupt.js';
import { withMemoryOption } from './memory-option.js';
import { processCount, wholeNumber } from './number-option.js';
import type { RunOptions } from './run.js';
import { parseServerFrom } from './server-from.js';
import { openReading } from './session.js';
import { askTemporal, findRemembered, requireRunning, standingLines, standingOf } from './standing.js';

/** `percuss pause` and `percuss cancel`: ask a running study to wait, or to end; what is committed stays. */
export function pauseCommand(verb: Command): void {
  verb.argument('<study>', 'name or id').action((asked: string, _: unknown, command: Command) =>
    withStudy(asked, command, async ({ known: { id, study }, submitted, client, session, lonely, toldBy, notes }) => {
      const { paused, progress } = requireRunning(study, submitted, 'paused');
      if (!paused) await pauseStudy(client, id, progress !== undefined);
      session.terminal.result({ study: id, paused: true, before: paused, worker: lonely === undefined, toldBy }, () => [
        `${study} ${paused ? 'was paused already' : 'is paused'}; go on with: ${nextCommand(['resume', study], command.optsWithGlobals())}`,
        ...notes,
      ]);
    }),
  );
}

export function cancelCommand(verb: Command): void {
  verb.argument('<study>', 'name or id').action((asked: string, _: unknown, command: Command) =>
    withStudy(asked, command, async ({ known: { id, study }, submitted, client, session, lonely, toldBy, notes }) => {
      const { cancelling } = requireRunning(study, submitted, 'cancelled');
      if (!cancelling) await cancelStudy(client, id);
      session.terminal.result(
        { study: id, cancelled: true, before: cancelling, worker: lonely === undefined, toldBy },
        () => [
          lonely === undefined
            ? `${study} is being ended; what is committed stays`
            : `${study} ends as soon as a worker comes, who computes nothing more of it; what is committed stays`,
          ...notes,
        ],
      );
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
      return withStudy(
        asked,
        command,
        async ({ known: { id, study }, submitted, client, session, lonely, toldBy, notes }) => {
          const { paused, progress } = requireRunning(study, submitted, 'resumed');
          await resumeStudy(client, id, progress !== undefined);
          session.terminal.result(
            { study: id, paused: false, before: paused, worker: lonely === undefined, toldBy },
            () => [
              lonely === undefined
                ? `${study} goes on${paused ? '' : '; it was not paused'}`
                : `${study} goes on as soon as a worker comes`,
              ...notes,
            ],
          );
        },
      );
    });
}

/** `percuss window` and `percuss priority`: how many batches of a running study are in flight, and which come first. */
export const windowCommand = (verb: Command): void =>
  settingCommand(verb, {
    argument: ['<batches>', 'in flight; two or three times the compute slots of all workers', wholeNumber(1, 500)],
    set: setStudyWindow,
    name: 'window',
    done: (window) => `has at most ${window} ${window === 1 ? 'batch' : 'batches'} in flight from now on`,
  });

export const priorityCommand = (verb: Command): void =>
  settingCommand(verb, {
    argument: ['<priority>', '1 (first) to 5', wholeNumber(1, 5)],
    set: setStudyPriority,
    name: 'priority',
    done: (priority) => `has priority ${priority} from its next batch on`,
  });

interface Setting {
  readonly argument: readonly [name: string, what: string, parse: (text: string) => number];
  readonly set: (client: Client, study: string, value: number, answered: boolean) => Promise<void>;
  readonly name: string;
  readonly done: (value: number) => string;
}

function settingCommand(verb: Command, { argument, set, name, done }: Setting): void {
  verb
    .argument('<study>', 'name or id')
    .argument(...argument)
    .action((asked: string, value: number, _: unknown, command: Command) =>
      withStudy(asked, command, async ({ known: { id, study }, submitted, client, session, lonely, toldBy, notes }) => {
        const { progress } = requireRunning(study, submitted, `given another ${name}`);
        await set(client, id, value, progress !== undefined);
        session.terminal.result({ study: id, [name]: value, worker: lonely === undefined, toldBy }, () => [
          `${study} ${done(value)}`,
          ...notes,
        ]);
      }),
    );
}

/** `percuss status`: how a study stands, as far as store and Temporal can say; of either, what the other knows is told. */
export function statusCommand(verb: Command): void {
  const status = verb
    .argument('<study>', 'name or id')
    .option('--exact', 'count unit by unit, also where these are many');
  status.action(async (asked: string, _: unknown, command: Command) => {
    const options = command.optsWithGlobals<ControlOptions & { readonly exact?: boolean }>();
    const session = await openReading(options);
    try {
      const stored = await findStoredOrLost(session, asked);
      const temporal = await askTemporal(options.temporal);
      try {
        if (stored instanceof Error && !temporal.client) throw stored;
        const known = stored instanceof Error ? await findRemembered(temporal.client as Client, asked, stored) : stored;
        const standing = await standingOf(session, temporal, known, { exact: options.exact === true });
        session.terminal.result(standing, () => standingLines(standing, session.ledger.url, known.mode, options));
      } finally {
        await temporal.close();
      }
    } finally {
      await session.close();
    }
  });
}

/** `percuss watch`: follows a submitted study until it ends; where no Temporal can be asked, by what is committed to the store. */
export function watchCommand(verb: Command): void {
  verb.argument('<study>', 'name or id').action((asked: string, _: unknown, command: Command) =>
    withStudy(
      asked,
      command,
      (controlled) => watchSubmitted(controlled, command),
      (session, known, temporal) =>
        // A Temporal that is called wrongly is the user's to mend.
        temporal.error?.code === 'TEMPORAL_UNREACHABLE'
          ? followStore(session, known, temporal, command.optsWithGlobals<ControlOptions>())
          : refuse(session, known, temporal),
    ),
  );
}

async function watchSubmitted(
  { known, submitted, client, session, lonely, toldBy, notes }: Controlled,
  command: Command,
): Promise<void> {
  const { id, study } = known;
  const { terminal } = session;
  // One that has ended is told at once, with how.
  if (submitted === undefined) requireRunning(study, submitted, 'watched');
  const goesOn = submitted?.state === 'running';
  if (goesOn) for (const note of notes) terminal.say(note.trim());
  await interruptible(
    async (signal) => {
      const silence = `no worker answers; ${study} goes on as soon as one does`;
      const following = goesOn ? followProgress(client, id, terminal, silence, watchDoubts(session, known)) : undefined;
      try {
        const result = await waitForResult(studyHandle(client, id), { signal });
        const { warnings } = await knownDoubts(session, known);
        terminal.result({ study: id, ...result, warnings, toldBy }, () => [
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
}
