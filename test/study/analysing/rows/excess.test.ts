import { expect, test } from 'vitest';
import { systemicExcess, type SystemicRedundancy } from '../../../../core/analysis/systemic.js';
import { excessRows } from '../../../../core/study/analysing/rows/excess.js';
import type { NetworkRedundancy, Redundancy } from '../../../../core/study/analysing/rows/redundancy.js';
import { analysis } from './hand-results.js';

const systemic = (value: number): SystemicRedundancy => ({
  value,
  plugin: null,
  interval: null,
  sites: 2,
  kernels: 4,
  leaveOneOut: [value - 0.125, value, value + 0.125],
  poolVariance: 0,
});
const network = (sr: number | undefined, same: number | null, far: number | null = null): NetworkRedundancy => ({
  systemic: sr === undefined ? undefined : systemic(sr),
  explained: new Map(),
  once: { same, far },
  matrices: {} as NetworkRedundancy['matrices'],
});
const asked = (...unrelated: string[]) => ({ ...analysis, nulls: { ...analysis.nulls, unrelated } });

test('a network stands against each kind of null alone: mean, spread, excess and rank p are of that kind', () => {
  const a: Redundancy = {
    intact: network(0.75, 0.5, 0.25),
    nulls: [
      { variant: { shuffled: 0 }, ...network(0.25, 0.25) },
      { variant: { reinitialised: 0 }, ...network(1, 0.75) },
      { variant: { shuffled: 1 }, ...network(0.5, 0.75) },
      { variant: { shuffled: 2 }, ...network(0, null) },
    ],
  };
  const measured = new Map([
    ['a', a],
    ['b', { intact: network(0.75, 1, 1), nulls: [] }],
    ['c', { intact: network(0.25, 1, 1), nulls: [] }],
  ]);
  const shuffles = [0.25, 0.5, 0].map(systemic);
  const interval = systemicExcess(systemic(0.75), shuffles, analysis.confidence)!.excess.interval!;
  const none = { excess_low: null, excess_high: null };
  expect(excessRows('a', measured, asked('a', 'b', 'c'))).toEqual([
    {
      model: 'a',
      measure: 'sr',
      kind: 'shuffled',
      nulls: 3,
      value: 0.75,
      null_mean: 0.25,
      null_sd: 0.25,
      excess: 0.5,
      excess_low: interval.low,
      excess_high: interval.high,
      p: 1 / 4,
    },
    {
      ...none,
      model: 'a',
      measure: 'r2_same',
      kind: 'shuffled',
      nulls: 2,
      value: 0.5,
      null_mean: 0.5,
      null_sd: Math.sqrt(2 * 0.25 ** 2),
      excess: 0,
      p: 2 / 3,
    },
    {
      ...none,
      model: 'a',
      measure: 'sr',
      kind: 'reinitialised',
      nulls: 1,
      value: 0.75,
      null_mean: 1,
      null_sd: null,
      excess: -0.25,
      p: 1,
    },
    {
      ...none,
      model: 'a',
      measure: 'r2_same',
      kind: 'reinitialised',
      nulls: 1,
      value: 0.5,
      null_mean: 0.75,
      null_sd: null,
      excess: -0.25,
      p: 1,
    },
    // Unrelated networks have pools of their own size, so no R² of theirs stands here.
    {
      ...none,
      model: 'a',
      measure: 'sr',
      kind: 'unrelated',
      nulls: 2,
      value: 0.75,
      null_mean: 0.5,
      null_sd: Math.sqrt(2 * 0.25 ** 2),
      excess: 0.25,
      p: 2 / 3,
    },
  ]);
  expect(excessRows('b', measured, asked())).toEqual([]);
  expect(excessRows('d', measured, asked('a'))).toEqual([]);
});
