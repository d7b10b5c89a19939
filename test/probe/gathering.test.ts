import { describe, expect, test } from 'vitest';
import type { Site } from '../../core/anatomy/site.js';
import { cropOf } from '../../core/probe/crop.js';
import { Gathering, type ImpulseRecord } from '../../core/probe/gathering.js';
import { gridOf } from '../../core/probe/grid.js';
import { randomStream } from '../../core/random.js';
import { float32, type Tensor } from '../../core/tensor.js';

const random = randomStream(1, 'gathering');
const KERNELS = 3;

const site = (name: string, depth: number, stride: number, offset: number, side: number): Site => ({
  name,
  aliases: [],
  value: name,
  type: 'signed',
  channels: KERNELS,
  shape: [KERNELS, side, side],
  depth,
  normalisedDepth: depth,
  stride: [stride, stride],
  offset: [offset, offset],
  receptiveField: [3, 3],
  wholeImage: false,
});
const noise = (side: number): Tensor<'float32'> =>
  float32(
    [KERNELS, side, side],
    Float32Array.from({ length: KERNELS * side * side }, () => random.normal()),
  );
const times = (factor: number, { shape, data }: Tensor<'float32'>): Tensor<'float32'> =>
  float32(
    shape,
    data.map((x) => factor * x),
  );
const impulse = (amplitude: number, pair: number): ImpulseRecord => ({
  channel: 0,
  row: 0,
  column: 0,
  amplitude,
  pair,
});

/** Gathers one pair of responses of each site: to +1 and to −1. */
function gather(
  responses: readonly { readonly site: Site; readonly plus: Tensor<'float32'>; readonly minus: Tensor<'float32'> }[],
  order: readonly [1, -1] | readonly [-1, 1] = [1, -1],
): (name: string) => number[] {
  const sites = responses.map((response) => response.site);
  const gathering = new Gathering(
    order.map((sign) => impulse(sign, 0)),
    sites,
    gridOf(sites),
    false,
  );
  order.forEach((sign, i) => {
    for (const { site: at, plus, minus } of responses) {
      const response = sign > 0 ? plus : minus;
      gathering.add(i, at, response, cropOf(response, 0));
    }
  });
  const tensors = gathering.finish();
  return (name) => [...(tensors.get(name) as Tensor<'float32'>).data];
}

const one = site('one', 0, 1, 0, 6);
const squares = (values: readonly number[]): number => values.reduce((sum, x) => sum + x * x, 0);

describe('odd and even parts', () => {
  test('a linear response is odd, with oddness 1; an even one the opposite', () => {
    const plus = noise(6);
    const linear = gather([{ site: one, plus, minus: times(-1, plus) }]);
    expect(linear('even/one')).toEqual([0, 0, 0]);
    expect(linear('odd/one')).toEqual(linear('norm/one').slice(0, KERNELS));
    expect(linear('oddness/one')[0]).toBeCloseTo(1, 6);
    const even = gather([{ site: one, plus, minus: plus }]);
    expect(even('odd/one')).toEqual([0, 0, 0]);
    expect(even('even/one')).toEqual(even('norm/one').slice(0, KERNELS));
    expect(even('oddness/one')[0]).toBeCloseTo(-1, 6);
  });

  test('a rectifier at rest passes one sign: half odd, half even', () => {
    const gathered = gather([{ site: one, plus: noise(6), minus: times(0, noise(6)) }]);
    expect(gathered('odd/one')).toEqual(gathered('even/one'));
    expect(gathered('oddness/one')).toEqual([0]);
  });

  test('their energies add up to the mean energy of the two responses', () => {
    const gathered = gather([{ site: one, plus: noise(6), minus: noise(6) }]);
    const both = squares(gathered('odd/one')) + squares(gathered('even/one'));
    expect(both).toBeCloseTo(squares(gathered('norm/one')) / 2, 3);
  });

  test('silence is 0 throughout', () => {
    const silent = float32([KERNELS, 6, 6], new Float32Array(KERNELS * 36));
    const gathered = gather([{ site: one, plus: silent, minus: silent }]);
    for (const name of ['norm', 'odd', 'even', 'oddness', 'signature']) {
      expect(gathered(`${name}/one`).every((x) => x === 0)).toBe(true);
    }
  });

  test('it does not matter which sign comes first', () => {
    const pair = { site: one, plus: noise(6), minus: noise(6) };
    const [first, second] = [gather([pair]), gather([pair], [-1, 1])];
    for (const name of ['odd/one', 'even/one', 'oddness/one', 'signature/one']) {
      expect(first(name)).toEqual(second(name));
    }
  });
});

