import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { randomStream } from '../../core/random.js';
import { runYaml, writeStudy } from './yaml-study.js';

const folder = mkdtempSync(path.join(tmpdir(), 'percuss-linear-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

test('within layers of a linear network no pair has an excess, and the summary is silent, while KL interacts in a fifth', async () => {
  const images = 60;
  const random = randomStream(2, 'linear pairs');
  const file = writeStudy(folder, {
    network: new Uint8Array(readFileSync(new URL('fixtures/linear.onnx', import.meta.url))),
    pixels: Float32Array.from({ length: images * 3 * 32 * 32 }, () => random.normal()),
    shape: [3, 32, 32],
    labels: Array.from({ length: images }, (_, i) => i % 10),
    rest: 'ablations:\n  two: { mode: pairs, within: layer }\n',
  });
  const { tables, summary, report } = await runYaml(file);
  expect(tables.pairs.length).toBeGreaterThan(100);
  for (const row of tables.pairs) {
    expect(Math.abs(row.excess!)).toBeLessThan(1e-6);
    expect(Math.abs(row.excess!)).toBeLessThan(1e-5 * row.kl_joint!);
    expect(row.kl_additive).toBeCloseTo(row.kl_joint!, 6);
  }
  const interacting = tables.pairs.filter((row) => row.kl_interaction_low! > 0 || row.kl_interaction_high! < 0);
  expect(interacting.length / tables.pairs.length).toBeGreaterThan(0.15);
  expect(summary.findings.filter((sentence) => /pair|back each other|add up/.test(sentence))).toEqual([]);
  expect(report).not.toMatch(/Strongest (back-up|occlusion)/);
});
