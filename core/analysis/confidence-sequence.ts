import type { ControlVariate } from './control-variate.js';

/**
 * Confidence sequences for the mean of a finite population of bounded values that are drawn one by one without
 * replacement, in uniformly random order: all the intervals, at all times together, hold the mean with the stated
 * confidence, so that one may look as often as one likes and stop whenever.
 *
 * By betting: Waudby-Smith and Ramdas, "Estimating means of bounded random variables by betting", JRSS B 86, 2024,
 * section 5 (without replacement), and "Confidence sequences for sampling without replacement", NeurIPS 2020. If the
 * mean of all N values is m, that of those not yet drawn is r_t = (N·m − x_1 − … − x_{t−1}) / (N − t + 1). A gambler who
 * stakes λ on x_t being below r_t has the capital Π (1 + λ (r_t − x_t)), a nonnegative martingale where m is the mean; by
 * Ville's inequality it ever reaches 1/α with a probability of at most α. So every m against which some gambler has ever
 * reached 1/α is excluded. Capital is divided beforehand among stakes that are fixed beforehand (a "hedged" gambler): a
 * mean of martingales is one, and nothing has to be estimated before betting. Each capital is monotone in m, so that what
 * is not excluded is an interval, found by bisection. Predictions of the values sharpen it (`control-variate.ts`): a shift whose mean is 0 is
 * added to each gain, and the most that may be staked is what no value left could lose.
 *
 * What no method for bounded values can beat: the population may hide N·m/bound values at the bound among zeros, and a
 * sample of n misses them all with probability about (1 − n/N)^(N·m/bound).
 */

/** Values drawn so far, in their order, each in [0, bound], of a population of so many. */
export interface Drawn {
  readonly values: ArrayLike<number>;
  readonly population: number;
  readonly bound: number;
  /** Of predictions of all values of the population. */
  readonly variate?: ControlVariate | undefined;
}

/** In units of 1/bound: from what suits means close to m, to what suits values that are nearly always 0. */
const STAKES = [0.05, 0.1, 0.2, 0.4, 0.8, 1.6] as const;

/**
 * Share of the capital that is always staked whole against high means: the best that one can do while all values are 0, as those of most
 * conditions nearly are.
 */
const WHOLE = 0.95;

/** Most of a capital that is staked on high values, so that a value of 0 doesn't end the game. */
const MOST = 0.95;

/** Halvings in the search for an end: to a millionth of the range. */
const HALVINGS = 20;

/** Whether the mean is below m, at level alpha: the capital of who bets on low values ever reached 1/alpha. Monotone in m. */
export const meanIsBelow = (drawn: Drawn, m: number, alpha: number): boolean =>
  valuesUntilBelow(drawn, m, alpha) < Infinity;

/** Whether the mean is above m, at level alpha: the capital of who bets on high values ever reached 1/alpha. Monotone in m. */
export const meanIsAbove = (drawn: Drawn, m: number, alpha: number): boolean =>
  valuesUntilAbove(drawn, m, alpha) < Infinity;

/** After how many values it was known that the mean is below m; Infinity where it is not. */
export function valuesUntilBelow({ values, population, bound, variate }: Drawn, m: number, alpha: number): number {
  const capitals = STAKES.map(() => (1 - WHOLE) / STAKES.length);
  let whole = WHOLE;
  let seen = 0;
  for (let t = 0; t < values.length; t++) {
    const x = values[t] as number;
    const rest = (population * m - seen) / (population - t);
    if (rest >= bound) return t;
    const limit = 1 / (bound - rest + (variate?.fall[t] ?? 0));
    const gain = rest - x + (variate?.shift[t] ?? 0);
    whole *= 1 + limit * gain;
    let capital = whole;
    for (let s = 0; s < STAKES.length; s++) {
      const stake = Math.min((STAKES[s] as number) / bound, limit);
      capitals[s] = (capitals[s] as number) * (1 + stake * gain);
      capital += capitals[s] as number;
    }
    if (capital * alpha >= 1) return t + 1;
    seen += x;
  }
  return Infinity;
}

/** After how many values it was known that the mean is above m; Infinity where it is not. */
export function valuesUntilAbove({ values, population, bound, variate }: Drawn, m: number, alpha: number): number {
  const capitals = STAKES.map(() => 1 / STAKES.length);
  let seen = 0;
  for (let t = 0; t < values.length; t++) {
    const x = values[t] as number;
    const rest = (population * m - seen) / (population - t);
    if (rest < 0 || (rest === 0 && x > 0)) return t + 1;
    const limit = MOST / (rest + (variate?.rise[t] ?? 0));
    const gain = x - rest - (variate?.shift[t] ?? 0);
    let capital = 0;
    for (let s = 0; s < STAKES.length; s++) {
      const stake = Math.min((STAKES[s] as number) / bound, limit);
      capitals[s] = (capitals[s] as number) * (1 + stake * gain);
      capital += capitals[s] as number;
    }
    if (capital * alpha >= 1) return t + 1;
    seen += x;
  }
  return Infinity;
}

/** Ends between which the mean lies; once the population is drawn, the mean itself. */
export interface MeanBounds {
  readonly low: number;
  readonly high: number;
}

/**
 * The interval at the time of the last value drawn, at all times together wrong with probability at most `below` that the
 * mean is below it and at most `above` that it is above it.
 */
export function meanBounds(drawn: Drawn, alpha: { readonly below: number; readonly above: number }): MeanBounds {
  const { values, population, bound } = drawn;
  let seen = 0;
  for (let t = 0; t < values.length; t++) seen += values[t] as number;
  // What has been seen leaves no more than this to chance.
  const least = seen / population;
  const most = least + ((population - values.length) * bound) / population;
  return {
    low: bisect(least, most, (m) => !meanIsAbove(drawn, m, alpha.below)).low,
    high: bisect(least, most, (m) => meanIsBelow(drawn, m, alpha.above)).high,
  };
}

/** The bracket of the place from which on a monotone property holds; its far ends where it holds nowhere or everywhere. */
function bisect(low: number, high: number, holds: (m: number) => boolean): MeanBounds {
  for (let i = 0; i < HALVINGS && low < high; i++) {
    const middle = (low + high) / 2;
    if (holds(middle)) high = middle;
    else low = middle;
  }
  return { low, high };
}
