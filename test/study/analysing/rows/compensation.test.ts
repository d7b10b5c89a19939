import { describe, expect, test } from 'vitest';
import { signedMeanInterval } from '../../../../core/analysis/interval.js';
import { compensationRows, repairColumns } from '../../../../core/study/analysing/rows/compensation.js';
import { ablation, flat, labelled, measured, results } from './hand-results.js';

/** `conv1` stands for a branch with another behind it, `conv2` for the last. */
const total = measured([0.5, 0, 0.25, 0.25, 1, 1]);
const direct = measured([1, 0.5, 0.25, 0.5, 1, 0.75]);
const repairs = (...conditions: Parameters<typeof ablation>[1]) =>
  ablation({ name: 'repair', mode: 'compensation', unit: 'block' }, conditions);
const both = repairs(
  [labelled('conv1'), total],
  [labelled('conv2'), flat(2)],
  [labelled('conv1', { frozen: 1 }), direct],
);
const logits = [-1, -2, -3].map((change) => Float64Array.from({ length: 6 }, (_, i) => change + i / 8));

describe('the row of a residual branch', () => {
  test('holds what its removal does in all and directly, and what is repaired of it, image by image', () => {
    const rows = compensationRows(results(), both, 0.9, (index) => logits[index]);
    const kl = signedMeanInterval(Float64Array.of(0.5, 0.5, 0, 0.25, 0, -0.25), 0.9);
    expect(rows).toEqual([
      {
        model: 'net',
        ablation: 'repair',
        fill: 'zero',
        block: 'conv1',
        depth: 0.25,
        behind: 1,
        kl_total: 0.5,
        kl_direct: 4 / 6,
        kl_repaired: expect.closeTo(1 / 6, 12) as number,
        kl_repaired_low: kl?.low,
        kl_repaired_high: kl?.high,
        logit_total: -1 + 2.5 / 8,
        logit_direct: -3 + 2.5 / 8,
        logit_repaired: 2,
        logit_repaired_low: 2,
        logit_repaired_high: 2,
        images: 6,
        non_finite: 0,
        state: 'ok',
      },
      expect.objectContaining({
        block: 'conv2',
        depth: 1,
        behind: 0,
        kl_total: 2,
        kl_direct: 2,
        kl_repaired: 0,
      }) as unknown,
    ]);
  });

  test('averages draws of donors, image by image', () => {
    const drawn = (kl: number, frozen?: number) =>
      [0, 1, 2].map((draw) => {
        const own = { fill: 'resample', draw, ...(frozen === undefined ? {} : { frozen }) } as const;
        return [labelled('conv1', own), flat(kl + draw)] as const;
      });
    const [row] = compensationRows(results(), repairs(...drawn(1), ...drawn(4, 1)), 0.9, () => undefined);
    expect(row).toMatchObject({ fill: 'resample', kl_total: 2, kl_direct: 5, kl_repaired: 3, logit_total: null });
  });

  test('stays where a cell failed or an output is not finite, without numbers', () => {
    const nothing = { kl_total: null, kl_direct: null, kl_repaired: null, kl_repaired_low: null };
    const failed = repairs([labelled('conv1'), total], [labelled('conv1', { frozen: 1 }), undefined]);
    expect(compensationRows(results(), failed, 0.9, () => undefined)).toEqual([
      expect.objectContaining({ ...nothing, state: 'failed', behind: 1 }),
    ]);
    const broken = repairs(
      [labelled('conv1'), total],
      [labelled('conv1', { frozen: 1 }), measured([Number.NaN, 0, 0, 0, 0, Infinity])],
    );
    expect(compensationRows(results(), broken, 0.9, () => undefined)).toEqual([
      expect.objectContaining({ ...nothing, state: 'ok', non_finite: 2, images: 6 }),
    ]);
  });

  test('is there in modes that hold what is behind only', () => {
    expect(compensationRows(results(), { ...both, mode: 'each' }, 0.9, () => undefined)).toEqual([]);
  });
});

describe('what is repaired over all branches', () => {
  const level = 0.9;
  const of = (...conditions: Parameters<typeof ablation>[1]) =>
    repairColumns(results({ ablations: [repairs(...conditions)] }), level);
  const other = [measured([0, 0, 0, 0.25, 0, 0]), measured([0.5, 0, 0.25, 0.25, 1, 0])] as const;

  test('is the mean of those that have others behind them, image by image, of the first ablation and its first fill', () => {
    const mean = signedMeanInterval(Float64Array.of(0.5, 0.25, 0.125, 0.125, 0.5, -0.125), level)!;
    const conditions: Parameters<typeof ablation>[1] = [
      [labelled('conv1'), total],
      [labelled('conv3'), other[0]],
      [labelled('conv2'), flat(2)],
      [labelled('conv1', { frozen: 2 }), direct],
      [labelled('conv3', { frozen: 1 }), other[1]],
      [labelled('conv1', { fill: 'mean' }), flat(9)],
      [labelled('conv1', { fill: 'mean', frozen: 2 }), flat(7)],
    ];
    const found = of(...conditions);
    expect(found.kl_direct).toBeCloseTo((4 / 6 + 2 / 6) / 2, 12);
    expect(found.kl_repaired).toBeCloseTo(mean.estimate, 12);
    expect(found.kl_repaired_low).toBeCloseTo(mean.low, 12);
    expect(found.kl_repaired_high).toBeCloseTo(mean.high, 12);
    const before = ablation({ name: 'each', mode: 'each', unit: 'block' }, conditions);
    const later = repairs([labelled('conv1'), flat(5)], [labelled('conv1', { frozen: 2 }), flat(6)]);
    expect(repairColumns(results({ ablations: [before, repairs(...conditions), later] }), level)).toEqual(found);
  });

  test('is not known where one of them is not known on every image, or none has anything behind it', () => {
    const none = { kl_direct: null, kl_repaired: null, kl_repaired_low: null, kl_repaired_high: null };
    const known: Parameters<typeof ablation>[1] = [
      [labelled('conv1'), total],
      [labelled('conv1', { frozen: 1 }), direct],
    ];
    expect(of(...known).kl_repaired).not.toBeNull();
    for (const lost of [undefined, measured([Number.NaN, 0, 0, 0, 0, 0])])
      expect(of(...known, [labelled('conv3'), lost], [labelled('conv3', { frozen: 1 }), other[1]])).toEqual(none);
    expect(of([labelled('conv2'), flat(2)])).toEqual(none);
    expect(repairColumns(results(), level)).toEqual(none);
  });
});
