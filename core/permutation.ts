import { philox4x32 } from './random.js';
import { sha256 } from './digest.js';

/** Rounds of the network: two for each of the halves were enough for distinctness, these mix small ranges well too. */
const ROUNDS = 12;

/**
 * A seeded permutation of [0, size) that needs no list: index by index, in constant memory. An alternating Feistel network
 * over the smallest rectangle that holds the range, walked until it is met again (Black and Rogaway, "Ciphers with Arbitrary
 * Finite Domains", CT-RSA 2002), with Philox for the round function.
 *
 * @throws RangeError if `size` is no integer in [1, 2^52].
 */
export function permutation(
  size: number,
  seed: number | string,
  ...purpose: readonly (string | number)[]
): (index: number) => number {
  if (!Number.isInteger(size) || size < 1 || size > 2 ** 52) throw new RangeError(`no permutation of ${size} indices`);
  const digest = sha256(JSON.stringify([seed, 'permutation', ...purpose]));
  const word = (i: number): number => Number.parseInt(digest.slice(8 * i, 8 * i + 8), 16);
  const key: readonly [number, number] = [word(0), word(1)];
  const [tweak, second] = [word(2), word(3)];
  const rows = Math.ceil(Math.sqrt(size));
  const columns = Math.ceil(size / rows);
  const draw = (round: number, half: number, bound: number): number => {
    const [a, b] = philox4x32([half, round, tweak, second], key);
    return Math.floor((((a >>> 5) * 2 ** 26 + (b >>> 6)) / 2 ** 53) * bound);
  };
  const once = (index: number): number => {
    let row = Math.floor(index / columns);
    let column = index % columns;
    for (let round = 0; round < ROUNDS; round += 2) {
      column = (column + draw(round, row, columns)) % columns;
      row = (row + draw(round + 1, column, rows)) % rows;
    }
    return row * columns + column;
  };
  return (index) => {
    let place = once(index);
    while (place >= size) place = once(place);
    return place;
  };
}
