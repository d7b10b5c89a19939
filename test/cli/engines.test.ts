import { existsSync } from 'node:fs';
import path from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import { devicesOf, engineNames, type NumericMode } from '../../core/numeric-mode.js';
import type { RunTime } from '../../core/engine/speed.js';
import type { CostModel } from '../../core/plan/cost.js';
import { calibrationOf } from '../../infra/calibrations.js';
import type { NetworkTime } from '../../workers/engine-tasks.js';
import type { Verification } from '../../core/study/verifying/verify.js';
import { answer, cellFiles, Workplace, type RunAnswer } from './percuss.js';
import { hasSharedData, sharedData } from '../builders/shared-data.js';

interface Finding {
  readonly what: string;
  readonly ok: boolean;
  readonly value: string;
  readonly engine?: { readonly mode: NumericMode; readonly version: string | null; readonly gflops: number | null };
}

interface Bench {
  readonly mode: NumericMode;
  readonly network: NetworkTime;
  readonly peak: RunTime;
  readonly shareOfPeak: number;
  readonly cost: CostModel;
}

describe('verbs about engines', { timeout: 120_000 }, () => {
  // Without a GPU also where there is one.
  const place = new Workplace({ CUDA_VISIBLE_DEVICES: '-1' });
  afterAll(() => place.close());

  test('doctor lists every engine on every device, with its speed or why it can’t be used', async () => {
    const ended = await place.run(['doctor', '--json']);
    expect(ended.code, ended.stderr).toBe(0);
    const findings = answer<Finding[]>(ended);
    expect(findings.find(({ what }) => what === 'store')).toMatchObject({ ok: true });
    expect(findings.find(({ what }) => what === 'temporal')).toMatchObject({ ok: false });
    expect(existsSync(place.path('.percuss'))).toBe(false);
    const engines = findings.flatMap((finding) => (finding.engine ? [finding] : []));
    const all = engineNames.flatMap((engine) => devicesOf(engine).map((device) => `${engine} on ${device}`));
    expect(engines.map(({ what }) => what)).toEqual(all);
    for (const { ok, value, engine } of engines) {
      if (ok) expect(engine?.gflops).toBeGreaterThan(0);
      else expect([engine?.gflops, value.length > 20]).toEqual([null, true]);
    }
    const cpu = engines.find(({ what }) => what === 'onnxruntime on cpu');
    expect(cpu).toMatchObject({ ok: true, engine: { version: expect.stringMatching(/^1\.\d+/) } });
  });

  test('a worker whose engine this machine lacks does not start', async () => {
    const ended = await place.run(['worker', '--device', 'cuda']);
    expect([ended.code, ended.stdout]).toEqual([2, '']);
    expect(ended.stderr).toMatch(/^percuss: onnxruntime cannot use cuda on this machine/);
    const tight = await place.run(['worker', '--memory', '5MB']);
    expect([tight.code, tight.stderr]).toEqual([2, expect.stringMatching(/at least 100000000, such as 2GB/)]);
  });

  test('bench measures a network on an engine, and plan predicts by it once it is saved', async () => {
    const narrow = path.resolve(import.meta.dirname, '../../experiments/zoo/narrow/model.json');
    const mode: NumericMode = { engine: 'onnxruntime', precision: 'float32', device: 'cpu' };
    expect(await calibrationOf(mode, place.path('state/percuss'))).toBeUndefined();
    const ended = await place.run(['bench', 'onnxruntime', narrow, '--save', '--json']);
    expect(ended.code, ended.stderr).toBe(0);
    const found = answer<Bench>(ended);
    expect(found).toMatchObject({ mode, saved: place.path('state/percuss/calibrations.json') });
    const { network, peak, shareOfPeak, cost } = found;
    for (const value of [network.imagesPerSecond, network.gflops, network.seconds, peak.gflops, ...Object.values(cost)])
      expect(value).toBeGreaterThan(0);
    expect(shareOfPeak).toBeCloseTo(network.gflops / peak.gflops);
    expect(network.gflops).toBeCloseTo((2 * network.macs * network.imagesPerSecond) / 1e9);
    const saved = await calibrationOf(mode, place.path('state/percuss'));
    expect(Object.keys(saved?.cost ?? {})).toEqual(Object.keys(cost));
  });

  test('bench takes engines and devices that there are', async () => {
    for (const [engine, complaint] of [
      ['reference:cuda', /reference computes on cpu, not on cuda/],
      ['onnxruntime:cuda', /cannot use cuda on this machine/],
    ] as const) {
      const ended = await place.run(['bench', engine, path.resolve('experiments/zoo/narrow/model.json')]);
      expect([ended.code, ended.stderr]).toEqual([2, expect.stringMatching(complaint)]);
    }
  });

  test.skipIf(!hasSharedData)('run has a worker of the study’s mode, and verify compares it with another', async () => {
    const cifar = (name: string): string => path.join(sharedData, 'images/cifar10', name);
    const onEngine = (study: string, engine: string): string =>
      place.spec(
        study,
        `version: 1
study: ${study}
data:
  test: { format: cifar10, files: [${cifar('cifar10_test_0000-0499.bin')}], images: 8 }
models:
  tutorial: { file: ${path.join(sharedData, 'models/cifar10_mstutorial.onnx')}, data: test, reference: test }
ablations:
  layers: { unit: layer, mode: each }
run: { engine: ${engine}, device: cpu, workers: 1 }
`,
      );
    const spec = onEngine('slow', 'reference');
    expect((await place.run(['plan', spec])).stdout).toMatch(/times of a usual processor core/);
    const measured = await place.run(['plan', onEngine('fast', 'onnxruntime')]);
    expect(measured.stdout).toMatch(/times by what percuss bench measured here/);
    const run = await place.run(['run', spec, '--json']);
    expect(run.code, run.stderr).toBe(0);
    const { computed } = answer<RunAnswer>(run);
    const modes = (): string[] => [...new Set(cellFiles(place.path('.percuss')).map((file) => file.split('/').at(-3) ?? ''))]; // prettier-ignore
    expect(modes()).toEqual(['reference-float32-cpu']);

    const verify = ['verify', 'slow', '--engine', 'onnxruntime', '--sample', 'all', '--json'];
    const agreeing = await place.run(verify);
    expect(agreeing.code, agreeing.stderr).toBe(0);
    expect(agreeing.stderr).toMatch(
      /stored cells are compared: \d+ to compute on onnxruntime-float32-cpu, about [\d.]+ s on \d+ processes/,
    );
    const found = answer<Verification>(agreeing);
    // All but the profile are cells.
    expect(found.cells).toEqual({ stored: computed - 1, sampled: computed - 1, failed: 0 });
    expect([found.agrees, found.compared]).toEqual([true, 8 * (computed - 1)]);
    expect(modes().sort()).toEqual(['onnxruntime-float32-cpu', 'reference-float32-cpu']);

    const strict = await place.run([...verify, '--tolerance', '1e-12']);
    expect([strict.code, answer<Verification>(strict).agrees]).toEqual([3, false]);
    const wrong = await place.run(['verify', 'slow', '--engine', 'onnxruntime', '--sample', '0']);
    expect([wrong.code, wrong.stderr]).toEqual([2, expect.stringMatching(/1%, 0.01 or all/)]);
  });
});
