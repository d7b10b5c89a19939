import { spawn } from 'node:child_process';
import { closeSync, openSync } from 'node:fs';
import { mkdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { z } from 'zod';
import { PercussError } from '../core/errors.js';
import type { TemporalAddress } from './connection.js';
import { alive, takeLock } from './lock.js';
import type { ServerBinary } from './obtain/temporal.js';
import { serverEnvironment } from './settings.js';
import {
  becomesHealthy,
  databaseFile,
  freePorts,
  healthy,
  serverArguments,
  serverNamespace,
} from './server-process.js';

const port = z.number().int().min(1).max(65_535);
const recordSchema = z.object({
  pid: z.number().int().positive(),
  version: z.string(),
  ports: z.object({ grpc: port, http: port, metrics: port, ui: port }),
  started: z.string(),
});

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
  if (record === undefined || !alive(record.pid)) return undefined;
  const server = describe(record);
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
  if (record === undefined || (await findUserServer(folder)) === undefined) return false;
  process.kill(record.pid, 'SIGTERM');
  for (const deadline = Date.now() + stopMs; alive(record.pid) && Date.now() < deadline;) await sleep(100);
  if (alive(record.pid)) process.kill(record.pid, 'SIGKILL');
  await rm(path.join(folder, 'server.json'), { force: true });
  return true;
}

async function start(folder: string, binary: ServerBinary): Promise<UserServer> {
  const before = await readRecord(folder);
  if (before !== undefined && alive(before.pid)) {
    throw new PercussError(
      'SERVER_UNAVAILABLE',
      `the server that was started at ${before.started} (process ${before.pid}) runs but doesn't answer: end that process, then try again`,
    );
  }
  const file = databaseFile(folder, binary.version);
  const ports = await freePorts();
  const log = openSync(path.join(folder, 'server.log'), 'a');
  const child = spawn(binary.path, serverArguments({ binary: binary.path, file, ports, ui: true }), {
    detached: true,
    stdio: ['ignore', log, log],
    cwd: folder,
    env: serverEnvironment(),
  });
  closeSync(log);
  // Of a start that is interrupted nothing is left: nobody would find a server that is not on record.
  const abandon = (): void => void child.kill('SIGKILL');
  process.once('exit', abandon);
  let ended: string | undefined;
  child.once('error', (error) => (ended = error.message));
  child.once('exit', (code, signal) => (ended = signal ?? `exit status ${code}`));
  const record = { pid: child.pid ?? 0, version: binary.version, ports, started: new Date().toISOString() };
  const address = `127.0.0.1:${ports.grpc}`;
  await becomesHealthy(address, () => ended).catch((error: unknown) => {
    process.off('exit', abandon);
    child.kill('SIGKILL');
    throw error;
  });
  const scratch = path.join(folder, `server.json.${process.pid}`);
  await writeFile(scratch, `${JSON.stringify(record, null, 2)}\n`);
  await rename(scratch, path.join(folder, 'server.json'));
  process.off('exit', abandon);
  child.unref();
  return describe(record);
}

async function readRecord(folder: string): Promise<z.infer<typeof recordSchema> | undefined> {
  const text = await readFile(path.join(folder, 'server.json'), 'utf8').catch(() => undefined);
  if (text === undefined) return undefined;
  try {
    return recordSchema.parse(JSON.parse(text));
  } catch (error) {
    throw new PercussError('SERVER_UNAVAILABLE', `${folder}/server.json can't be read: remove it`, { cause: error });
  }
}

function describe(record: z.infer<typeof recordSchema>): UserServer {
  return {
    address: `127.0.0.1:${record.ports.grpc}`,
    namespace: serverNamespace,
    ui: `http://127.0.0.1:${record.ports.ui}`,
    pid: record.pid,
    version: record.version,
    started: record.started,
  };
}
