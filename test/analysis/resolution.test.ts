import { describe, expect, test } from 'vitest';
import { areNarrow, systemicBracket, widthOf, type Brackets } from '../../core/analysis/resolution.js';

const of = (low: number, high: number) => ({ low, high });
const known: Brackets = { same: of(0.5, 0.58), far: of(-0.02, 0.04), sr: of(0.07, 0.11) };

describe('brackets are narrow', () => {
  test.each<[string, boolean, Partial<Brackets>, Parameters<typeof areNarrow>[1]]>([
    ['where both R² and systemic redundancy are within what is wished', true, {}, { r2: 0.0801, sr: 0.0401 }],
    ['where one alone is wished, and is', true, {}, { r2: 0.09 }],
    ['where one alone is wished, and is, whatever the other', true, { same: of(0, 1) }, { sr: 0.05 }],
    ['not where R² from the same site is wider', false, {}, { r2: 0.07, sr: 1 }],
    ['not where R² from far sites is wider', false, { far: of(-0.1, 0.1) }, { r2: 0.1 }],
    ['not where systemic redundancy is wider', false, {}, { r2: 1, sr: 0.03 }],
    ['by R² of the same site where there are no far ones', true, { far: null }, { r2: 0.1 }],
    ['not by R² where there is none', false, { same: null, far: null }, { r2: 0.1 }],
    ['not by a systemic redundancy that there is not', false, { sr: null }, { sr: 10 }],
    ['where what there is not is not wished', true, { sr: null }, { r2: 0.1 }],
    ['whatever their values', true, { same: of(-7, -6.95), far: of(0.99, 0.99), sr: of(-2, -2) }, { r2: 0.1, sr: 0 }],
  ])('%s: %s', (_, expected, own, wish) => {
    expect(areNarrow({ ...known, ...own }, wish)).toBe(expected);
  });

  test('of systemic redundancy lies between the value and what is too large of few bases', () => {
    const systemic = { value: 0.07, interval: null, sites: 3, kernels: 4, leaveOneOut: [], poolVariance: 0 };
    expect(systemicBracket({ ...systemic, plugin: 0.11 })).toEqual(of(0.07, 0.11));
    expect(systemicBracket({ ...systemic, plugin: 0.05 })).toEqual(of(0.05, 0.07));
    expect(systemicBracket({ ...systemic, plugin: null })).toBeNull();
    expect(widthOf(of(-1, 2))).toBe(3);
  });
});
