import { divergenceOfChange } from '../divergence.js';
import type { RandomStream } from '../random.js';

/** Up to so many outputs each is followed by itself; of more, as many directions as the following say. */
const EACH_OUTPUT = 6;
/** Classes that are followed by themselves in networks of more, those that the intact network finds most likely. */
const LIKELY = 3;
/** Random directions among all other classes. */
const RANDOM = 2;

/** Directions in the outputs of one image along which a change is known, and what is made of such changes. */
export interface LogitDirections {
  /** Writes the linear forms: [count × outputs]. */
  write(into: Float32Array, at: number): void;
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
 * @param random signs of random directions; not drawn from where each output is followed
 */
export function directionsOf(intact: Float64Array, classed: boolean, random: RandomStream): LogitDirections {
  if (intact.length <= EACH_OUTPUT) return eachOutput(intact, classed);
  return classed ? likelyClasses(intact, random) : randomOutputs(intact.length, random);
}

/** The linear forms, [count × outputs], where they are the same for all images; undefined where they are not. */
export function sharedForms(outputs: number, classed: boolean): Float32Array | undefined {
  if (outputs > EACH_OUTPUT) return undefined;
  const forms = new Float32Array(directionCount(outputs, classed) * outputs);
  for (let j = 0; j * outputs < forms.length; j++) {
    forms[j * outputs + j] = 1;
    if (classed) forms[(j + 1) * outputs - 1] = -1;
  }
  return forms;
}

/** Logits against the last one, or values themselves: the damage is that of the changed outputs, without any approximation. */
function eachOutput(intact: Float64Array, classed: boolean): LogitDirections {
  const outputs = intact.length;
  const write = (into: Float32Array, at: number): void => into.set(sharedForms(outputs, classed) as Float32Array, at);
  const change = new Float64Array(outputs);
  return {
    write,
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
function likelyClasses(intact: Float64Array, random: RandomStream): LogitDirections {
  const classes = intact.length;
  const order = Uint32Array.from(intact.keys()).sort((a, b) => intact[b]! - intact[a]! || a - b);
  const [first, ...likely] = order.subarray(0, LIKELY);
  const others = order.subarray(LIKELY);
  const mass = others.reduce((sum, c) => sum + Math.exp(intact[c]!), 0);
  const share = (c: number): number => (mass > 0 ? Math.exp(intact[c]!) / mass : 1 / others.length);
  /** The others count as one. */
  const logs = [...[first!, ...likely].map((c) => intact[c]!), Math.log(mass)];
  const change = new Float64Array(LIKELY + 1);
  const signs = Uint16Array.from(others, () => random.uint32() >>> 16);
  return {
    write(into, at) {
      likely.forEach((c, j) => {
        into[at + j * classes + c] = 1;
        into[at + j * classes + first!] = -1;
      });
      const middle = at + (LIKELY - 1) * classes;
      for (const c of others) into[middle + c] = share(c);
      into[middle + first!] = -1;
      for (let j = 0; j < RANDOM; j++) {
        const line = middle + (1 + j) * classes;
        const signed = Float64Array.from(others, (c, i) => ((signs[i]! >>> j) & 1 ? 1 : -1) * Math.sqrt(share(c)));
        let total = 0;
        for (const weight of signed) total += weight;
        others.forEach((c, i) => void (into[line + c] = signed[i]! - total * share(c)));
      }
    },
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
function randomOutputs(outputs: number, random: RandomStream): LogitDirections {
  const count = directionCount(outputs, false);
  const signs = Uint32Array.from({ length: outputs }, () => random.uint32());
  return {
    write(into, at) {
      for (let j = 0; j < count; j++) {
        for (let c = 0; c < outputs; c++) into[at + j * outputs + c] = (signs[c]! >>> j) & 1 ? 1 : -1;
      }
    },
    damage(changes) {
      let squares = 0;
      for (let j = 0; j < count; j++) squares += (changes[j] as number) ** 2;
      return squares / (2 * count);
    },
  };
}
