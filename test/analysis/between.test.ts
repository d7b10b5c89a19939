import { describe, expect, test } from 'vitest';
import {
  betweenPools,
  betweenR2,
  betweenRarefaction,
  rarefiedBetween,
  takingPart,
} from '../../core/analysis/between.js';
import { signatureSet, type SignatureSet } from '../../core/analysis/signature.js';
import { PercussError } from '../../core/errors.js';
import { mixture, noiseRows, planted, stream } from './planted.js';

const options = { seed: 3 };
const lows = (to: SignatureSet, from: SignatureSet): (number | undefined)[][] =>
  betweenR2(to, from, betweenPools(from), options).map((row) => row.map((r2) => r2?.low));

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

  test('takes pools of the size that the network can fill, at most so many; its nulls fill up with silent kernels', () => {
    expect(betweenPools(network)).toEqual([6, 9, 4]);
    expect(betweenPools(network, 5)).toEqual([5, 5, 4]);
    const [row] = betweenR2(network, network, [3, 0, 4], options);
    expect([row![1], row![0]!.low < 0.9]).toEqual([null, true]);
    // Of four live kernels and two silent ones the pool has all six, and predicts what the four do.
    const [first, ...others] = sites;
    const half = planted([[...first!.slice(0, 4), new Float32Array(320), new Float32Array(320)], ...others]);
    const [own] = betweenR2(network, half, betweenPools(network), { ...options, asked: (to, from) => to + from === 0 });
    expect(own![0]!.low).toBeGreaterThan(0.5);
    expect(own![0]!.low).toBeLessThan(0.8);
  });

  test('predicts at most so many kernels of a site, the same ones every time', () => {
    const one = betweenR2(network, network, [6, 9, 4], { ...options, targets: 2 });
    expect(betweenR2(network, network, [6, 9, 4], { ...options, targets: 2 })).toEqual(one);
    expect(one).not.toEqual(betweenR2(network, network, [6, 9, 4], options));
  });

  test('has no value where nothing responds, or with one base', () => {
    const silent = planted([noiseRows(random, 2), [new Float32Array(320), new Float32Array(320)]]);
    expect(betweenR2(silent, silent, betweenPools(silent), options).map((row) => row.map((r2) => r2 !== null))).toEqual(
      [
        [true, false],
        [false, false],
      ],
    );
    const single: SignatureSet = { ...silent, starts: [0, silent.features] };
    expect(betweenR2(single, single, [2, 2], options).flat()).toEqual([null, null, null, null]);
  });

  test('refuses sets that got other impulses', () => {
    const other: SignatureSet = { ...network, starts: network.starts.map((start, i) => (i === 1 ? start - 1 : start)) };
    expect(() => betweenR2(network, other, [1, 1, 1], options)).toThrow(PercussError);
  });
});

describe('R² of few kernels between two networks', () => {
  const random = stream('between rarefied');
  const sites = [noiseRows(random, 6), noiseRows(random, 9), noiseRows(random, 3)];
  const network = planted(sites);
  const of = (from: SignatureSet, size: number, draws = 4): (number | null)[][] =>
    rarefiedBetween(network, from, { seed: 3, size, takes: takingPart(network), draws });

  test('is of as many as each site of both has, of sites with four and more', () => {
    expect(betweenRarefaction([network])).toBe(6);
    expect(betweenRarefaction([network, planted([noiseRows(random, 5), noiseRows(random, 20)])])).toBe(5);
    expect(betweenRarefaction([planted([noiseRows(random, 20)])])).toBe(8);
    expect(of(network, 6).map((row) => row.map((value) => value !== null))).toEqual([
      [true, true, false],
      [true, true, false],
      [false, false, false],
    ]);
  });

  test('is 1 of a site from itself where all kernels are drawn, the share of those that are drawn where some are, and about 0 elsewhere', () => {
    const values = of(network, 6, 40);
    expect(values[0]![0]).toBeGreaterThan(0.999);
    expect(values[1]![1]).toBeGreaterThan(6 / 9 - 0.06);
    expect(values[1]![1]).toBeLessThan(6 / 9 + 0.06);
    for (const [to, from] of [
      [0, 1],
      [1, 0],
    ] as const)
      expect(Math.abs(values[to]![from]!)).toBeLessThan(0.05);
  });

  test('is asked of a null by as many kernels, silent ones where it has no others', () => {
    const silent = planted([
      [...sites[0]!.slice(0, 3), ...Array.from({ length: 3 }, () => new Float32Array(320))],
      sites[1]!,
      sites[2]!,
    ]);
    const [row] = of(silent, 6);
    expect(row![0]).toBeGreaterThan(0.35);
    expect(row![0]).toBeLessThan(0.65);
  });

  test('has no value below two bases', () => {
    const parts = [[Float32Array.from({ length: 240 }, () => random.normal())]];
    const one = signatureSet([{ site: 'a', depth: 0, kernels: 6, parts }]);
    const values = rarefiedBetween(one, one, { seed: 3, size: 6, takes: takingPart(one) });
    expect(values.flat().every((value) => value === null)).toBe(true);
  });
});
