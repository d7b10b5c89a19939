import { cpSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { writeNpy } from '../../bench/npy-file.js';
import { float32 } from '../../core/tensor.js';
import { answer, Workplace } from './percuss.js';

const cases = fileURLToPath(new URL('../study/fixtures/non-finite', import.meta.url));

describe('verbs about a network that gives no numbers without a layer', { timeout: 120_000 }, () => {
  const place = new Workplace();
  beforeAll(async () => {
    cpSync(cases, place.path('.'), { recursive: true });
    const ended = await place.run(['run', 'spec3.yaml', '--in-process']);
    expect(ended.code, ended.stderr).toBe(0);
  });
  afterAll(() => place.close());

  test('baseline finds the intact network sound', async () => {
    const ended = await place.run(['baseline', 'spec3.yaml', '--json']);
    expect(ended.code, ended.stderr).toBe(0);
    expect(answer(ended)).toMatchObject([{ model: 'l2', images: 60, nonFinite: 0 }]);
  });

  test('query and report give JSON, with null for what is missing', async () => {
    const sql = 'SELECT fraction, accuracy, kl, non_finite FROM curves ORDER BY 1 DESC LIMIT 1';
    expect(answer(await place.run(['query', 'l2c', sql, '--json']))).toEqual([
      { fraction: 1, accuracy: 0, kl: null, non_finite: 180 },
    ]);
    const report = await place.run(['report', 'l2c', '--out', 'again', '--json']);
    expect(report.code, report.stderr).toBe(0);
    answer(report);
  });

  test('verify agrees that both engines give no numbers', async () => {
    const ended = await place.run(['verify', 'l2c', '--engine', 'reference', '--sample', 'all', '--json']);
    expect(ended.code, ended.stderr).toBe(0);
    expect(answer(ended)).toMatchObject({ agrees: true, nonFinite: { both: 60, onlyOne: 0 } });
  });

  test('check takes equal non-numbers for agreement, and tells those that one side has', async () => {
    const x = float32(
      [2, 3, 8, 8],
      Float32Array.from({ length: 384 }, (_, i) => (i < 192 ? Number.NaN : 0.5)),
    );
    writeFileSync(place.path('inputs.npy'), writeNpy(x));
    const nothing = float32([2, 4], new Float32Array(8).fill(Number.NaN));
    writeFileSync(place.path('expected.npy'), writeNpy(nothing));
    const ended = await place.run(['check', 'l2.onnx', '--inputs', 'inputs.npy', '--expect', 'expected.npy', '--json']);
    expect(ended.code, ended.stderr).toBe(3);
    expect(answer(ended)).toMatchObject({ agrees: false, nonFinite: 4, largest: 0 });
  });

  test('an intact network without numbers is refused with what to do; baseline counts the images', async () => {
    const x = float32(
      [8, 3, 8, 8],
      Float32Array.from({ length: 1536 }, (_, i) => (i < 192 ? Number.NaN : (i * 37) % 255)),
    );
    writeFileSync(place.path('x.npy'), writeNpy(x));
    writeFileSync(
      place.path('y.npy'),
      writeNpy({ dtype: 'uint8', shape: [8], data: Uint8Array.from([0, 1, 2, 3, 0, 1, 2, 3]) }),
    );
    const baseline = await place.run(['baseline', 'spec.yaml', '--json']);
    expect(baseline.code).toBe(2);
    expect(answer(baseline)).toMatchObject([{ nonFinite: 1, images: 8 }]);
    const ended = await place.run(['run', 'spec.yaml', '--in-process']);
    expect(ended.code).toBe(2);
    expect(ended.stderr).toMatch(/models\.l2: the intact network’s outputs are not finite on 1 of 8 images/);
    expect(ended.stderr).toMatch(/Nothing was ablated/);
    expect(ended.stderr).not.toMatch(/^\s+at /m);
  });
});
