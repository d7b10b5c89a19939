import { describe, expect, test } from 'vitest';
import type { DeltaConv } from '../../core/probe/delta-convolution.js';
import type { ChannelRange } from '../../core/probe/chunk-baseline.js';
import { Contributions, contributionsOf } from '../../core/probe/contributions.js';
import { effectWithin, measuredEffect } from '../../core/probe/effect.js';
import { EarlierValues } from '../../core/probe/earlier-values.js';
import { fillValues } from '../../core/probe/fill.js';
import { Substituting } from '../../core/probe/substituting.js';
import type { FillValues } from '../../core/probe/fill-values.js';
import { imagesAt } from '../../core/probe/lesion-path.js';
import { rowsOfRun, shapeOfRun } from '../../core/probe/run-size.js';
import { edited, keepOf, shiftOf, type PreparedEdit } from '../../core/probe/selection.js';
import { float32, type Tensor } from '../../core/tensor.js';

/** Fills that can be read back: tenths are the channel, hundreds the image of the chunk, ones the position. */
const ofChannel: FillValues = { reach: 'channel', values: (channel) => Float32Array.of(channel / 8) };
const ofPosition: FillValues = {
  reach: 'position',
  values: (channel) => Float32Array.of(1, 2, 3, 4).map((p) => p + channel / 8),
};
const ofImage: FillValues = {
  reach: 'image',
  values: (channel, image) => Float32Array.of(1, 2, 3, 4).map((p) => 100 * image + p + channel / 8),
};
const edit = (fill: FillValues, ...channels: readonly number[]): PreparedEdit => ({ value: 'v', channels, fill });

describe('what is removed', () => {
  test('is false in the row of its condition, one number a channel', () => {
    const { dtype, shape, data } = keepOf(
      [4, 2, 2],
      [[edit(ofChannel, 1), edit(ofChannel, 3)], [], [edit(ofChannel, 0)]],
    );
    expect([dtype, shape]).toEqual(['bool', [3, 1, 4, 1, 1]]);
    expect([...data]).toEqual([1, 0, 1, 0, 1, 1, 1, 1, 0, 1, 1, 1]);
    expect(keepOf([2], [[edit(ofChannel, 1)]]).shape).toEqual([1, 1, 2]);
  });

  test('is replaced by one number a channel, if no fill needs more', () => {
    const rows = { edits: [[edit(ofChannel, 2)], [edit(ofChannel, 0, 1)]], from: 3, to: 6, tileStart: 10 };
    const { dtype, shape, data } = shiftOf([3, 2, 2], rows);
    expect([dtype, shape]).toEqual(['float32', [2, 1, 3, 1, 1]]);
    expect([...data]).toEqual([0, 0, 0.25, 0, 0.125, 0]);
  });

  test('is replaced by a map a channel where one fill has one; others fill theirs evenly', () => {
    const rows = { edits: [[edit(ofPosition, 1), edit(ofChannel, 0)]], from: 0, to: 5, tileStart: 0 };
    const { shape, data } = shiftOf([2, 2, 2], rows);
    expect(shape).toEqual([1, 1, 2, 2, 2]);
    expect([...data]).toEqual([0, 0, 0, 0, 1.125, 2.125, 3.125, 4.125]);
    const even = shiftOf([2, 2, 2], { ...rows, edits: [[edit(ofPosition, 0), edit(ofChannel, 1)]] });
    expect([...even.data]).toEqual([1, 2, 3, 4, 0.125, 0.125, 0.125, 0.125]);
  });

  test('is replaced image by image where one fill is: images are counted within the chunk', () => {
    const rows = { edits: [[edit(ofChannel, 1)], [edit(ofImage, 0)]], from: 3, to: 5, tileStart: 10 };
    const { shape, data } = shiftOf([2, 2, 2], rows);
    expect(shape).toEqual([2, 2, 2, 2, 2]);
    const eighth = [0.125, 0.125, 0.125, 0.125];
    const lines = [
      // Of the first condition, an image a line, then of the second.
      [0, 0, 0, 0, ...eighth],
      [0, 0, 0, 0, ...eighth],
      [1301, 1302, 1303, 1304, 0, 0, 0, 0],
      [1401, 1402, 1403, 1404, 0, 0, 0, 0],
    ];
    expect([...data]).toEqual(lines.flat());
  });

  test('is written into a copy of a value, edit by edit', () => {
    const before = float32(
      [2, 2, 2, 2],
      Float32Array.from({ length: 16 }, (_, i) => -1 - i),
    );
    const after = edited(before, [edit(ofImage, 1), edit(ofChannel, 1)], 7);
    expect([after.dtype, after.shape]).toEqual(['float32', [2, 2, 2, 2]]);
    const own = (image: number): number[] => [0, 1, 2, 3].map((p) => -1 - (image * 8 + p));
    expect([...after.data]).toEqual([...own(0), ...Array(4).fill(0.125), ...own(1), ...Array(4).fill(0.125)]);
    const later = edited(before, [edit(ofImage, 0)], 7).data;
    expect([later[0], later[8], later[12]]).toEqual([701, 801, -13]);
    expect(before.data[4]).toBe(-5);
  });
});

