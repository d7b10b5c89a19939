import { expect, test } from 'vitest';
import { openEngine } from '../../core/engine/open.js';
import { engineConformance } from './conformance.js';
import { onnxruntime } from './engines.js';

engineConformance(onnxruntime.name, onnxruntime.open, onnxruntime.options);

test('provenance tells version and instruction sets, the mode neither', async () => {
  const engine = await openEngine({ engine: 'onnxruntime', precision: 'float32', device: 'cpu' });
  expect(engine.mode).toEqual({ engine: 'onnxruntime', precision: 'float32', device: 'cpu' });
  expect(engine.provenance.version).toMatch(/^1\.\d+/);
  expect(engine.provenance.processor).toMatch(/^(x64|arm64) \S/);
});

test('a mode that this machine cannot serve is refused with the way out', async () => {
  await expect(openEngine({ engine: 'onnxruntime', precision: 'float32', device: 'cuda' })).rejects.toMatchObject({
    code: 'ENGINE_UNAVAILABLE',
    message: expect.stringMatching(/cuda/),
  });
  await expect(openEngine({ engine: 'reference', precision: 'float64', device: 'cpu' })).rejects.toMatchObject({
    code: 'ENGINE_UNAVAILABLE',
  });
});
