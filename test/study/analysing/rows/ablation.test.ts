import { describe, expect, test } from 'vitest';
import { clopperPearson, meanInterval } from '../../../../core/analysis/interval.js';
import { ablationRows, printRemoved, unmeasuredRows } from '../../../../core/study/analysing/rows/ablation.js';
import { ablation, labelled, measured, outline, planned, results } from './hand-results.js';

describe('what a condition removes is printed', () => {
  test('by layer in the order of its targets, with ascending channels', () => {
    expect(printRemoved(labelled('conv2[10] conv1[1] conv2[3]'))).toEqual({
      layers: 'conv2 conv1',
      channels: 'conv2[3,10] conv1[1]',
    });
  });
  test('without channels where whole layers go', () => {
    expect(printRemoved(labelled('conv1 conv2'))).toEqual({ layers: 'conv1 conv2', channels: 'conv1 conv2' });
  });
  test('in full for six layers, and with the count of all from seven', () => {
    const six = ['a', 'b', 'c', 'd', 'e', 'f'];
    expect(printRemoved(labelled(six.join(' ')))).toEqual({ layers: 'a b c d e f', channels: 'a b c d e f' });
    expect(printRemoved(labelled([...six, 'g'].map((name) => `${name}[1]`).join(' ')))).toEqual({
      layers: 'a b c d e f … (7)',
      channels: 'a[1] b[1] c[1] d[1] e[1] f[1] … (7)',
    });
  });
});

describe('the rows of an ablation', () => {
  const nothing = { draw: null, fraction: null, trial: null, spread: null, match: null, frozen: null };
  const unknown = {
    images: 0,
    correct: 0,
    accuracy: null,
    accuracy_low: null,
    accuracy_high: null,
    kl: null,
    kl_low: null,
    kl_high: null,
    delta_loss: null,
    abs_delta_loss: null,
    flips: null,
    non_finite: 0,
    effect: null,
    state: 'failed',
  };

  test('hold what was removed and what that did, image by image', () => {
    const kl = [0.5, 0, 0.25, 0.25, 1, 1];
    const loss = [1, 0.25, 0, 0.5, 1, 2.5];
    const [row, ...more] = ablationRows(
      results(),
      ablation({ name: 'few', mode: 'random', unit: 'kernel' }, [
        [
          labelled('conv1[2] conv2[0] conv2[1]', {
            fill: 'resample',
            draw: 1,
            fraction: 0.3,
            trial: 2,
            spread: 'one-layer',
            match: '0.3/2',
          }),
          // Two images change their class, one of them to the right one.
          measured(kl, { loss, predicted: [0, 2, 2, 0, 1, 2], effect: 0.75 }),
        ],
      ]),
      0.9,
    );
    expect(more).toEqual([]);
    const accuracy = clopperPearson(5, 6, 0.9)!;
    const interval = meanInterval(Float64Array.from(kl), 0.9)!;
    expect(row).toEqual({
      model: 'net',
      ablation: 'few',
      mode: 'random',
      unit: 'kernel',
      index: 0,
      layers: 'conv1 conv2',
      channels: 'conv1[2] conv2[0,1]',
      removed: 3,
      removed_fraction: 3 / 9,
      fill: 'resample',
      draw: 1,
      fraction: 0.3,
      trial: 2,
      spread: 'one-layer',
      match: '0.3/2',
      frozen: null,
      images: 6,
      correct: 5,
      accuracy: 5 / 6,
      accuracy_low: accuracy.low,
      accuracy_high: accuracy.high,
      kl: 0.5,
      kl_low: interval.low,
      kl_high: interval.high,
      // 0.5 − 0.125 + 0.5 over six images.
      delta_loss: 0.875 / 6,
      abs_delta_loss: 1.125 / 6,
      flips: 2 / 6,
      non_finite: 0,
      effect: 0.75,
      state: 'ok',
    });
  });

  test('of failed conditions keep their place and say that nothing was measured', () => {
    const [...rows] = ablationRows(
      results(),
      ablation({}, [
        [labelled('conv1[0]'), undefined],
        [labelled('conv1[1]'), measured([0, 0, 0, 0, 0, 0], { state: 'no-op', effect: 0 })],
      ]),
      0.95,
    );
    expect(rows[0]).toEqual({
      model: 'net',
      ablation: 'one',
      mode: 'each',
      unit: 'kernel',
      index: 0,
      layers: 'conv1',
      channels: 'conv1[0]',
      removed: 1,
      removed_fraction: 1 / 9,
      fill: 'zero',
      ...nothing,
      ...unknown,
    });
    expect(rows[1]).toMatchObject({ index: 1, state: 'no-op', effect: 0, kl: 0, flips: 0, delta_loss: 0 });
  });

  test('of conditions on some of the images are compared with the intact network on those', () => {
    const [row] = ablationRows(
      results(),
      // The last image, which the intact network gets wrong, and the second.
      ablation({}, [[labelled('conv1[0]'), measured([0.25, 0.5], { images: [5, 1], state: 'partial' })]]),
      0.95,
    );
    expect(row).toMatchObject({ images: 2, correct: 1, accuracy: 0.5, flips: 0, delta_loss: 0.375, state: 'partial' });
  });

  test('count images without a number, over which no mean goes', () => {
    const [row] = ablationRows(
      results(),
      ablation({}, [[labelled('conv1[0]'), measured([0.5, Number.NaN, 0.5, 0.5, 0.5, 0.5])]]),
      0.95,
    );
    expect(row).toMatchObject({ non_finite: 1, kl: 0.5, flips: 1 / 6 });
  });

  test('of conditions without any number have an accuracy, and no mean', () => {
    const none = Array.from({ length: 6 }, () => Number.NaN);
    const [row] = ablationRows(results(), ablation({}, [[labelled('conv1[0]'), measured(none)]]), 0.95);
    expect(row).toMatchObject({
      accuracy: 5 / 6,
      kl: null,
      kl_low: null,
      kl_high: null,
      delta_loss: null,
      abs_delta_loss: null,
      flips: 1,
      non_finite: 6,
      state: 'ok',
    });
  });

  test('stand there, too, where the intact network could not be run', () => {
    const [...rows] = unmeasuredRows(
      {
        ...outline,
        ablations: [
          planned({ name: 'kernels' }, [labelled('conv1[0]'), labelled('conv1[1]', { fill: 'mean' })]),
          planned({ name: 'layers', unit: 'layer', mode: 'random' }, [labelled('conv2', { trial: 0, fraction: 0.5 })]),
        ],
      },
      7,
    );
    expect(rows).toHaveLength(3);
    expect(rows[1]).toEqual({
      model: 'net',
      ablation: 'kernels',
      mode: 'each',
      unit: 'kernel',
      index: 1,
      layers: 'conv1',
      channels: 'conv1[1]',
      removed: 1,
      removed_fraction: 1 / 9,
      ...nothing,
      ...unknown,
      fill: 'mean',
    });
    expect(rows[2]).toMatchObject({ ablation: 'layers', unit: 'layer', mode: 'random', index: 0, trial: 0 });
    expect(rows.map((row) => row.index)).toEqual([0, 1, 0]);
  });
});

