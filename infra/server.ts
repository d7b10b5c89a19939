import { spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { mkdir, mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { PercussError, messageOf } from '../core/errors.js';
import type { TemporalAddress } from './connection.js';
import { alive, takeLock } from './lock.js';
import { serverEnvironment } from './settings.js';
import type { ServerBinary } from './obtain/temporal.js';
import { databaseFile, endOfLog, withWholeFile } from './server-file.js';
import { onFreePorts } from './server-ports.js';
import type { ServerPorts } from './server-ports.js';
import { becomesHealthy, notStarted, serverArguments, serverNamespace } from './server-process.js';

export interface PrivateServerOptions {
  readonly binary: ServerBinary;
  /** Keeps the server's file from one start to the next. Without it: a temporary folder, removed at the end. */
  readonly folder?: string;
  /** Temporal's web pages, on a port of their own. */
  readonly ui?: boolean;
  /** One line for people, when the server crashed and is started again. */
  readonly onNotice?: (line: string) => void;
}

/** A Temporal server that belongs to this process and ends with it. */
export interface PrivateServer extends TemporalAddress {
  readonly ui?: string;
  /** Process id of the server itself; another one after a crash. */
  readonly pid: () => number;
  /** Resolves with the reason if the server can't be kept running. Never rejects. */
  readonly failed: Promise<PercussError>;
  stop(): Promise<void>;
}

/**
 * Runs the server named by "$@" and ends it when our end of standard input closes, which it also does when this process
 * is killed by SIGKILL. Prints the server's process id first; ends with its exit status.
 */
const watched = `
log=$1; shift
exec 3<&0
"$@" >>"$log" 2>&1 </dev/null 3<&- &
server=$!
echo $server
( while read -r line <&3; do :; done
  kill -TERM $server
  for i in 1 2 3 4 5 6 7 8 9 10; do kill -0 $server || exit 0; sleep 0.3; done
  kill -KILL $server ) >/dev/null 2>&1 &
watch=$!
exec 3<&-
wait $server
status=$?
kill $watch 2>/dev/null
exit $status
`;

const temporaryPrefix = 'percuss-server-';

/** A server that crashes as often within a minute is not started again. */
const mostCrashes = 5;

interface Running {
  readonly watch: ChildProcess;
  /** Of the server, not of the shell that watches over it. */
  pid: number;
  /** Why it ended. */
  exit: Promise<string>;
}

/**
 * Starts the embedded server and keeps it running: after a crash it is started again on the same file and the same
 * ports, so that workers and clients reconnect by themselves.
 *
 * @throws PercussError SERVER_UNAVAILABLE if it doesn't start, or if another process uses its file.
 */
export async function startPrivateServer(options: PrivateServerOptions): Promise<PrivateServer> {
  if (process.platform === 'win32') {
    throw new PercussError(
      'SERVER_UNAVAILABLE',
      'the embedded server needs a POSIX shell: use WSL, a Temporal of your own, or --in-process',
    );
  }
  const temporary = options.folder === undefined;
  const folder = options.folder ?? (await temporaryFolder());
  await mkdir(folder, { recursive: true });
  const file = databaseFile(folder, options.binary.version);
  const release = await takeLock(`${file}.lock`);
  if (release === undefined) {
    throw new PercussError(
      'SERVER_UNAVAILABLE',
      `another process runs a Temporal server on ${file}: wait for it, or use another folder`,
    );
  }
  const cleanUp = async (): Promise<void> => {
    await release();
    if (temporary) await rm(folder, { recursive: true, force: true });
  };
  const log = path.join(folder, 'server.log');
  const run = (on: ServerPorts): Promise<Running> => launch(options, file, log, on);
  const started = await onFreePorts(undefined, (on) =>
    withWholeFile(file, async () => {
      const running = await run(on);
      await ready(running, on);
      return { running, ports: on, address: addressOf(on) };
    }),
  ).catch(async (error: unknown) => {
    const reason = await notStarted(error, log);
    await cleanUp();
    throw reason;
  });
  const { ports, address } = started;

  const supervisor = new Supervisor(started.running, options.onNotice, log, async () => {
    const again = await run(ports);
    return { again, ready: () => ready(again, ports) };
  });
  return {
    address,
    namespace: serverNamespace,
    ...(options.ui ? { ui: `http://127.0.0.1:${ports.ui}` } : {}),
    pid: () => supervisor.current.pid,
    failed: supervisor.failed,
    stop: async () => {
      if (await supervisor.stop()) await cleanUp();
    },
  };
}

/** Starts a server again whenever it ends, until it is stopped or ends too often. */
class Supervisor {
  /** Resolves when the server can't be kept running. */
  readonly failed: Promise<PercussError>;
  current: Running;
  readonly #onNotice: PrivateServerOptions['onNotice'];
  readonly #log: string;
  readonly #restart: () => Promise<{ readonly again: Running; readonly ready: () => Promise<void> }>;
  readonly #supervision: Promise<void>;
  #fail: (error: PercussError) => void = () => undefined;
  #stopping = false;

  constructor(
    current: Running,
    onNotice: PrivateServerOptions['onNotice'],
    log: string,
    restart: () => Promise<{ readonly again: Running; readonly ready: () => Promise<void> }>,
  ) {
    this.current = current;
    this.#onNotice = onNotice;
    this.#log = log;
    this.#restart = restart;
    this.failed = new Promise((resolve) => {
      this.#fail = resolve;
    });
    this.#supervision = this.#supervise().catch((error: unknown) => {
      this.#fail(
        new PercussError('SERVER_UNAVAILABLE', `the Temporal server could not be kept running: ${messageOf(error)}`, {
          cause: error,
        }),
      );
    });
  }

  /** Ends the server; false where that was asked for before. */
  async stop(): Promise<boolean> {
    if (this.#stopping) return false;
    this.#stopping = true;
    await end(this.current);
    await this.#supervision;
    return true;
  }

  async #supervise(): Promise<void> {
    let crashes: number[] = [];
    for (;;) {
      const reason = await this.current.exit;
      if (this.#stopping) return;
      // The shell may be what died.
      killQuietly(this.current.pid);
      crashes = [...crashes, Date.now()].filter((at) => Date.now() - at < 60_000);
      if (crashes.length > mostCrashes) {
        const ended = `the Temporal server ended ${crashes.length} times within a minute`;
        this.#fail(new PercussError('SERVER_UNAVAILABLE', `${ended} (${reason}; ${await endOfLog(this.#log)})`));
        return;
      }
      this.#onNotice?.(`the Temporal server ended (${reason}) and is started again on its file`);
      await this.#startAgain();
    }
  }

  async #startAgain(): Promise<void> {
    try {
      const { again, ready: isReady } = await this.#restart();
      this.current = again;
      // It may have been stopped meanwhile.
      if (this.#isStopping()) await end(again);
      else await isReady();
    } catch (error) {
      this.#onNotice?.(messageOf(await notStarted(error, this.#log)));
      await sleep(500);
    }
  }

  #isStopping(): boolean {
    return this.#stopping;
  }
}

