import { divergenceOfChange } from '../divergence.js';

/** Up to so many outputs each is followed by itself; of more, as many directions as the following say. */
export const EACH_OUTPUT = 6;
/** Classes that are followed by themselves in networks of more, those that the intact network finds most likely. */
export const LIKELY = 3;
/** Random directions among all other classes. */
export const RANDOM = 2;

/** What is made of a change of the outputs of one image that is known along a few directions (`direction-forms.ts`). */
export interface LogitDirections {
  /** Damage in nats of a change whose linear forms have these values; changes add up. */
  damage(changes: ArrayLike<number>): number;
}

/** How many directions there are in networks of so many outputs. A constant added to all logits changes nothing, which spares one. */
export const directionCount = (outputs: number, classed: boolean): number =>
  outputs > EACH_OUTPUT ? LIKELY + RANDOM : classed ? outputs - 1 : outputs;

/**
 * Directions of one image.
 *
 * @param intact natural logs of the probabilities of the intact network, or its values where outputs are no classes
 */
export function directionsOf(intact: Float64Array, classed: boolean): LogitDirections {
  if (intact.length <= EACH_OUTPUT) return eachOutput(intact, classed);
  return classed ? likelyClasses(intact) : randomOutputs(intact.length);
}

/** Logits against the last one, or values themselves: the damage is that of the changed outputs, without any approximation. */
function eachOutput(intact: Float64Array, classed: boolean): LogitDirections {
  const outputs = intact.length;
  const change = new Float64Array(outputs);
  return {
    damage(changes) {
      // The last class is what the others are followed against: its own stays 0.
      for (let c = 0; c < directionCount(outputs, classed); c++) change[c] = changes[c] as number;
      return divergenceOfChange(intact, change, 0, outputs, classed);
    },
  };
}

/**
 * The likeliest classes one by one, each against the likeliest of all, the others' mean (by their probabilities) against it, and random
 * directions among the others: with signs s and their probabilities q given that it is one of them, Σ s_c √q_c (Δ_c − mean Δ), whose square has
 * the variance of Δ under q as its mean. With Δ of the others taken as normal under q, log Σ_others p e^Δ = log p_others + mean + variance/2.
 */
function likelyClasses(intact: Float64Array): LogitDirections {
  const order = Uint32Array.from(intact.keys()).sort((a, b) => intact[b]! - intact[a]! || a - b);
  const mass = order.subarray(LIKELY).reduce((sum, c) => sum + Math.exp(intact[c]!), 0);
  /** The others count as one. */
  const logs = [...Array.from(order.subarray(0, LIKELY), (c) => intact[c]!), Math.log(mass)];
  const change = new Float64Array(LIKELY + 1);
  return {
    damage(changes) {
      let variance = 0;
      for (let j = LIKELY; j < LIKELY + RANDOM; j++) variance += (changes[j] as number) ** 2 / RANDOM;
      for (let i = 1; i < LIKELY; i++) change[i] = changes[i - 1] as number;
      change[LIKELY] = (changes[LIKELY - 1] as number) + variance / 2;
      // Half the variance is no part of the others' mean change.
      const damage = divergenceOfChange(logs, change, 0, LIKELY + 1, true);
      return Math.max(0, damage + (mass * variance) / 2);
    },
  };
}

/** Random directions of values that are no classes: half the squared distance, on average. */
function randomOutputs(outputs: number): LogitDirections {
  const count = directionCount(outputs, false);
  return {
    damage(changes) {
      let squares = 0;
      for (let j = 0; j < count; j++) squares += (changes[j] as number) ** 2;
      return squares / (2 * count);
    },
  };
}
