import { expect, test } from 'vitest';
import type { SystemicRedundancy } from '../../../../core/analysis/systemic.js';
import { nullRows } from '../../../../core/study/analysing/rows/null.js';
import type { NetworkRedundancy, Redundancy } from '../../../../core/study/analysing/rows/redundancy.js';
import { bracket } from './hand-results.js';

const network = (sr: number | undefined, r2: readonly number[]): NetworkRedundancy => ({
  systemic:
    sr === undefined
      ? undefined
      : ({ value: sr, plugin: sr + 0.5, interval: { low: sr - 0.25, high: sr + 0.25 } } as SystemicRedundancy),
  explained: new Map([['first', { same: r2.map(bracket), far: [null, null] }]]),
  once: { same: null, far: null },
  matrices: {} as NetworkRedundancy['matrices'],
});

test('each null of a network has a row: those that were made, then the unrelated ones as they are', () => {
  const a: Redundancy = {
    intact: network(0.75, [1]),
    nulls: [
      { variant: { shuffled: 3 }, ...network(0.25, [0.5, 0.25]) },
      { variant: { reinitialised: 0 }, ...network(undefined, []) },
    ],
  };
  const measured = new Map([
    ['a', a],
    ['b', { intact: network(0.5, [1]), nulls: [] }],
  ]);
  const none = { sr: null, sr_low: null, sr_high: null, sr_plugin: null, r2_same: null, r2_far: null };
  // A network does not stand beside itself, nor beside one that was not measured.
  expect(nullRows('a', measured, ['a', 'b', 'c'])).toEqual([
    {
      model: 'a',
      kind: 'shuffled',
      network: 'shuffled 3',
      sr: 0.25,
      sr_low: 0,
      sr_high: 0.5,
      sr_plugin: 0.75,
      r2_same: 0.375,
      r2_far: null,
    },
    { ...none, model: 'a', kind: 'reinitialised', network: 'reinitialised 0' },
    { ...none, model: 'a', kind: 'unrelated', network: 'b', sr: 0.5, sr_low: 0.25, sr_high: 0.75, sr_plugin: 1 },
  ]);
  expect(nullRows('c', measured, ['a'])).toEqual([]);
});
