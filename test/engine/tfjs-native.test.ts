import { describe, expect, test } from 'vitest';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { loadNativeTensorFlow } from '../../infra/setup/load-tfjs.js';
import { prefixOf, tensorFlowVariants } from '../../infra/setup/tfjs-variant.js';
import { engineConformance } from './conformance.js';
import { tfjsCpu } from './engines.js';
import { expectLightAgrees, isLarge } from './light-networks.js';
import { lightCases } from './node-cases.js';
import { hasNativeTensorFlow } from './native-tensorflow.js';
import { unlikeAlone, rowCases } from './row-cases.js';
import { tfjsMemory } from './tfjs-memory.js';

engineConformance(tfjsCpu.name, tfjsCpu.open, { ...tfjsCpu.options, absent: !hasNativeTensorFlow });

describe.skipIf(!hasNativeTensorFlow)('native TensorFlow.js', () => {
  // Its own kernels, called plainly, fail this for sums, exponentials, softmax and, without AVX-512, dense layers.
  test('gives a row the same bits whatever its neighbours and its place, for every operator and random networks', async () => {
    const engine = await tfjsCpu.open();
    const unlike: string[] = [];
    for (const one of rowCases()) {
      const parts = await unlikeAlone(engine, one);
      if (parts.length > 0) unlike.push(`${one.name}: ${parts.join(', ')}`);
    }
    expect(unlike).toEqual([]);
  });

  tfjsMemory(tfjsCpu.open);

  test.each(lightCases().filter((one) => !isLarge(one)))('gives the recorded answer of $name', async (one) => {
    await expectLightAgrees(await tfjsCpu.open(), one);
  });

  test('is the one in its process: the GPU’s library is refused beside it', async () => {
    await tfjsCpu.open();
    const cache = mkdtempSync(path.join(tmpdir(), 'percuss-cache-'));
    const prefix = prefixOf(tensorFlowVariants.cuda, cache);
    mkdirSync(prefix);
    writeFileSync(path.join(prefix, 'package.json'), '{}');
    expect(() => loadNativeTensorFlow({ device: 'cuda', cache })).toThrow(
      expect.objectContaining({
        code: 'ENGINE_UNAVAILABLE',
        message: expect.stringMatching(/library for cpu already/),
      }),
    );
    rmSync(cache, { recursive: true });
  });
});

test('a native package that is not set up is named with the command that does it', () => {
  const missing = (device: 'cpu' | 'cuda'): unknown => {
    try {
      return loadNativeTensorFlow({ device, cache: path.join(tmpdir(), 'no such cache') });
    } catch (error) {
      return error;
    }
  };
  expect(missing('cpu')).toMatchObject({
    code: 'ENGINE_UNAVAILABLE',
    message: expect.stringMatching(/tfjs-node is not set up.*npm run setup:tfjs`/),
  });
  expect(missing('cuda')).toMatchObject({
    code: 'ENGINE_UNAVAILABLE',
    message: expect.stringMatching(/tfjs-node-gpu is not set up.*npm run setup:tfjs -- --gpu`/),
  });
});
