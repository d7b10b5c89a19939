import { fileURLToPath } from 'node:url';
import { describe, expect, test } from 'vitest';
import type { NumericMode } from '../../core/numeric-mode.js';
import { askEngine, askEngines } from '../../workers/engine-process.js';

const built = fileURLToPath(new URL('../../dist/workers/engine-child.js', import.meta.url));
const broken = fileURLToPath(new URL('./fixtures/broken-engines.mjs', import.meta.url));
const on = (device: NumericMode['device'], engine: NumericMode['engine'] = 'onnxruntime'): NumericMode => ({
  engine,
  precision: 'float32',
  device,
});

describe('engines in a process of their own', () => {
  test('tell their version and how fast they are', async () => {
    const answer = await askEngine({ kind: 'speed', mode: on('cpu') }, { entry: built });
    expect(answer.provenance).toMatchObject({ engine: 'onnxruntime', device: 'cpu' });
    expect(answer.chain?.gflops).toBeGreaterThan(0);
  });

  test('that are not there are unavailable, with the way out', async ({ skip }) => {
    const [outcome] = await askEngines([{ kind: 'open', mode: on('cuda') }], { entry: built });
    if (!outcome || 'answer' in outcome) return skip('this machine has CUDA');
    expect(outcome.error).toMatchObject({ code: 'ENGINE_UNAVAILABLE', message: expect.stringMatching(/device: cpu/) });
  });

  test('that crash or never come back are unavailable, and the others are asked all the same', async () => {
    const devices = ['cpu', 'cuda', 'webgpu', 'tensorrt', 'cpu'] as const;
    const tasks = devices.map((device) => ({ kind: 'open' as const, mode: on(device) }));
    const outcomes = await askEngines(tasks, { entry: broken, timeoutSeconds: 1 });
    const said = outcomes.map((outcome) => ('answer' in outcome ? 'fine' : outcome.error.message));
    expect(outcomes.map((outcome) => ('error' in outcome ? outcome.error.code : 'fine'))).toEqual([
      'fine',
      'ENGINE_UNAVAILABLE',
      'ENGINE_UNAVAILABLE',
      'ENGINE_UNAVAILABLE',
      'fine',
    ]);
    expect(said[1]).toMatch(/onnxruntime on cuda ended its process \(SIGSEGV\)/);
    expect(said[2]).toMatch(/onnxruntime on webgpu did not come back within 1 s/);
    expect(said[3]).toMatch(/exit status 127\); it said: libnvinfer/);
  });
});
