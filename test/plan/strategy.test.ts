import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { strategyOf, type StrategyName } from '../../core/plan/strategy.js';

describe('the strategy of a condition', () => {
  test.each<[string, readonly (readonly number[])[], StrategyName]>([
    ['one channel', [[1]], 'carried'],
    ['two channels by one edit', [[2]], 'one-cut'],
    ['two channels by two edits at one cut', [[1, 1]], 'one-cut'],
    ['a channel at each of two cuts', [[1], [1]], 'two-cuts'],
    ['channels at three cuts', [[1], [4], [1]], 'many-cuts'],
  ])('that removes %s', (_, cuts, strategy) => {
    expect(strategyOf(cuts, false)).toBe(strategy);
  });

  test('stops at each of three cuts where what is put in follows from what stands there', () => {
    expect(strategyOf([[1], [4], [1]], true)).toBe('cut-by-cut');
  });

  test('follows from how many cuts there are, and from channels only where there is one', () => {
    const removal = fc.array(fc.integer({ min: 1, max: 64 }), { minLength: 1, maxLength: 4 });
    fc.assert(
      fc.property(fc.array(removal, { minLength: 1, maxLength: 20 }), fc.boolean(), (cuts, follows) => {
        const strategy = strategyOf(cuts, follows);
        if (cuts.length > 2) return strategy === (follows ? 'cut-by-cut' : 'many-cuts');
        if (cuts.length === 2) return strategy === 'two-cuts';
        return strategy === (cuts.flat().join() === '1' ? 'carried' : 'one-cut');
      }),
    );
  });
});
