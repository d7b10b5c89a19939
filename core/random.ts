import { sha256 } from './digest.js';

const M0 = 0xd2511f53;
const M1 = 0xcd9e8d57;
const W0 = 0x9e3779b9;
const W1 = 0xbb67ae85;

/** High word of the 64-bit product of two 32-bit words. */
function mulHigh(a: number, b: number): number {
  const ah = a >>> 16;
  const al = a & 0xffff;
  const bh = b >>> 16;
  const bl = b & 0xffff;
  const left = ah * bl;
  const right = al * bh;
  const middle = ((al * bl) >>> 16) + (left & 0xffff) + (right & 0xffff);
  return (ah * bh + (left >>> 16) + (right >>> 16) + (middle >>> 16)) >>> 0;
}

/**
 * Philox4x32-10, the counter-based generator of Salmon et al., "Parallel Random Numbers: As Easy as 1, 2, 3" (SC 2011).
 * Four 32-bit words for a 128-bit counter under a 64-bit key.
 */
export function philox4x32(
  counter: readonly [number, number, number, number],
  key: readonly [number, number],
): [number, number, number, number] {
  let [c0, c1, c2, c3] = counter;
  let [k0, k1] = key;
  for (let round = 0; round < 10; round++) {
    const hi0 = mulHigh(M0, c0);
    const hi1 = mulHigh(M1, c2);
    const lo0 = Math.imul(M0, c0) >>> 0;
    const lo1 = Math.imul(M1, c2) >>> 0;
    c0 = (hi1 ^ c1 ^ k0) >>> 0;
    c1 = lo1;
    c2 = (hi0 ^ c3 ^ k1) >>> 0;
    c3 = lo0;
    k0 = (k0 + W0) >>> 0;
    k1 = (k1 + W1) >>> 0;
  }
  return [c0, c1, c2, c3];
}

/** A reproducible sequence of random numbers, independent of every stream of another purpose. */
export interface RandomStream {
  /** A uniform integer in [0, 2^32). */
  uint32(): number;
  /** A uniform number in [0, 1), of 53 bits. */
  uniform(): number;
  /** A uniform integer in [0, bound), without modulo bias. @throws RangeError if bound is no integer in [1, 2^32]. */
  below(bound: number): number;
  /** A standard normal number (Box-Muller). */
  normal(): number;
  /** A new array, uniformly permuted (Fisher-Yates). */
  shuffled<T>(items: readonly T[]): T[];
  /** `count` distinct integers of [0, bound), ascending. */
  sample(count: number, bound: number): number[];
}

/**
 * The stream of a seed and a purpose: `randomStream(7, 'random', 'across-depth', 3)`. Streams are functions of their
 * names only, so the order in which they are used, and by which process, does not matter.
 */
export function randomStream(seed: number | string, ...purpose: readonly (string | number)[]): RandomStream {
  const digest = sha256(JSON.stringify([seed, ...purpose]));
  const word = (i: number): number => Number.parseInt(digest.slice(8 * i, 8 * i + 8), 16);
  const key: [number, number] = [word(0), word(1)];
  let block = 0;
  const [low, high] = [word(2), word(3)];
  let buffer: readonly number[] = [];
  let next = 4;
  const uint32 = (): number => {
    if (next === 4) {
      buffer = philox4x32([block >>> 0, Math.floor(block / 2 ** 32), low, high], key);
      block += 1;
      next = 0;
    }
    return buffer[next++] as number;
  };
  const below = (bound: number): number => {
    if (!Number.isInteger(bound) || bound < 1 || bound > 2 ** 32)
      throw new RangeError(`no integer lies below ${bound}`);
    const limit = 2 ** 32 - (2 ** 32 % bound);
    for (;;) {
      const draw = uint32();
      if (draw < limit) return draw % bound;
    }
  };
  const uniform = (): number => ((uint32() >>> 5) * 2 ** 26 + (uint32() >>> 6)) / 2 ** 53;
  const shuffled = <T>(items: readonly T[]): T[] => {
    const result = [...items];
    for (let i = result.length - 1; i > 0; i--) {
      const j = below(i + 1);
      [result[i], result[j]] = [result[j] as T, result[i] as T];
    }
    return result;
  };
  return {
    uint32,
    uniform,
    below,
    shuffled,
    normal: () => Math.sqrt(-2 * Math.log(1 - uniform())) * Math.cos(2 * Math.PI * uniform()),
    sample: (count, bound) =>
      shuffled(Array.from({ length: bound }, (_, i) => i))
        .slice(0, count)
        .sort((a, b) => a - b),
  };
}