describe('an ablation whose order could not be known', () => {
  const cumulative = { name: 'ordered', mode: 'cumulative', order: 'activation-std', trials: 4 } as const;
  const spec = { ...cumulative, fractions: [0.25, 1], fill: ['zero', 'resample'] } as const;

  test('has a failed row for each condition, which says how much it would have removed, and not what', () => {
    const [...rows] = unmeasuredRows({ ...outline, ablations: [planned(spec, undefined)] }, 7);
    expect(rows.map(({ index, fraction, trial, fill, draw, removed }) => [index, fraction, trial, fill, draw, removed]))
      // A quarter of nine kernels, then all; an order has one trial, the same for every fill.
      .toEqual(
        [0.25, 1].flatMap((fraction, f) =>
          (['zero', 0, 1, 2] as const).map((draw, d) => [
            4 * f + d,
            fraction,
            0,
            draw === 'zero' ? 'zero' : 'resample',
            draw === 'zero' ? null : draw,
            f === 0 ? 2 : 9,
          ]),
        ),
      );
    for (const row of rows) {
      expect(row).toMatchObject({ layers: '', channels: '', state: 'failed', images: 0, mode: 'cumulative', kl: null });
    }
  });

  test('also where the intact network was run', () => {
    const [row] = ablationRows(results(), ablation({ unordered: true }, [[labelled('conv1[0]'), undefined]]), 0.95);
    expect(row).toMatchObject({ layers: '', channels: '', removed: 1, state: 'failed' });
  });
});
