import { createServer } from 'node:net';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { Connection } from '@temporalio/client';
import { msToTs } from '@temporalio/common/lib/time.js';
import { PercussError, messageOf } from '../core/errors.js';

/** Ports of one server on the loopback interface, kept over restarts so that clients find it again. */
export interface ServerPorts {
  readonly grpc: number;
  readonly http: number;
  readonly metrics: number;
  readonly ui: number;
}

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

/** The path of the SQLite file. Files aren't migrated between server versions, hence the version in the name. */
export function databaseFile(folder: string, version: string): string {
  const file = path.join(path.resolve(folder), `temporal-${version}.sqlite`);
  if (/[?#%]/.test(file)) {
    throw new PercussError(
      'USAGE',
      `the Temporal server can't keep its file in ${folder}: the path may hold none of ? # %`,
    );
  }
  return file;
}

/** Four ports of the loopback interface that nobody listens on. */
export async function freePorts(): Promise<ServerPorts> {
  // Held all at once, so that they differ.
  const held = await Promise.all([0, 1, 2, 3].map(() => hold()));
  const [grpc = 0, http = 0, metrics = 0, ui = 0] = held.map(({ port }) => port);
  await Promise.all(held.map(({ release }) => release()));
  return { grpc, http, metrics, ui };
}

function hold(): Promise<{ readonly port: number; readonly release: () => Promise<void> }> {
  return new Promise((resolve, reject) => {
    const server = createServer();
    server.once('error', reject);
    server.listen(0, '127.0.0.1', () => {
      const address = server.address();
      const port = typeof address === 'object' && address !== null ? address.port : 0;
      resolve({ port, release: () => new Promise((done) => server.close(() => done())) });
    });
  });
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
 * @throws PercussError SERVER_UNAVAILABLE when it has ended (`ended` returns why) or has not answered for a minute.
 */
export async function becomesHealthy(address: string, ended: () => string | undefined): Promise<void> {
  const deadline = Date.now() + startMs;
  while (!(await healthy(address))) {
    const reason = ended();
    if (reason !== undefined || Date.now() > deadline) {
      throw new PercussError(
        'SERVER_UNAVAILABLE',
        `the Temporal server at ${address} did not start (${reason ?? `no answer for ${startMs / 1000} s`}): run without it by --in-process`,
      );
    }
    await sleep(pollMs);
  }
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
