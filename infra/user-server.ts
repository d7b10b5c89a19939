import { spawn } from 'node:child_process';
import { closeSync, openSync } from 'node:fs';
import { mkdir, readFile, rename, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { z } from 'zod';
import { PercussError } from '../core/errors.js';
import type { TemporalAddress } from './connection.js';
import { alive, takeLock } from './lock.js';
import type { ServerBinary } from './obtain/temporal.js';
import { serverEnvironment } from './settings.js';
import { databaseFile, withWholeFile } from './server-file.js';
import { onFreePorts } from './server-ports.js';
import type { ServerPorts } from './server-ports.js';
import { becomesHealthy, healthy, notStarted, serverArguments, serverNamespace } from './server-process.js';

const port = z.number().int().min(1).max(65_535);
const recordSchema = z.object({
  /** Null after a stop: the ports are kept, so that workers and watchers find the next server where the last one was. */
  pid: z.number().int().positive().nullable(),
  version: z.string(),
  ports: z.object({ grpc: port, http: port, metrics: port, ui: port }),
  started: z.string(),
});
type ServerRecord = z.infer<typeof recordSchema>;

/** The user's long-lived server, as `percuss server` shows it. */
export interface UserServer extends TemporalAddress {
  readonly pid: number;
  readonly version: string;
  readonly ui: string;
  /** ISO 8601. */
  readonly started: string;
}

const stopMs = 15_000;

/** The user's server if one runs and answers. `folder`: `server` in the state folder. */
export async function findUserServer(folder: string): Promise<UserServer | undefined> {
  const record = await readRecord(folder);
  if (record === undefined || record.pid === null || !alive(record.pid)) return undefined;
  const server = describe(record, record.pid);
  return (await healthy(server.address)) ? server : undefined;
}

/**
 * The user's server: the one that runs, or a new one on the same file and, where they are free, the same ports. It
 * goes on when this process ends.
 *
 * @throws PercussError SERVER_UNAVAILABLE if it doesn't start.
 */
export async function ensureUserServer(folder: string, obtain: () => Promise<ServerBinary>): Promise<UserServer> {
  await mkdir(folder, { recursive: true });
  const deadline = Date.now() + 90_000;
  for (;;) {
    const found = await findUserServer(folder);
    if (found !== undefined) return found;
    const release = await takeLock(path.join(folder, 'start.lock'));
    if (release === undefined) {
      if (Date.now() > deadline) {
        throw new PercussError(
          'SERVER_UNAVAILABLE',
          `another process has been starting the server for too long: end it, or remove ${folder}/start.lock`,
        );
      }
      await sleep(200);
      continue;
    }
    try {
      return (await findUserServer(folder)) ?? (await start(folder, await obtain()));
    } finally {
      await release();
    }
  }
}

/** Ends the user's server; false if none runs. */
export async function stopUserServer(folder: string): Promise<boolean> {
  const record = await readRecord(folder);
  // Only a server that answers on the recorded port is surely the recorded process.
  const pid = (await findUserServer(folder))?.pid;
  if (record === undefined || pid === undefined) return false;
  process.kill(pid, 'SIGTERM');
  for (const deadline = Date.now() + stopMs; alive(pid) && Date.now() < deadline;) await sleep(100);
  if (alive(pid)) process.kill(pid, 'SIGKILL');
  await writeRecord(folder, { ...record, pid: null });
  return true;
}

async function start(folder: string, binary: ServerBinary): Promise<UserServer> {
  const before = await readRecord(folder);
  if (before !== undefined && before.pid !== null && alive(before.pid)) {
    throw new PercussError(
      'SERVER_UNAVAILABLE',
      `the server that was started at ${before.started} (process ${before.pid}) runs but doesn't answer: end that process, then try again`,
    );
  }
  const file = databaseFile(folder, binary.version);
  const log = path.join(folder, 'server.log');
  return onFreePorts(before?.ports, (ports) =>
    withWholeFile(file, () => launch(folder, binary, file, log, ports)),
  ).catch(async (error: unknown) => {
    throw await notStarted(error, log);
  });
}

async function launch(
  folder: string,
  binary: ServerBinary,
  file: string,
  log: string,
  ports: ServerPorts,
): Promise<UserServer> {
  const output = openSync(log, 'a');
  const child = spawn(binary.path, serverArguments({ binary: binary.path, file, ports, ui: true }), {
    detached: true,
    stdio: ['ignore', output, output],
    cwd: folder,
    env: serverEnvironment(),
  });
  closeSync(output);
  // Of a start that is interrupted nothing is left: nobody would find a server that is not on record.
  const abandon = (): void => void child.kill('SIGKILL');
  process.once('exit', abandon);
  const ended = new Promise<string>((resolve) => {
    child.once('error', (error) => resolve(error.message));
    child.once('exit', (code, signal) => resolve(signal ?? `exit status ${code}`));
  });
  try {
    await becomesHealthy(`127.0.0.1:${ports.grpc}`, ended);
    const pid = child.pid ?? 0;
    const record = { pid, version: binary.version, ports, started: new Date().toISOString() };
    await writeRecord(folder, record);
    child.unref();
    return describe(record, pid);
  } catch (error) {
    abandon();
    throw error;
  } finally {
    process.off('exit', abandon);
  }
}

async function writeRecord(folder: string, record: ServerRecord): Promise<void> {
  const scratch = path.join(folder, `server.json.${process.pid}`);
  await writeFile(scratch, `${JSON.stringify(record, null, 2)}\n`);
  await rename(scratch, path.join(folder, 'server.json'));
}

async function readRecord(folder: string): Promise<ServerRecord | undefined> {
  const text = await readFile(path.join(folder, 'server.json'), 'utf8').catch(() => undefined);
  if (text === undefined) return undefined;
  try {
    return recordSchema.parse(JSON.parse(text));
  } catch (error) {
    throw new PercussError('SERVER_UNAVAILABLE', `${folder}/server.json can't be read: remove it`, { cause: error });
  }
}

function describe(record: ServerRecord, pid: number): UserServer {
  return {
    address: `127.0.0.1:${record.ports.grpc}`,
    namespace: serverNamespace,
    ui: `http://127.0.0.1:${record.ports.ui}`,
    pid,
    version: record.version,
    started: record.started,
  };
}