describe('fills', () => {
  const asked: string[] = [];
  const source = {
    reference: {
      donors: (chunk: string, draw: number, images: number) => {
        asked.push(`${chunk} ${draw} ${images}`);
        return Uint32Array.of(5, 6, 7);
      },
      plane: (value: string, channel: number, donor: number) => {
        asked.push(`${value} ${channel} ${donor}`);
        return Float32Array.of(donor);
      },
    } as unknown as Parameters<typeof fillValues>[2]['reference'],
    statistics: new Map([['v', { mean: [1, 2], meanMap: [10, 11, 12, 20, 21, 22] }]]) as unknown as Parameters<
      typeof fillValues
    >[2]['statistics'],
    intact: {
      plane: (value: string, channel: number, image: number) => Float32Array.of(100 * channel + image, value.length),
    } as unknown as Parameters<typeof fillValues>[2]['intact'],
    substituting: new Substituting(),
    earlier: new EarlierValues(),
    optima: new Map([['s', Float64Array.of(5, 6)]]),
    chunk: 'chunk',
    images: 3,
  };
  const of = (fill: Parameters<typeof fillValues>[0]['fill']) =>
    fillValues({ site: 's', channels: [0], fill }, 'v', source);

  test('are zero, a mean of each channel or place, or the planes of donors', () => {
    const zero = of({ kind: 'zero' });
    expect([zero.reach, ...zero.values(1, 2)]).toEqual(['channel', 0]);
    const mean = of({ kind: 'mean', per: 'channel', reference: 'r' });
    expect([mean.reach, ...mean.values(1, 2), ...mean.values(0, 2)]).toEqual(['channel', 2, 1]);
    const place = of({ kind: 'mean', per: 'position', reference: 'r' });
    expect([place.reach, ...place.values(1, 2), ...place.values(0, 0)]).toEqual(['position', 20, 21, 22, 10, 11, 12]);
    const intact = of({ kind: 'intact' });
    expect([intact.reach, ...intact.values(1, 2), ...intact.values(0, 0)]).toEqual(['image', 102, 1, 0, 1]);
    const best = of({ kind: 'optimal', evaluations: 8, reference: 'r' });
    expect([best.reach, ...best.values(1, 2)]).toEqual(['channel', 6]);
    const one = of({ kind: 'constant', value: 0.5 });
    expect([one.reach, ...one.values(1, 2)]).toEqual(['channel', 0.5]);
    const donor = of({ kind: 'resample', draw: 4, reference: 'r' });
    expect([donor.reach, ...donor.values(1, 2), ...donor.values(0, 0)]).toEqual(['image', 7, 5]);
    expect(asked).toEqual(['chunk 4 3', 'v 1 7', 'v 0 5']);
  });
});