async function launch(options: PrivateServerOptions, file: string, log: string, ports: ServerPorts): Promise<Running> {
  const { path: binary } = options.binary;
  const command = [binary, ...serverArguments({ binary, file, ports, ui: options.ui ?? false })];
  // A session of its own: Ctrl-C in the terminal is for us, and we need the server to end the study cleanly.
  const watch = spawn('/bin/sh', ['-c', watched, 'percuss-server', log, ...command], {
    stdio: ['pipe', 'pipe', 'ignore'],
    detached: true,
    cwd: path.dirname(file),
    env: serverEnvironment(),
  });
  const pid = new Promise<number>((resolve) => {
    watch.stdout.once('data', (line: Buffer) => resolve(Number(line.toString())));
    watch.stdout.once('close', () => resolve(0));
  });
  const running: Running = { watch, pid: 0, exit: Promise.resolve('') };
  running.exit = new Promise((resolve) => {
    const over = (reason: string): void => {
      watch.stdin.destroy();
      resolve(reason);
    };
    watch.once('error', (error) => over(error.message));
    watch.once('exit', (code, signal) => over(signal ?? `exit status ${code}`));
  });
  // Nothing is ever written, but the pipe may still report that its reader is gone.
  watch.stdin.on('error', () => watch.stdin.destroy());
  running.pid = await pid;
  watch.stdout.destroy();
  return running;
}

async function ready(running: Running, ports: ServerPorts): Promise<void> {
  try {
    await becomesHealthy(addressOf(ports), running.exit);
  } catch (error) {
    await end(running);
    throw error;
  }
}

function addressOf({ grpc }: ServerPorts): string {
  return `127.0.0.1:${grpc}`;
}

async function end(running: Running): Promise<void> {
  // Closing the pipe asks the shell to end the server, first politely.
  running.watch.stdin?.destroy();
  await running.exit;
  killQuietly(running.pid);
}

function killQuietly(pid: number): void {
  if (alive(pid)) process.kill(pid, 'SIGKILL');
}

/** A fresh folder; those left behind by processes that were killed are removed. */
async function temporaryFolder(): Promise<string> {
  for (const name of await readdir(tmpdir())) {
    if (!name.startsWith(temporaryPrefix)) continue;
    const owner = Number(name.slice(temporaryPrefix.length).split('-', 1)[0]);
    if (Number.isInteger(owner) && !alive(owner)) await rm(path.join(tmpdir(), name), { recursive: true, force: true });
  }
  return mkdtemp(path.join(tmpdir(), `${temporaryPrefix}${process.pid}-`));
}