describe('signatures', () => {
  const cosine = (a: readonly number[], b: readonly number[]): number =>
    a.reduce((sum, x, i) => sum + x * (b[i] as number), 0) / Math.sqrt(squares(a) * squares(b));
  /** Elements first + step · i of either axis, as a kernel of one tap hands them on. */
  const copyOf = (fine: Tensor<'float32'>, side: number, step: number, first: number): Tensor<'float32'> => {
    const width = fine.shape[2] as number;
    const at = (c: number, y: number, x: number): number =>
      fine.data[(c * width + first + step * y) * width + first + step * x] as number;
    const data = Array.from({ length: KERNELS * side * side }, (_, j) =>
      at(Math.floor(j / side ** 2), Math.floor(j / side) % side, j % side),
    );
    return float32([KERNELS, side, side], data);
  };
  const odd = (at: Site, plus: Tensor<'float32'>) => ({ site: at, plus, minus: times(-1, plus) });

  test.each([
    ['of stride 2', site('fine', 0, 1, 0, 16), site('coarse', 1, 2, 0, 8), 2, 0],
    [
      'behind windows of 2 × 2, half-way between two elements',
      site('fine', 0, 1, 0, 16),
      site('coarse', 1, 2, 0.5, 8),
      2,
      0,
    ],
    ['of stride 2 that begins at the second element', site('fine', 0, 1, 0, 16), site('coarse', 1, 2, 1, 8), 2, 1],
    [
      'by a convolution without padding, whose map is smaller',
      site('fine', 0, 1, 0, 16),
      site('coarse', 1, 1, 1, 14),
      1,
      1,
    ],
  ])('an exact copy scores 1: %s', (_, fine, coarse, step, first) => {
    const source = noise(16);
    const copy = copyOf(source, coarse.shape[1] as number, step, first);
    const gathered = gather([odd(fine, source), odd(coarse, times(3, copy))]);
    expect(cosine(gathered('signature/fine'), gathered('signature/coarse'))).toBeCloseTo(1, 6);
  });

  test('another phase, or an average over windows, is no copy', () => {
    const source = noise(16);
    const [fine, coarse] = [site('fine', 0, 1, 0, 16), site('coarse', 1, 2, 0, 8)];
    const score = (copy: Tensor<'float32'>): number => {
      const gathered = gather([odd(fine, source), odd(coarse, copy)]);
      return cosine(gathered('signature/fine'), gathered('signature/coarse'));
    };
    expect(Math.abs(score(copyOf(source, 8, 2, 1)))).toBeLessThan(0.3);
    const corners = [0, 1].map((first) => copyOf(source, 8, 2, first).data);
    expect(
      score(
        float32(
          [KERNELS, 8, 8],
          corners[0]!.map((x, j) => x + corners[1]![j]!),
        ),
      ),
    ).toBeLessThan(0.9);
  });

  test('are the odd part at the smallest amplitude', () => {
    const impulses = [impulse(1, 1), impulse(0.5, 0), impulse(-0.5, 0), impulse(-1, 1)];
    const gathering = new Gathering(impulses, [one], gridOf([one]), false);
    const [large, plus, minus] = [noise(6), noise(6), noise(6)];
    [large, plus, minus, times(-1, large)].forEach((response, i) =>
      gathering.add(i, one, response, cropOf(response, 0)),
    );
    const signature = gathering.finish().get('signature/one') as Tensor<'float32'>;
    expect(signature.shape).toEqual([KERNELS, 36]);
    expect([...signature.data]).toEqual([...Float32Array.from(plus.data, (x, j) => (x - minus.data[j]!) / 2)]);
  });
});