describe('the effect of an edit', () => {
  const ranges = new Map<string, ChannelRange>([
    ['v', { low: Float32Array.of(-3, 0, 0.5), high: Float32Array.of(1, 4, 0.5) }],
  ]);

  test('is the largest distance of its fill from the extremes of a channel', () => {
    const zero: FillValues = { reach: 'channel', values: () => Float32Array.of(0) };
    expect(effectWithin(edit(zero, 0), ranges)).toBe(3);
    expect(effectWithin(edit(zero, 1), ranges)).toBe(4);
    expect(effectWithin(edit(zero, 0, 1), ranges)).toBe(4);
    expect(effectWithin(edit(zero, 2, 0), ranges)).toBe(3);
    const half: FillValues = { reach: 'channel', values: () => Float32Array.of(0.5) };
    expect(effectWithin(edit(half, 2), ranges)).toBe(0);
    expect(effectWithin(edit(half, 1), ranges)).toBe(3.5);
  });

  // [2 images, 2 channels, 2 positions]
  const activation = (): Tensor<'float32'> => float32([2, 2, 1, 2], Float32Array.of(1, -2, 3, 4, 5, -6, 7, 8));
  const fill = (...values: readonly number[]): FillValues => ({
    reach: 'position',
    values: () => Float32Array.from(values),
  });

  test('is measured elementwise where a fill is a map, over the images at hand', () => {
    expect(measuredEffect([edit(fill(0), 0)], 'v', activation(), 0)).toBe(6);
    expect(measuredEffect([edit(fill(0), 1)], 'v', activation(), 0)).toBe(8);
    // 1 − 5, −2 − (−6), 0, 0.
    expect(measuredEffect([edit(fill(5, -6), 0)], 'v', activation(), 0)).toBe(4);
    const byImage: FillValues = {
      reach: 'image',
      values: (_, image) =>
        Float32Array.from(
          [
            [1, -2],
            [5, -5],
          ][image - 3] ?? [99, 99],
        ),
    };
    expect(measuredEffect([edit(byImage, 0)], 'v', activation(), 3)).toBe(1);
    expect(measuredEffect([edit(fill(3, 4), 1), edit(fill(0), 0)], 'v', activation(), 0)).toBe(6);
  });

  test('is 0 of edits elsewhere, and no number where a value is none', () => {
    expect(measuredEffect([{ ...edit(fill(0), 0), value: 'other' }], 'v', activation(), 0)).toBe(0);
    const broken = activation();
    broken.data[1] = Number.NaN;
    expect(measuredEffect([edit(fill(0), 0)], 'v', broken, 0)).toBeNaN();
    expect(measuredEffect([edit(fill(0), 1)], 'v', broken, 0)).toBe(8);
  });
});

describe('what a channel can contribute', () => {
  // Two kernels, three channels, two taps.
  const conv = {
    input: 'v',
    weights: float32([2, 3, 1, 2], Float32Array.of(1, -2, 0.5, 0.5, 1, 0, /* second */ -4, 1, 0, 0, 0, 0.5)),
  } as unknown as DeltaConv;
  // Gains: 5, 1, 1.
  const input = (a: number, b: number, c: number): Tensor<'float32'> =>
    float32([2, 3, 1, 2], Float32Array.of(0, a, 0, b, 0, c, -a, 0, b / 2, 0, 0, -c / 2));
  const fill = (reach: FillValues['reach'], ...byImage: readonly number[]): FillValues => ({
    reach,
    values: (_, image) => Float32Array.of(0, byImage[image] ?? byImage[0] ?? 0),
  });
  const balances = (of: Tensor<'float32'>, channel: number, values = fill('channel', 0), start = 0, images = 2) =>
    new Contributions(conv, of).balances(edit(values, channel), start, images);

  test('is balanced up to 128 times what the largest other one can', () => {
    // Channel 0 makes 5 · 25.5 = 127.5, or 128.5, the others 1 and 0.5.
    expect(balances(input(25.5, 1, 0.5), 0)).toBe(true);
    expect(balances(input(25.7, 1, 0.5), 0)).toBe(false);
    expect(balances(input(25.7, 0.5, 1), 0)).toBe(false);
    expect(balances(input(25.5, 0.5, 1), 0)).toBe(true);
    expect(balances(input(25.7, 1, 0.5), 1)).toBe(true);
    expect(balances(input(-25.7, 1, 0.5), 0)).toBe(false);
  });

  test('counts what takes its place, on each of the images where that differs', () => {
    // Channel 1 makes 1 · (1 + fill), the largest other 5.
    expect(balances(input(1, 1, 1), 1, fill('channel', 639))).toBe(true);
    expect(balances(input(1, 1, 1), 1, fill('channel', 640))).toBe(false);
    expect(balances(input(1, 1, 1), 1, fill('channel', -640))).toBe(false);
    expect(balances(input(1, 1, 1), 1, fill('position', 0, 640))).toBe(true);
    expect(balances(input(1, 1, 1), 1, fill('image', 0, 640))).toBe(false);
    expect(balances(input(1, 1, 1), 1, fill('image', 0, 640), 0, 1)).toBe(true);
    expect(balances(input(1, 1, 1), 1, fill('image', 0, 640, 0), 1, 1)).toBe(false);
    expect(balances(input(1, 1, 1), 1, fill('image', 0, 640, 0), 2, 1)).toBe(true);
  });

  test('is not balanced where it is not finite, or nothing else contributes', () => {
    expect(balances(input(Number.POSITIVE_INFINITY, 1, 1), 0)).toBe(false);
    expect(balances(input(Number.NaN, 1, 1), 0)).toBe(false);
    expect(balances(input(1, 0, 0), 0)).toBe(false);
    expect(balances(input(0, 0, 0), 0)).toBe(true);
  });

  test('is known of every convolution that is carried', () => {
    const carry = { narrow: [], convs: [conv, { ...conv, input: 'w' }], patched: [], intact: [] };
    const live = new Map<string, Tensor>([
      ['v', input(1, 1, 1)],
      ['w', input(1000, 1, 1)],
    ]);
    const [first, second] = contributionsOf(carry, live);
    expect([first, second].map((one) => one?.balances(edit(fill('channel', 0), 0), 0, 2))).toEqual([true, false]);
  });
});

