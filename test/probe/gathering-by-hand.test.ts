import { expect, test } from 'vitest';
import type { Site } from '../../core/anatomy/site.js';
import { cropOf, cropped, uncropped, unionOf } from '../../core/probe/crop.js';
import { Gathering, type ImpulseRecord } from '../../core/probe/gathering.js';
import { gridOf } from '../../core/probe/grid.js';
import { float32, type Tensor } from '../../core/tensor.js';

/** Two kernels on a map of 2 × 3, of which every point is one of the grid. */
const site: Site = {
  name: 's',
  aliases: [],
  value: 's',
  type: 'signed',
  channels: 2,
  shape: [2, 2, 3],
  depth: 0,
  normalisedDepth: 0,
  stride: [1, 1],
  offset: [0, 0],
  receptiveField: [1, 1],
  wholeImage: false,
};
const map = (...values: readonly number[]): Tensor<'float32'> => float32([2, 2, 3], Float32Array.from(values));
const impulse = (pair: number, amplitude: number, channel = 0): ImpulseRecord => ({
  channel,
  row: 0,
  column: 0,
  amplitude,
  pair,
});

test('what is gathered of responses: norms, crops, the responses themselves, and what pairs have in common', () => {
  // A pair, its larger sister at the same place, one without a partner, and a pair of another channel.
  const impulses = [
    impulse(0, 1),
    impulse(1, 2),
    impulse(-1, 0.5),
    impulse(0, -1),
    impulse(1, -2),
    impulse(2, 3, 1),
    impulse(2, -3, 1),
  ];
  const gathering = new Gathering(impulses, [site], gridOf([site]), true);
  const responses = [
    map(0, 3, 0, 0, 4, 0, /* second kernel */ 0, 0, 0, 0, 1, 0),
    map(1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1),
    map(0, 0, 0, 0, 0, 0, 0, 0, 2, 0, 0, 0),
    map(0, -1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 2),
    map(-1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1),
    map(0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0),
    map(5, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 7),
  ];
  responses.forEach((response, i) => gathering.add(i, site, response, cropOf(response, 0)));
  const tensors = gathering.finish();
  const data = (name: string) => [...(tensors.get(`${name}/s`) as Tensor<'float32'>).data];
  const shapes = [...tensors].map(([name, { dtype, shape }]) => `${name} ${dtype} ${shape.join('×')}`);
  expect(shapes.filter((line) => !line.startsWith('response')).sort()).toEqual([
    'crop/s int32 7×4',
    'even/s float32 3×2',
    'norm/s float32 7×2',
    'odd/s float32 3×2',
    'oddness/s float32 3',
    'signature/s float32 2×12',
  ]);
  const near = (...values: readonly number[]) => values.map((value) => expect.closeTo(value, 6) as number);
  expect((tensors.get('norm/s') as Tensor).shape).toEqual([7, 2]);
  expect(data('norm')).toEqual(
    near(5, 1, Math.sqrt(6), Math.sqrt(6), 0, 2, 1, 2, Math.sqrt(6), Math.sqrt(6), 0, 0, 5, 7),
  );
  // Top, left, height, width.
  expect(data('crop')).toEqual(
    [
      [0, 1, 2, 1],
      [0, 0, 2, 3],
      [0, 2, 1, 1],
      [0, 1, 2, 2],
      [0, 0, 2, 3],
      [0, 0, 0, 0],
      [0, 0, 2, 3],
    ].flat(),
  );
  const kept = tensors.get('response/s/3') as Tensor<'float32'>;
  expect([kept.shape, [...kept.data]]).toEqual([
    [2, 2, 2],
    [-1, 0, 0, 0, 0, 0, 0, 2],
  ]);
  // (3 + 1)/2, 4/2 and 1/2, −2/2 of the first pair; the whole of the second; half of what has no other side.
  expect(data('odd')).toEqual(near(Math.sqrt(8), Math.sqrt(1.25), Math.sqrt(6), Math.sqrt(6), 2.5, 3.5));
  expect(data('even')).toEqual(near(Math.sqrt(1 + 4), Math.sqrt(1.25), 0, 0, 2.5, 3.5));
  // −Σ p·m over roots of Σ p² = 26 and Σ m² = 5: 3.
  expect(data('oddness')).toEqual(near(3 / Math.sqrt(26 * 5), 1, 0));
  // Of the pair of smallest amplitude at each place, kernel by kernel: the first and the third.
  expect((tensors.get('signature/s') as Tensor).shape).toEqual([2, 12]);
  expect(data('signature')).toEqual(
    [
      [0, 2, 0, 0, 2, 0, -2.5, 0, 0, 0, 0, 0],
      [0, 0, 0, 0, 0.5, -1, 0, 0, 0, 0, 0, -3.5],
    ].flat(),
  );
});

