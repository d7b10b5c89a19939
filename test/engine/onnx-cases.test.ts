import { describe, expect, test } from 'vitest';
import { openOnnxruntime } from '../../core/engine/onnxruntime.js';
import { folds } from '../../core/import/onnx/fold.js';
import { NEWEST_OPSET, OLDEST_OPSET } from '../../core/import/onnx/opset.js';
import { rules } from '../../core/import/onnx/rules.js';
import { expectLightAgrees, isLarge } from './light-networks.js';
import { leftOutCases, lightCases, nodeCases, refusedCases } from './node-cases.js';

describe('cases of the ONNX project', () => {
  const leftOut = leftOutCases();

  test('none is there twice, and each is either kept or left out', () => {
    const names = [...nodeCases(), ...lightCases()].map(({ name }) => (name.includes('/') ? name : `node/${name}`));
    const others = Object.values(leftOut).flat();
    expect(new Set([...names, ...others]).size).toBe(names.length + others.length);
    const bySuite = (suite: string): number => [...names, ...others].filter((name) => name.startsWith(suite)).length;
    // As many as lie in the folders of onnx 1.23.2.
    expect(['simple/', 'pytorch-operator/', 'pytorch-converted/', 'light/'].map(bySuite)).toEqual([23, 35, 82, 9]);
  });

  test('what is left out because its operator is not claimed, is not claimed', () => {
    for (const reason of Object.keys(leftOut)) {
      const [, operator, how] = /^operator (\w+) is (not claimed|claimed for constants only)$/.exec(reason) ?? [];
      if (operator === undefined) continue;
      expect([operator, rules.has(operator)]).toEqual([operator, false]);
      if (how === 'not claimed') expect([operator, folds.has(operator)]).toEqual([operator, false]);
    }
  });

  test('every other reason is about types, size, or an opset that is not read yet', () => {
    const others = Object.keys(leftOut).filter((reason) => !reason.startsWith('operator '));
    for (const reason of others) {
      const [, opset, side] = /^opset (\d+), (newer|older) than any that is read$/.exec(reason) ?? [];
      if (side === 'newer') expect(Number(opset)).toBeGreaterThan(NEWEST_OPSET);
      if (side === 'older') expect(Number(opset)).toBeLessThan(OLDEST_OPSET);
    }
    for (const reason of others.filter((reason) => !reason.startsWith('opset '))) {
      expect(reason).toMatch(
        /^(?:(?:in|out)puts of type \w+|domain [\w.]+|nothing but constants|a sequence, an optional or text|\d+ bytes of numbers; \d+ are kept)$/,
      );
    }
  });

  test('most of the kept ones are computed, the others are refused for a stated reason', () => {
    const refused = nodeCases().filter(({ name }) => name in refusedCases);
    expect([nodeCases().length - refused.length, refused.length]).toEqual([496, 52]);
  });
});

test.each(lightCases().filter((one) => !isLarge(one)))(
  '$name through percuss’s own emission on onnxruntime',
  async (one) => {
    await expectLightAgrees(await openOnnxruntime(), one);
  },
);