describe('rows of a run', () => {
  const MB = 2 ** 20;
  const load = (liveBytes: number, macs = 1e9, weightBytes = 0) => ({ liveBytes, macs, weightBytes });

  test('are as many as stay in 3 MiB, one at least, 256 at most', () => {
    expect(rowsOfRun(load(MB))).toBe(3);
    expect(rowsOfRun(load(MB / 10))).toBe(30);
    expect(rowsOfRun(load(2 * MB))).toBe(1);
    expect(rowsOfRun(load(100))).toBe(256);
    expect(rowsOfRun(load(1000 * MB))).toBe(1);
  });

  test('are more where reading the weights costs as much, while 64 MiB hold them', () => {
    // 75 · weights / MACs.
    expect(rowsOfRun(load(MB, 75e6, 20e6))).toBe(20);
    expect(rowsOfRun(load(MB, 75e6, 100e6))).toBe(64);
    expect(rowsOfRun(load(MB / 8, 75e6, 1000e6))).toBe(256);
    expect(rowsOfRun(load(MB, 75e6, 2e6))).toBe(3);
    expect(rowsOfRun(load(MB, 0, 1))).toBe(64);
  });

  test('are of four conditions at most, and of eight images where there are as many', () => {
    expect(shapeOfRun(64, { images: 250, conditions: 100 })).toEqual({ images: 16, conditions: 4 });
    expect(shapeOfRun(64, { images: 250, conditions: 2 })).toEqual({ images: 32, conditions: 2 });
    expect(shapeOfRun(16, { images: 250, conditions: 100 })).toEqual({ images: 8, conditions: 2 });
    expect(shapeOfRun(4, { images: 250, conditions: 100 })).toEqual({ images: 4, conditions: 1 });
    expect(shapeOfRun(2, { images: 250, conditions: 100 })).toEqual({ images: 2, conditions: 1 });
    expect(shapeOfRun(64, { images: 5, conditions: 100 })).toEqual({ images: 5, conditions: 12 });
    expect(shapeOfRun(1, { images: 250, conditions: 1 })).toEqual({ images: 1, conditions: 1 });
    expect(shapeOfRun(3, { images: 100, conditions: 1 })).toEqual({ images: 3, conditions: 1 });
  });
});

test('a station has as many images as what is alive there', () => {
  expect(imagesAt({ cut: 0, live: new Map([['v', float32([7, 2], new Float32Array(14))]]), start: 0 })).toBe(7);
});
