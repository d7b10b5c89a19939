import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { alive } from '../../infra/lock.js';
import type { ServerBinary } from '../../infra/obtain/temporal.js';
import { startPrivateServer } from '../../infra/server.js';
import { ensureUserServer, findUserServer, stopUserServer } from '../../infra/user-server.js';
import { serverBinary, until } from '../temporal/world.js';

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'percuss-infra-'));
});
afterEach(() => rm(folder, { recursive: true, force: true }));

/** The server's program, which the first `times` times ends as where another process took its port. */
async function unlucky(times: number): Promise<ServerBinary> {
  const binary = await serverBinary();
  const file = path.join(folder, 'unlucky');
  const script = `#!/bin/sh
echo . >>"${file}.calls"
if [ "$(wc -l <"${file}.calls")" -le ${times} ]; then echo "listen tcp: bind: address already in use" >&2; exit 1; fi
exec "${binary.path}" "$@"
`;
  await writeFile(file, script, { mode: 0o755 });
  return { ...binary, path: file };
}

describe('ports', () => {
  it('that another process took meanwhile are replaced; a server that never starts is an error with its log', async () => {
    const server = await startPrivateServer({ binary: await unlucky(2) });
    await server.stop();
    const never = {
      code: 'SERVER_UNAVAILABLE',
      message: expect.stringMatching(/bind: address already in use/) as string,
    };
    await rm(path.join(folder, 'unlucky.calls'));
    await expect(startPrivateServer({ binary: await unlucky(99) })).rejects.toMatchObject(never);
    await expect(ensureUserServer(folder, () => unlucky(99))).rejects.toMatchObject(never);
    await rm(path.join(folder, 'unlucky.calls'));
    await ensureUserServer(folder, () => unlucky(2));
    expect(await stopUserServer(folder)).toBe(true);
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

  it('comes back where it was, after a stop, after a kill, and but for a port that somebody took', async () => {
    const first = await ensureUserServer(folder, serverBinary);
    expect(await stopUserServer(folder)).toBe(true);
    const second = await ensureUserServer(folder, serverBinary);
    expect(second).toMatchObject({ address: first.address, ui: first.ui });
    process.kill(second.pid, 'SIGKILL');
    await until('the server is gone', () => !alive(second.pid));
    const third = await ensureUserServer(folder, serverBinary);
    expect(third).toMatchObject({ address: first.address, ui: first.ui });
    expect(await stopUserServer(folder)).toBe(true);
    const squatter = createServer();
    await new Promise<void>((resolve) => squatter.listen(Number(first.address.split(':')[1]), '127.0.0.1', resolve));
    try {
      const fourth = await ensureUserServer(folder, serverBinary);
      expect(fourth.address).not.toBe(first.address);
      expect(fourth.ui).toBe(first.ui);
    } finally {
      await stopUserServer(folder);
      squatter.close();
    }
  });
});
