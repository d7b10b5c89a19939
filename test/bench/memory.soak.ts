import { execFile } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { afterAll, describe, expect, test } from 'vitest';
import { reaches } from '../../bench/performance-document.js';
import { tellsProcesses } from '../../bench/process-status.js';
import type { BenchResult } from '../../bench/record.js';
import type { Spread } from '../../bench/spread.js';

const run = promisify(execFile);
const bench = fileURLToPath(new URL('../../dist/bench/memory.js', import.meta.url));
const folder = mkdtempSync(path.join(tmpdir(), 'percuss-memory-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

if (!tellsProcesses) console.warn('SKIPPED: the memory of a process is read from /proc, which is not here');

/** MiB of float32 for the parameters that torchvision states: 25,557,032. The process has held them twice. */
const weights = { resnet50: 97.5 };

// The bench itself, made small: few kernels and images, but more layers, since it is their programs that add up.
describe.skipIf(!tellsProcesses)('the compute process of a leave-one-out', () => {
  test.each(['resnet50'] as const)('of %s stays within twice the weights and 512 MiB', async (model) => {
    const json = path.join(folder, `${model}.json`);
    const size = ['--layers', '12', '--kernels', '2', '--images', '4', '--rounds', '1'];
    await run(process.execPath, [bench, '--model', model, ...size, '--json', json, '--provisional']);
    const { figures } = JSON.parse(readFileSync(json, 'utf8')) as BenchResult;
    expect(figures).toHaveLength(1);
    for (const figure of figures) {
      expect((figure.value as Spread).low).toBeGreaterThan(2 * weights[model]);
      // Node and onnxruntime took 75 to 85 MiB where this was written.
      expect(figure.mark).toBeGreaterThan(2 * weights[model] + 512);
      expect(figure.mark).toBeLessThan(2 * weights[model] + 512 + 150);
      expect(reaches(figure), JSON.stringify(figure)).toBe(true);
    }
  });
});
