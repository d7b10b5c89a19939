import type { Client } from '@temporalio/client';
import { messageOf } from '../core/errors.js';
import type { WholeProgress } from '../workers/client.js';
import { answeredProgress } from '../workers/submitted.js';
import { knownOutputs } from '../core/study/analysing/outputs.js';
import { nextCommand, sameCommand, type Typed } from './command-line.js';
import { interruptible, unlessInterrupted } from './interrupt.js';
import type { Session } from './session.js';
import { standingOf, type Asked, type Known } from './standing.js';
import type { Terminal } from './terminal.js';

const everyMs = 500;

const phases = {
  planning: 'plan',
  sweeping: 'run',
  analysing: 'analyse',
  writing: 'write',
  done: 'write',
} as const;

/**
 * Shows a study's progress until it is stopped. An unanswered query is tried again: the study goes on meanwhile. `silence` is
 * said where no worker answers, `onStage` called with the stage whenever one does.
 */
export function followProgress(
  client: Client,
  study: string,
  terminal: Terminal,
  silence: string,
  onStage: (stage: number) => Promise<void> = () => Promise.resolve(),
): { stop(): void } {
  let stopped = false;
  let lastNotice = '';
  const tell = (line: string | undefined): void => {
    if (line === undefined || line === lastNotice) return;
    lastNotice = line;
    terminal.say(line);
  };
  const loop = async (): Promise<void> => {
    while (!stopped) {
      try {
        const progress = await answeredProgress(client, study);
        if (progress) {
          await onStage(progress.stage);
          show(progress, terminal, tell);
        } else if (!stopped) tell(silence);
      } catch (error) {
        if (!stopped) tell(`waiting for progress: ${messageOf(error).split('\n', 1)[0]}`);
      }
      await new Promise((resolve) => setTimeout(resolve, everyMs));
    }
  };
  void loop();
  return { stop: () => void (stopped = true) };
}

function show(progress: WholeProgress, terminal: Terminal, tell: (line: string | undefined) => void): void {
  const { current } = progress;
  const phase = phases[progress.phase];
  if (current) {
    const done = current.labels.reduce((sum, label) => sum + label.done, 0);
    const active = current.labels.find((label) => label.done < label.total);
    terminal.progress({ phase, label: active?.label ?? 'last batches', done, total: current.units, unit: 'cells' });
    tell(current.stalled && `stalled: ${current.stalled}`);
    tell(current.pausedBecause && `paused: ${current.pausedBecause}`);
  } else if (progress.phase === 'writing') {
    terminal.progress({
      phase,
      label: 'tables and report',
      done: progress.tablesWritten,
      total: progress.tables + 1,
      unit: 'steps',
    });
  } else {
    terminal.progress({ phase, label: progress.phase, done: 0, total: 1, unit: 'steps' });
  }
  tell(progress.stalled && `stalled: ${progress.stalled}`);
}

/** Milliseconds between looks at a store. */
const lookMs = 2_000;

/** Follows a study by what is committed to its store, until its report is there: of one that nobody computes, until it is interrupted. */
export async function followStore(session: Session, known: Known, temporal: Asked, typed: Typed): Promise<void> {
  const { terminal, ledger } = session;
  const { id, study } = known;
  let stored: number | null | undefined;
  const by = `told by the store alone: ${temporal.reason ?? 'no Temporal answers'}`;
  await interruptible(
    async (signal) => {
      while (!signal.aborted) {
        const reported = (await knownOutputs(ledger, id)) !== undefined;
        const standing = await standingOf(session, temporal, { ...known, reported });
        if (reported) {
          terminal.result({ ...standing, toldBy: 'store' }, () => [
            `${study}: complete; ${standing.stored ?? 0} of ${standing.total ?? 0} units stored`,
            `report: ${nextCommand(['report', study], typed)}`,
            `  ${by}`,
          ]);
          return;
        }
        if (stored === undefined) terminal.say(`${by}; what is committed shows, not who computes it`);
        if (standing.stored !== stored)
          terminal.progress({
            phase: 'run',
            label: 'in the store',
            done: standing.stored ?? 0,
            total: standing.total ?? 0,
            unit: 'cells',
          });
        stored = standing.stored;
        await unlessInterrupted(new Promise((resolve) => setTimeout(resolve, lookMs)), signal);
      }
    },
    {
      say: () => terminal.say(`${study} was not complete yet; look again with: ${sameCommand()}`),
      message: () => 'watching was interrupted',
    },
  );
}
