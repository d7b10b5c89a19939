import { describe, test } from 'vitest';
import { openOnnxruntime } from '../../core/engine/onnxruntime.js';
import { openReference } from '../../core/engine/reference.js';
import { tfjsCpu } from './engines.js';
import { expectLightAgrees, isLarge } from './light-networks.js';
import { hasNativeTensorFlow } from './native-tensorflow.js';
import { lightCases } from './node-cases.js';

describe('whole networks of the ONNX project', () => {
  test.each(lightCases().filter(isLarge))('$name on onnxruntime', async (one) => {
    await expectLightAgrees(await openOnnxruntime(), one);
  });

  test.skipIf(!hasNativeTensorFlow).each(lightCases().filter(isLarge))('$name on tfjs, cpu', async (one) => {
    await expectLightAgrees(await tfjsCpu.open(), one);
  });

  test.each(lightCases())('$name on the reference', async (one) => {
    await expectLightAgrees(await openReference(), one);
  });
});
