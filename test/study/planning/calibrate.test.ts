import { expect, test } from 'vitest';
import { openOnnxruntime } from '../../../core/engine/onnxruntime.js';
import { calibrate } from '../../../core/study/planning/calibrate.js';

test('an engine is measured: every rate and cost is a number above zero, and a plan can be made of it', async () => {
  const engine = await openOnnxruntime();
  const model = await calibrate(engine);
  expect(Object.keys(model).sort()).toEqual([
    'bytesPerSecond',
    'hostBytesPerSecond',
    'macsPerSecond',
    'secondsPerNode',
    'secondsPerProcess',
    'secondsPerRow',
    'secondsPerRun',
    'weightBytesPerSecond',
  ]);
  expect(Object.values(model).filter((number: number) => !(number > 0 && Number.isFinite(number)))).toEqual([]);
  await engine.close();
});