test('pairs are kept apart by site, and what has no partner waits for none', () => {
  const other: Site = { ...site, name: 't', depth: 1 };
  const impulses = [impulse(-1, 1), impulse(0, 1), impulse(-1, 2), impulse(0, -1)];
  const gathering = new Gathering(impulses, [site, other], gridOf([site, other]), false);
  const of = (value: number): Tensor<'float32'> => map(value, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0);
  const add = (i: number, at: Site, value: number): void => gathering.add(i, at, of(value), cropOf(of(value), 0));
  for (const [i, value] of [8, 3, 9, -1].entries()) {
    add(i, site, value);
    add(i, other, 10 * value);
  }
  const data = (name: string) => [...(gathering.finish().get(name) as Tensor<'float32'>).data];
  expect([data('odd/s'), data('odd/t')]).toEqual([
    [2, 0],
    [20, 0],
  ]);
  expect([data('even/s'), data('even/t')]).toEqual([
    [1, 0],
    [10, 0],
  ]);
});

test('without pairs there are norms and crops alone', () => {
  const gathering = new Gathering([impulse(-1, 1)], [site], gridOf([site]), false);
  gathering.add(0, site, map(0, 0, 0, 0, 0, 0, 0, 3, 4, 0, 0, 0), { top: 0, left: 1, height: 1, width: 2 });
  const tensors = gathering.finish();
  expect([...tensors.keys()].sort()).toEqual(['crop/s', 'norm/s']);
  expect([...(tensors.get('norm/s') as Tensor<'float32'>).data]).toEqual([0, 5]);
});

test('a crop holds what is beyond rounding, in either direction, and rounding becomes 0', () => {
  const tolerance = 8 * 2 ** -23 * 4;
  const response = map(tolerance, 0, 0, 0, 0, -1, 0, 0, 0, 0, -2 * tolerance, -tolerance);
  expect(cropOf(response, 4)).toEqual({ top: 1, left: 1, height: 1, width: 2 });
  expect([...response.data]).toEqual([0, 0, 0, 0, 0, -1, 0, 0, 0, 0, Math.fround(-2 * tolerance), 0]);
  const broken = map(0, 0, 0, 0, 0, 0, 0, 0, 0, Number.NaN, 0, 0);
  expect(cropOf(broken, 1)).toEqual({ top: 1, left: 0, height: 1, width: 1 });
});

test('crops join to the smallest that holds both, and nothing adds nothing', () => {
  const none = { top: 0, left: 0, height: 0, width: 0 };
  const [a, b] = [
    { top: 1, left: 5, height: 2, width: 3 },
    { top: 4, left: 2, height: 1, width: 2 },
  ];
  expect(unionOf(a, b)).toEqual({ top: 1, left: 2, height: 4, width: 6 });
  expect(unionOf(b, a)).toEqual(unionOf(a, b));
  expect(unionOf(a, { ...a, height: 9 })).toEqual({ ...a, height: 9 });
  expect([unionOf(a, none), unionOf(none, b), unionOf(none, none)]).toEqual([a, b, none]);
});

test('what is cropped comes back in its place', () => {
  const crop = { top: 1, left: 1, height: 1, width: 2 };
  const part = cropped(map(0, 0, 0, 0, 1, 2, 0, 0, 0, 0, 3, 4), crop);
  expect([part.dtype, part.shape, [...part.data]]).toEqual(['float32', [2, 1, 2], [1, 2, 3, 4]]);
  const whole = uncropped(part, crop, 2, 3);
  expect([whole.dtype, whole.shape]).toEqual(['float32', [2, 2, 3]]);
  expect([...whole.data]).toEqual([0, 0, 0, 0, 1, 2, 0, 0, 0, 0, 3, 4]);
});
