import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import { randomStream } from '../../core/random.js';
import { CLASSES, headedNetwork, networkFile } from './headed-network.js';
import { runYaml, writeInputs } from './yaml-study.js';

const folder = mkdtempSync(path.join(tmpdir(), 'percuss-unordered-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const random = randomStream(3, 'unordered images');
const images = Array.from({ length: 20 }, () => Float32Array.from({ length: 12 }, () => random.uniform()));

/** A study of an order that rests on the profile, and of one that does not. */
function write(): string {
  writeInputs(
    folder,
    networkFile(headedNetwork('plain')),
    images,
    [3, 2, 2],
    images.map((_, i) => i % CLASSES),
  );
  const file = path.join(folder, 'study.yaml');
  writeFileSync(
    file,
    `version: 1
study: unordered
data: { test: { format: npy, files: x.npy, labels: y.npy, order: file } }
models: { net: { file: net.onnx, data: test, output: { kind: logits } } }
ablations:
  by-activation: { mode: cumulative, order: activation-std, fractions: [0.25, 1] }
  by-weight: { mode: cumulative, order: weight-norm, fractions: [0.25, 1] }
run: { engine: onnxruntime }
`,
  );
  return file;
}

/** The units of the first stage: the profile, and the intact network on all images. */
const [profile, intact] = [0, 1];

describe('an order that rests on the profile, which failed', () => {
  test.each([
    ['alone', [profile]],
    ['and the intact network with it', [profile, intact]],
  ])(
    '%s, has failed rows for the conditions that were asked for, and its points of curves are missing',
    async (_, lost) => {
      const { tables, result, report, summary } = await runYaml(write(), {
        fails: (stage, unit) => stage === 0 && lost.includes(unit),
        tables: ['ablations', 'curves', 'coverage'],
      });
      expect(result.failed).toBe(lost.length);
      const own = tables.ablations.filter((row) => row.ablation === 'by-activation');
      expect(own.map(({ index, fraction, state, channels }) => [index, fraction, state, channels])).toEqual([
        [0, 0.25, 'failed', ''],
        [1, 1, 'failed', ''],
      ]);
      expect(tables.coverage.find((row) => row.ablation === 'by-activation')).toEqual({
        model: 'net',
        ablation: 'by-activation',
        kind: 'cells',
        planned: 2,
        committed: 0,
        failed: 2,
        no_op: 0,
        images: 20,
      });
      expect(summary.findings.join(' ')).toContain('The study is not complete: ');
      if (lost.includes(intact)) return;
      expect(tables.ablations.filter((row) => row.state === 'ok').map((row) => row.ablation)).toEqual([
        'by-weight',
        'by-weight',
      ]);
      const points = tables.curves.filter((row) => row.ablation === 'by-activation');
      expect(
        points.map(({ fraction, conditions, missing, accuracy }) => [fraction, conditions, missing, accuracy]),
      ).toEqual([
        [0.25, 0, 1, null],
        [1, 0, 1, null],
      ]);
      expect(report.replace(/data:[^"]*/g, '')).not.toMatch(/NaN|Infinity|undefined/);
    },
  );
});
