import { afterAll, describe, expect, test } from 'vitest';
import { engineDevices, type NumericMode } from '../../core/numeric-mode.js';
import { answer, Workplace } from './percuss.js';

interface Finding {
  readonly what: string;
  readonly ok: boolean;
  readonly value: string;
  readonly engine?: { readonly mode: NumericMode; readonly version: string | null; readonly gflops: number | null };
}

describe('verbs about engines', { timeout: 120_000 }, () => {
  // Without a GPU also where there is one.
  const place = new Workplace({ CUDA_VISIBLE_DEVICES: '-1' });
  afterAll(() => place.close());

  test('doctor lists every engine on every device, with its speed or why it can’t be used', async () => {
    const ended = await place.run(['doctor', '--json']);
    expect(ended.code, ended.stderr).toBe(0);
    const engines = answer<Finding[]>(ended).flatMap((finding) => (finding.engine ? [finding] : []));
    const all = Object.entries(engineDevices).flatMap(([engine, devices]) =>
      devices.map((device) => `${engine} on ${device}`),
    );
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
  });
});
