import { describe, expect, test } from 'vitest';
import {
  crop,
  cropExtent,
  evenPart,
  oddPart,
  pooledLinearity,
  responseShape,
  roundingTolerance,
} from '../../core/analysis/response.js';
import { sampleMap, samplingOf, signatureSet } from '../../core/analysis/signature.js';
import { randomStream } from '../../core/random.js';

const random = randomStream(1, 'response');
const noise = (length: number): Float32Array => Float32Array.from({ length }, () => random.normal());

describe('odd and even parts', () => {
  test('a linear response is odd: λ = 1, oddness 1; an even one the opposite', () => {
    const plus = noise(50);
    const linear = responseShape({ plus, minus: plus.map((v) => -v) });
    expect(linear).toMatchObject({ linearity: 1, evenNorm: 0 });
    expect(linear.oddness).toBeCloseTo(1, 12);
    const even = responseShape({ plus, minus: plus });
    expect(even).toMatchObject({ linearity: 0, oddNorm: 0 });
    expect(even.oddness).toBeCloseTo(-1, 12);
  });
  test('a rectifier at rest passes one sign: half odd, half even', () => {
    const plus = noise(64).map(Math.abs);
    const shape = responseShape({ plus, minus: new Float32Array(64) });
    expect(shape.linearity).toBeCloseTo(0.5, 12);
    expect(shape.oddness).toBeNull();
  });
  test('the parts add up to the response, and their energies to its mean energy', () => {
    const pair = { plus: noise(40), minus: noise(40) };
    const [odd, even, shape] = [oddPart(pair), evenPart(pair), responseShape(pair)];
    odd.forEach((v, i) => expect(v + even[i]!).toBeCloseTo(pair.plus[i]!, 5));
    const energy = (values: Float32Array): number => values.reduce((t, v) => t + v * v, 0);
    expect(shape.oddNorm ** 2 + shape.evenNorm ** 2).toBeCloseTo((energy(pair.plus) + energy(pair.minus)) / 2, 3);
    expect(pooledLinearity([shape, { oddNorm: 0, evenNorm: 0 }])).toBeCloseTo(shape.linearity!, 12);
  });
  test('silence has no linearity', () => {
    const silent = { plus: new Float32Array(4), minus: new Float32Array(4) };
    expect(responseShape(silent)).toMatchObject({ norm: 0, linearity: null, oddness: null });
    expect(pooledLinearity([])).toBeNull();
  });
});

describe('crops', () => {
  test('the extent covers all channels above the tolerance, and cropping keeps exactly that', () => {
    const values = new Float32Array(2 * 4 * 5);
    values[0 * 20 + 1 * 5 + 2] = 0.5;
    values[1 * 20 + 3 * 5 + 1] = -0.5;
    values[19] = 1e-7;
    const extent = cropExtent(values, 2, 4, 5, 1e-6);
    expect(extent).toEqual({ top: 1, left: 1, height: 3, width: 2 });
    expect([...crop(values, 2, 4, 5, extent)]).toEqual([0, 0.5, 0, 0, 0, 0, 0, 0, 0, 0, -0.5, 0]);
  });
  test('nothing above the tolerance is an empty extent', () => {
    expect(cropExtent(new Float32Array(12), 1, 3, 4, 0)).toEqual({ top: 0, left: 0, height: 0, width: 0 });
  });
  test('the tolerance follows the size of the activations', () => {
    expect(roundingTolerance([-8, 3])).toBe(8 * 2 ** -20);
  });
});

