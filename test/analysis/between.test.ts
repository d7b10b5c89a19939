import { describe, expect, test } from 'vitest';
import { betweenPools, betweenR2 } from '../../core/analysis/between.js';
import type { SignatureSet } from '../../core/analysis/signature.js';
import { PercussError } from '../../core/errors.js';
import { mixture, noiseRows, planted, stream } from './planted.js';

const options = { seed: 3 };
const lows = (to: SignatureSet, from: SignatureSet): (number | undefined)[][] =>
  betweenR2(to, from, betweenPools([from]), options).map((row) => row.map((r2) => r2?.low));

describe('R² between two networks', () => {
  const random = stream('between');
  const sites = [noiseRows(random, 6), noiseRows(random, 9), noiseRows(random, 4)];
  const network = planted(sites);

  test('is 1 for a network and itself, site by site, and about 0 elsewhere', () => {
    const all = lows(network, network);
    all.forEach((row, to) =>
      row.forEach((r2, from) => {
        if (to === from) expect(r2).toBeGreaterThan(0.999);
        else expect(Math.abs(r2 ?? NaN)).toBeLessThan(0.05);
      }),
    );
  });

  test('is 1 for a copy with kernels in another order, each with a factor of its own', () => {
    const factors = [0.01, -3, 7, 1, 200, 0.5, 2, 5, -1];
    const copy = planted(sites.map((rows) => rows.map((row, k) => row.map((v) => factors[k]! * v)).toReversed()));
    for (const [site, row] of lows(network, copy).entries()) expect(row[site]).toBeGreaterThan(0.999);
    for (const [site, row] of lows(copy, network).entries()) expect(row[site]).toBeGreaterThan(0.999);
  });

  test('is one half where the other network holds half of what each kernel answers', () => {
    const other = sites.map((rows) => rows.map((row) => mixture([row, ...noiseRows(random, 1)], [1, 1])));
    const r2 = lows(planted(other), network).map((row, site) => row[site]!);
    for (const value of r2) expect(Math.abs(value - 0.5)).toBeLessThan(0.1);
  });

  test('takes pools of one size from a network and its nulls, and at most so many', () => {
    const fewer = planted([noiseRows(random, 3), noiseRows(random, 12), noiseRows(random, 4)]);
    expect(betweenPools([network, fewer])).toEqual([3, 9, 4]);
    expect(betweenPools([network, fewer], 4)).toEqual([3, 4, 4]);
    const [row] = betweenR2(network, network, [3, 0, 4], options);
    expect([row![1], row![0]!.low < 0.9]).toEqual([null, true]);
  });

  test('predicts at most so many kernels of a site, the same ones every time', () => {
    const one = betweenR2(network, network, [6, 9, 4], { ...options, targets: 2 });
    expect(betweenR2(network, network, [6, 9, 4], { ...options, targets: 2 })).toEqual(one);
    expect(one).not.toEqual(betweenR2(network, network, [6, 9, 4], options));
  });

  test('has no value where nothing responds, or with one base', () => {
    const silent = planted([noiseRows(random, 2), [new Float32Array(320), new Float32Array(320)]]);
    expect(
      betweenR2(silent, silent, betweenPools([silent]), options).map((row) => row.map((r2) => r2 !== null)),
    ).toEqual([
      [true, false],
      [false, false],
    ]);
    const single: SignatureSet = { ...silent, starts: [0, silent.features] };
    expect(betweenR2(single, single, [2, 2], options).flat()).toEqual([null, null, null, null]);
  });

  test('refuses sets that got other impulses', () => {
    const other: SignatureSet = { ...network, starts: network.starts.map((start, i) => (i === 1 ? start - 1 : start)) };
    expect(() => betweenR2(network, other, [1, 1, 1], options)).toThrow(PercussError);
  });
});
