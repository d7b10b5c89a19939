import type { Client } from '@temporalio/client';
import { messageOf } from '../core/errors.js';
import type { WholeProgress } from '../workers/client.js';
import { answeredProgress } from '../workers/submitted.js';
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