describe('signatures at the points of the coarser layer', () => {
  const size = 16;
  const fine = noise(3 * size * size);
  // An exact stride-2 copy: every second row and column, from the first.
  const copy = Float32Array.from({ length: 3 * 64 }, (_, at) => {
    const [c, y, x] = [Math.floor(at / 64), Math.floor(at / 8) % 8, at % 8];
    return fine[(c * size + 2 * y) * size + 2 * x]!;
  });
  const whole = (values: Float32Array, side: number) => ({
    values,
    channels: 3,
    extent: { top: 0, left: 0, height: side, width: side },
  });
  const cosine = (a: Float32Array, b: Float32Array): number => {
    let [ab, aa, bb] = [0, 0, 0];
    for (let i = 0; i < a.length; i++) [ab, aa, bb] = [ab + a[i]! * b[i]!, aa + a[i]! ** 2, bb + b[i]! ** 2];
    return ab / Math.sqrt(aa * bb);
  };

  test('an exact stride-2 copy scores 1 under that sampling', () => {
    const axis = samplingOf({ stride: 1, offset: 0, points: size }, { stride: 2, offset: 0, points: 8 })!;
    expect(axis).toEqual({ stride: 2, offset: 0, points: 8 });
    expect(cosine(sampleMap(whole(fine, size), axis, axis), copy)).toBeCloseTo(1, 12);
  });
  test('and clearly less under another phase or under average pooling', () => {
    const shifted = { stride: 2, offset: 1, points: 8 };
    expect(Math.abs(cosine(sampleMap(whole(fine, size), shifted, shifted), copy))).toBeLessThan(0.3);
    const pooled = Float32Array.from({ length: 3 * 64 }, (_, at) => {
      const [c, y, x] = [Math.floor(at / 64), Math.floor(at / 8) % 8, at % 8];
      const value = (dy: number, dx: number): number => fine[(c * size + 2 * y + dy) * size + 2 * x + dx]!;
      return (value(0, 0) + value(0, 1) + value(1, 0) + value(1, 1)) / 4;
    });
    expect(cosine(pooled, copy)).toBeLessThan(0.7);
  });
  test('a cropped response is 0 outside its crop', () => {
    const extent = { top: 3, left: 4, height: 6, width: 5 };
    const cropped = { values: crop(fine, 3, size, size, extent), channels: 3, extent };
    const full = Float32Array.from(fine, (v, at) => {
      const [y, x] = [Math.floor(at / size) % size, at % size];
      return y >= 3 && y < 9 && x >= 4 && x < 9 ? v : 0;
    });
    const axis = { stride: 2, offset: -1, points: 8 };
    expect(sampleMap(cropped, axis, axis)).toEqual(sampleMap(whole(full, size), axis, axis));
  });
  test('half-way centres (behind 2 × 2 pooling) take the earlier point; incommensurable strides have none', () => {
    const input = { stride: 1, offset: 0, points: 32 };
    expect(samplingOf(input, { stride: 2, offset: 0.5, points: 16 })).toEqual({ stride: 2, offset: 0, points: 16 });
    expect(samplingOf(input, { stride: 4, offset: 1.5, points: 8 })).toEqual({ stride: 4, offset: 1, points: 8 });
    expect(samplingOf({ stride: 2, offset: 0, points: 16 }, { stride: 3, offset: 0, points: 8 })).toBeNull();
    expect(samplingOf({ stride: 4, offset: 0, points: 16 }, { stride: 2, offset: 0, points: 8 })).toBeNull();
  });
  test('features lie by base image, impulse and point, rows have unit norm, silent kernels are not live', () => {
    const part = (...values: number[]): Float32Array => Float32Array.from(values);
    const set = signatureSet([
      { site: 'late', depth: 5, kernels: 2, parts: [[part(3, 0)], [part(4, 0)]] },
      { site: 'early', depth: 1, kernels: 2, parts: [[part(1, 2)], [part(0, 2)]] },
    ]);
    expect(set).toMatchObject({ features: 2, starts: [0, 1, 2] });
    expect(set.sites.map(({ site, live }) => [site, live])).toEqual([
      ['early', [0, 1]],
      ['late', [0]],
    ]);
    expect([...set.sites[1]!.data]).toEqual([Math.fround(0.6), Math.fround(0.8), 0, 0]);
  });
  test('sites that were not sampled alike are refused', () => {
    expect(() =>
      signatureSet([
        { site: 'a', depth: 0, kernels: 1, parts: [[noise(4)]] },
        { site: 'b', depth: 1, kernels: 1, parts: [[noise(9)]] },
      ]),
    ).toThrow(/site b: .* other bases, impulses or points than those of a/);
  });
});
