import { PercussError } from '../core/errors.js';
import type { StudyOutputs } from '../core/study/analysing/outputs.js';
import type { PreparedStudy } from '../core/study/preparing/prepare-study.js';
import type { StudySteps } from '../core/study/steps.js';
import { tableNames } from '../core/tables/columns.js';
import { connectClient } from '../infra/connection.js';
import { obtainTemporal, type ServerFrom } from '../infra/obtain/temporal.js';
import { startPrivateServer } from '../infra/server.js';
import { cacheFolder } from '../infra/settings.js';
import { connectWorker } from '../infra/worker-connection.js';
import { cancelStudy, submitStudy, waitForResult } from '../workers/client.js';
import { startWorker } from '../workers/worker.js';
import { followProgress } from './follow.js';
import type { Session } from './session.js';

/** How a run ended, for people and programs. */
export interface RunOutcome {
  readonly computed: number;
  readonly reused: number;
  readonly failed: number;
  readonly outputs: StudyOutputs;
}

/** What a run has beside its study. */
export interface RunContext {
  /** Compute processes. */
  readonly slots: number;
  readonly steps: StudySteps;
  readonly serverFrom: ServerFrom;
  readonly signal: AbortSignal;
}

/** On a Temporal server of our own that ends with this process: the store is the memory. */
export async function runOnTemporal(
  session: Session,
  { ref, spec }: PreparedStudy,
  context: RunContext,
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
