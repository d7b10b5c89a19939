import { setTimeout as sleep } from 'node:timers/promises';
import { Connection } from '@temporalio/client';
import { msToTs } from '@temporalio/common/lib/time.js';
import { PercussError, messageOf } from '../core/errors.js';
import { endOfLog } from './server-file.js';
import { ServerEnded } from './server-ports.js';
import type { ServerPorts } from './server-ports.js';

export interface ServerPlan {
  readonly binary: string;
  /** SQLite file, absolute. */
  readonly file: string;
  readonly ports: ServerPorts;
  /** Temporal's own web pages. */
  readonly ui: boolean;
}

/** The development server creates this namespace. */
export const serverNamespace = 'default';

/** The development server forgets closed workflows after a day; a study wants to be looked at for longer. */
const retention = '90 days';

const startMs = 60_000;
const pollMs = 100;

/**
 * Command line of the server. WAL and NORMAL double the activities a second and still survive `kill -9`; one partition
 * makes priorities strict.
 */
export function serverArguments(plan: ServerPlan): string[] {
  const { ports } = plan;
  // prettier-ignore
  return [
    'server', 'start-dev', '--ip', '127.0.0.1', '--port', `${ports.grpc}`, '--http-port', `${ports.http}`,
    '--metrics-port', `${ports.metrics}`, ...(plan.ui ? ['--ui-port', `${ports.ui}`, '--ui-disable-news-fetch'] : ['--headless']),
    '--db-filename', plan.file, '--log-format', 'json', '--log-level', 'warn',
    '--sqlite-pragma', 'journal_mode=WAL', '--sqlite-pragma', 'synchronous=NORMAL', '--sqlite-pragma', 'busy_timeout=5000',
    '--dynamic-config-value', 'matching.numTaskqueueReadPartitions=1',
    '--dynamic-config-value', 'matching.numTaskqueueWritePartitions=1',
    '--dynamic-config-value', 'matching.enableFairness=true',
    '--dynamic-config-value', 'history.cacheSizeBasedLimit=true',
  ];
}

/** True if a server at the address serves workflows of our namespace now. */
export async function healthy(address: string): Promise<boolean> {
  let connection: Connection | undefined;
  try {
    connection = await Connection.connect({ address, connectTimeout: '2s' });
    const connected = connection;
    return await connected.withDeadline(Date.now() + 2_000, async () => {
      await connected.healthService.check({ service: 'temporal.api.workflowservice.v1.WorkflowService' });
      await connected.workflowService.describeNamespace({ namespace: serverNamespace });
      return true;
    });
  } catch {
    // Any failure, of whatever kind, only means: not yet, or no more.
    return false;
  } finally {
    await connection?.close();
  }
}

/**
 * Waits until the server answers, then makes it keep closed workflows for longer than a day.
 *
 * @param ended Resolves with the reason when the server has ended.
 * @throws ServerEnded when it has ended.
 * @throws PercussError SERVER_UNAVAILABLE when it has not answered for a minute.
 */
export async function becomesHealthy(address: string, ended: Promise<string>): Promise<void> {
  const deadline = Date.now() + startMs;
  const over = ended.then((reason) => {
    throw new ServerEnded(`${address} (${reason})`);
  });
  // Looking at an address that nobody listens on takes seconds, for which an end isn't waited.
  while (!(await Promise.race([healthy(address), over]))) {
    if (Date.now() > deadline) {
      throw new PercussError(
        'SERVER_UNAVAILABLE',
        `the Temporal server at ${address} did not start (no answer for ${startMs / 1000} s): run without it by --in-process`,
      );
    }
    await Promise.race([sleep(pollMs), over]);
  }
  // From here on an end is for whoever keeps the server running.
  over.catch(() => undefined);
  const connection = await Connection.connect({ address });
  try {
    await connection.workflowService.updateNamespace({
      namespace: serverNamespace,
      config: { workflowExecutionRetentionTtl: msToTs(retention) },
    });
  } catch (error) {
    throw new PercussError(
      'SERVER_UNAVAILABLE',
      `the Temporal server at ${address} refuses a longer retention: ${messageOf(error)}`,
      { cause: error },
    );
  } finally {
    await connection.close();
  }
}

/** The message for a server that didn't start: with the end of its log, where the reason stands. */
export async function notStarted(error: unknown, log: string): Promise<unknown> {
  if (!(error instanceof ServerEnded)) return error;
  return new PercussError(
    'SERVER_UNAVAILABLE',
    `the Temporal server at ${error.message} did not start, and ${await endOfLog(log)}: run without it by --in-process`,
    { cause: error },
  );
}
