import { expect, test } from 'vitest';
import { replaceability } from '../../../../core/analysis/replaceability.js';
import { replaceabilityOf } from '../../../../core/study/analysing/rows/replaceability.js';
import { notReplaced } from './hand-results.js';

const lost = [
  [1, 2, 3, 1],
  [2, 0, 2, 4],
];
const told = [
  [0.5, 1, 1.5, 1],
  [2, 0, 1, 4],
];
const both = [0, 1].map((channel) => ({ layer: 'a', channel }));
const damages = new Map([
  ['mean', new Map([['a', lost]])],
  ['substitute', new Map([['a', told]])],
  ['substitute-earlier', new Map([['a', [told[1], undefined]]])],
]);
const summed = (of: readonly number[][]): number[] => (of[0] ?? []).map((kl, i) => kl + (of[1]?.[i] ?? 0));

const known = { damages, tells: () => true };

test('what others make up for of several kernels is of their damages summed image by image', () => {
  const expected = replaceability(summed(told), summed(lost), 0.9);
  expect(expected?.estimate).toBeCloseTo(1 - 11 / 15, 12);
  expect(replaceabilityOf(known, both, 0.9)).toEqual({
    ...notReplaced,
    replaceability_same: expected?.estimate,
    replaceability_same_low: expected?.low,
    replaceability_same_high: expected?.high,
  });
});

test('it is not known where one of them lacks a damage, with a substitute or with its mean', () => {
  const one = both.slice(0, 1);
  expect(replaceabilityOf(known, one, 0.9).replaceability_earlier).toBeCloseTo(1 - 7 / 7, 12);
  expect(replaceabilityOf(known, [...both, { layer: 'b', channel: 0 }], 0.9)).toEqual(notReplaced);
  expect(replaceabilityOf({ ...known, damages: new Map([...damages].slice(1)) }, both, 0.9)).toEqual(notReplaced);
});

test('kernels of which none tell have no part in it: a network is not made less replaceable by its first layer', () => {
  const first = [{ layer: 'first', channel: 0 }];
  const with1st = new Map([...damages].map(([fill, layers]) => [fill, new Map([...layers, ['first', [lost[1]]]])]));
  const tells = (fill: string, layer: string): boolean => fill !== 'substitute-earlier' || layer !== 'first';
  const told = { damages: with1st, tells };
  expect(replaceabilityOf(told, [...both.slice(0, 1), ...first], 0.9).replaceability_earlier).toBe(
    replaceabilityOf(known, both.slice(0, 1), 0.9).replaceability_earlier,
  );
  expect(replaceabilityOf(told, [...both.slice(0, 1), ...first], 0.9).replaceability_same).toBeCloseTo(
    1 -
      summed([[0.5, 1, 1.5, 1], lost[1]!]).reduce((a, b) => a + b) /
        summed([lost[0]!, lost[1]!]).reduce((a, b) => a + b),
    12,
  );
});

test('it is not known where there are no kernels to tell of any of them, as before a first layer', () => {
  const tells = (fill: string): boolean => fill !== 'substitute-earlier';
  const one = both.slice(0, 1);
  expect(replaceabilityOf({ damages, tells }, one, 0.9)).toMatchObject({
    replaceability_same: replaceability(told[0]!, lost[0]!, 0.9)?.estimate,
    replaceability_earlier: null,
  });
});
