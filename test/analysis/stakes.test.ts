import { describe, expect, test } from 'vitest';
import { meanBounds, meanIsAbove, meanIsBelow } from '../../core/analysis/confidence-sequence.js';

/** The stakes that share the capital, in units of 1/bound; they add up to 3.15. */
const stakes = [0.05, 0.1, 0.2, 0.4, 0.8, 1.6];

const drawn = (values: readonly number[], population = 10, bound = 1) => ({ values, population, bound });

/** A capital excludes a mean from 1/capital on. */
const excludesFrom = (test: (alpha: number) => boolean, capital: number): void => {
  expect(test(1.0001 / capital), `more than 1 / ${capital}`).toBe(true);
  expect(test(0.9999 / capital), `less than 1 / ${capital}`).toBe(false);
};

describe('the capital of who bets on low values', () => {
  test('after one value, by hand', () => {
    // All of the mean is still to come: 0.5. 0.95 is staked whole, 1/(1 − 0.5) = 2, and doubles at a value of 0; the others
    // gain stake · 0.5: 0.05 · (6 + 3.15 / 2) / 6.
    excludesFrom((alpha) => meanIsBelow(drawn([0]), 0.5, alpha), 1.9 + (0.05 * (6 + 3.15 / 2)) / 6);
    // At a value of 1 after it the whole stake is lost: what was reached stays reached.
    excludesFrom((alpha) => meanIsBelow(drawn([0, 1]), 0.5, alpha), 1.9 + (0.05 * (6 + 3.15 / 2)) / 6);
    // At a mean of 0.2 the whole stake is 1/0.8 and so is the largest of the others, which no value may ruin.
    const others = stakes.map((stake) => 1 + 0.2 * Math.min(stake, 1.25));
    excludesFrom(
      (alpha) => meanIsBelow(drawn([0]), 0.2, alpha),
      0.95 * (1 + 0.2 * 1.25) + (0.05 * others.reduce((total, one) => total + one, 0)) / 6,
    );
  });

  test('goes on from value to value, against what is left of the mean', () => {
    // After 0 of 10 at a mean of 0.5, 5/9 a value are left; after 0 and 0.5, 4.5/8.
    const rests = [0.5, 5 / 9, 4.5 / 8];
    const values = [0, 0.5, 0];
    let [whole, ...others] = [0.95, ...stakes.map(() => 0.05 / 6)];
    rests.forEach((rest, t) => {
      const limit = 1 / (1 - rest);
      whole *= 1 + limit * (rest - values[t]!);
      others = others.map((capital, s) => capital * (1 + Math.min(stakes[s]!, limit) * (rest - values[t]!)));
    });
    const capital = others.reduce((total, one) => total + one, whole);
    excludesFrom((alpha) => meanIsBelow(drawn(values), 0.5, alpha), capital);
  });

  test('is as large in any unit', () => {
    excludesFrom((alpha) => meanIsBelow(drawn([0], 10, 8), 4, alpha), 1.9 + (0.05 * (6 + 3.15 / 2)) / 6);
  });

  test('excludes a mean that what is left cannot reach any more, and none before a value', () => {
    // 8 of 10 at most 1 cannot make 9 after two zeros, nor just 8.
    expect(meanIsBelow(drawn([0, 0, 0]), 0.9, 1e-30)).toBe(true);
    expect(meanIsBelow(drawn([0, 0, 0]), 0.8, 1e-30)).toBe(true);
    expect(meanIsBelow(drawn([0, 0, 0]), 0.79, 1e-30)).toBe(false);
    expect(meanIsBelow(drawn([]), 0.5, 1)).toBe(false);
  });
});

describe('the capital of who bets on high values', () => {
  test('after one value, by hand', () => {
    // At a mean of 0.5 a value of 1 gains stake · 0.5: (6 + 3.15 / 2) / 6, no stake being above 0.95 / 0.5.
    excludesFrom((alpha) => meanIsAbove(drawn([1]), 0.5, alpha), (6 + 3.15 / 2) / 6);
    // At a mean of 0.8 the largest stake is cut to 0.95 / 0.8.
    excludesFrom(
      (alpha) => meanIsAbove(drawn([1]), 0.8, alpha),
      (6 + 0.2 * (0.05 + 0.1 + 0.2 + 0.4 + 0.8 + 0.95 / 0.8)) / 6,
    );
  });

  test('goes on from value to value, against what is left of the mean', () => {
    const rests = [0.5, 4 / 9, 3.5 / 8];
    const values = [1, 0.5, 1];
    let capitals = stakes.map(() => 1 / 6);
    rests.forEach((rest, t) => {
      capitals = capitals.map((capital, s) => capital * (1 + Math.min(stakes[s]!, 0.95 / rest) * (values[t]! - rest)));
    });
    excludesFrom(
      (alpha) => meanIsAbove(drawn(values), 0.5, alpha),
      capitals.reduce((total, one) => total + one, 0),
    );
  });

  test('is as large in any unit', () => {
    excludesFrom((alpha) => meanIsAbove(drawn([8], 10, 8), 4, alpha), (6 + 3.15 / 2) / 6);
  });

  test('excludes a mean that is passed already, also by what is above nothing', () => {
    // A mean of 0.1 of 10 is used up by one value of 1: after that only zeros agree with it.
    expect(meanIsAbove(drawn([1, 0, 0]), 0.1, 1e-30)).toBe(false);
    expect(meanIsAbove(drawn([1, 0, 0.1]), 0.1, 1e-30)).toBe(true);
    expect(meanIsAbove(drawn([1, 0.5, 0]), 0.1, 1e-30)).toBe(true);
    expect(meanIsAbove(drawn([]), 0.5, 1)).toBe(false);
  });
});

describe('the interval', () => {
  test('is all that is possible before the first value, and the mean after the last', () => {
    const [from, to] = [0, 2];
    const none = meanBounds(drawn([], 4, 2), { below: 0.05, above: 0.05 });
    expect(none).toEqual({ low: from, high: to });
    const all = meanBounds(drawn([0, 1, 2, 1], 4, 2), { below: 0.05, above: 0.05 });
    expect(all).toEqual({ low: 1, high: 1 });
  });

  test('lies within what the rest can still do', () => {
    // 3 of 4 are drawn: the mean is at least 3/4 and at most 5/4. Nobody can be sure of more at so small an error.
    const { low, high } = meanBounds(drawn([0, 1, 2], 4, 2), { below: 1e-9, above: 1e-9 });
    expect(low).toBeCloseTo(3 / 4, 5);
    expect(high).toBeCloseTo(5 / 4, 5);
  });

  test('ends, to a millionth of the range, where the two capitals begin to exclude: each end at its own error', () => {
    const values = [0.7, 0.4, 0.8, 0.6, 0.9, 0.5, 0.7, 0.6, 0.8, 0.5];
    const sample = drawn(values, 40);
    const { low, high } = meanBounds(sample, { below: 0.3, above: 0.01 });
    const step = (30 / 40) * 2 ** -19;
    expect(meanIsAbove(sample, low, 0.3)).toBe(true);
    expect(meanIsAbove(sample, low + step, 0.3)).toBe(false);
    expect(meanIsBelow(sample, high, 0.01)).toBe(true);
    expect(meanIsBelow(sample, high - step, 0.01)).toBe(false);
    const other = meanBounds(sample, { below: 0.01, above: 0.3 });
    expect(other.low).toBeLessThan(low);
    expect(other.high).toBeLessThan(high);
  });
});
