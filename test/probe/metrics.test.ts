import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { imageMetrics, NO_CLASS, predictions, type MetricsContext } from '../../core/probe/metrics.js';
import { logProbabilities } from '../../core/probe/output-reading.js';

const context = (
  baseline: readonly number[],
  labels: readonly number[],
  more: Partial<MetricsContext> = {},
): MetricsContext => {
  const kind = more.kind ?? 'logits';
  const classes = more.classes ?? 3;
  return {
    classOffset: 0,
    ...more,
    kind,
    classes,
    labels: Uint16Array.from(labels),
    baseline: logProbabilities(baseline, classes, kind),
  };
};

describe('log probabilities', () => {
  test('of logits are those of a softmax, also where exponentials overflow', () => {
    // ln(e/(e + e² + e³)) = −ln(1 + e + e²), and so on.
    const norm = Math.log(1 + Math.E + Math.E ** 2);
    for (const shift of [0, 1000, -1e6]) {
      const [a, b, c] = logProbabilities([1 + shift, 2 + shift, 3 + shift], 3, 'logits');
      expect(a).toBeCloseTo(-norm, 9);
      expect(b).toBeCloseTo(1 - norm, 9);
      expect(c).toBeCloseTo(2 - norm, 9);
    }
  });

  test('of probabilities are their logarithms; a rounded zero counts as the smallest normal float32', () => {
    const [a, b, c] = logProbabilities([0.25, 0.75, 0], 3, 'probabilities');
    expect([a, b]).toEqual([Math.log(0.25), Math.log(0.75)]);
    expect(c).toBeCloseTo(-126 * Math.LN2, 12);
  });

  test('of values are the values', () => {
    expect([...logProbabilities([3, -1], 2, 'values')]).toEqual([3, -1]);
  });
});

describe('per image', () => {
  test('KL of probabilities is that of the published example, and the loss −ln p(label)', () => {
    // Kullback, Information Theory and Statistics (1959), table 2.1: 0.0852996 nats one way and 0.097455 the other.
    const p = [0.36, 0.48, 0.16];
    const q = [1 / 3, 1 / 3, 1 / 3];
    const one = imageMetrics(q, context(p, [1], { kind: 'probabilities' }));
    expect(one.kl[0]).toBeCloseTo(0.0852996, 6);
    expect(one.loss[0]).toBeCloseTo(Math.log(3), 6);
    expect(imageMetrics(p, context(q, [2], { kind: 'probabilities' })).kl[0]).toBeCloseTo(0.097455, 6);
  });

  test('KL of two classes from a coin is p·ln 2p + (1 − p)·ln 2(1 − p)', () => {
    const t = 1.7;
    const p = 1 / (1 + Math.exp(-t));
    const closed = p * Math.log(2 * p) + (1 - p) * Math.log(2 * (1 - p));
    const { kl, loss, predicted } = imageMetrics([0, 0], context([0, t], [0], { classes: 2 }));
    expect(kl[0]).toBeCloseTo(closed, 7);
    expect(loss[0]).toBeCloseTo(Math.LN2, 7);
    // The first of equals.
    expect(predicted[0]).toBe(0);
  });

  test('zeros: a class that the intact network excludes costs nothing, one that only the lesioned one excludes much', () => {
    const free = imageMetrics([0.5, 0.25, 0.25], context([0.5, 0.5, 0], [0], { kind: 'probabilities' }));
    expect(free.kl[0]).toBeCloseTo(0.5 * Math.log(2), 6);
    const dear = imageMetrics([1, 0, 0], context([0.5, 0.5, 0], [1], { kind: 'probabilities' }));
    expect(dear.kl[0]).toBeCloseTo(0.5 * Math.log(0.5) + 0.5 * (Math.log(0.5) + 126 * Math.LN2), 3);
    expect(dear.loss[0]).toBeCloseTo(126 * Math.LN2, 4);
  });

  test('labels of 1001-class networks count from output 1, and background is no class', () => {
    const outputs = [5, 1, 2, 1, 9, 2];
    const { predicted, loss } = imageMetrics(outputs, context(outputs, [1, 0], { classOffset: 1 }));
    expect([...predicted]).toEqual([NO_CLASS, 0]);
    expect(NO_CLASS).toBe(65535);
    expect(loss[0]).toBeCloseTo(Math.log(Math.exp(5) + Math.exp(1) + Math.exp(2)) - 2, 5);
    expect(loss[1]).toBeCloseTo(Math.log(Math.exp(1) + Math.exp(9) + Math.exp(2)) - 9, 5);
  });

  test('of networks with more classes ahead of the labels each of these is no class', () => {
    const outputs = [9, 1, 2, 1, 9, 2, 1, 2, 9];
    const { predicted } = imageMetrics(outputs, context(outputs, [0, 0, 0], { classOffset: 2 }));
    expect([...predicted]).toEqual([NO_CLASS, NO_CLASS, 0]);
  });

  test('values are compared by half their squared distance', () => {
    const { kl, loss } = imageMetrics([1, 2, 3], context([0, 0, 5], [0], { kind: 'values' }));
    expect(kl[0]).toBe((1 + 4 + 4) / 2);
    expect(loss[0]).toBe(4.5);
  });

  test.each([
    ['NaN', Number.NaN],
    ['infinite', Infinity],
    ['minus infinite', -Infinity],
  ])(
    'an image with an output that is %s counts as wrong, its loss and KL as missing, and no other does',
    (_, broken) => {
      // The broken output is that of the label, and would be the largest if it were +∞.
      for (const kind of ['logits', 'values'] as const) {
        const outputs = [0, 1, broken, 0, 1, 2];
        const { predicted, loss, kl } = imageMetrics(outputs, context([0, 1, 2, 0, 1, 2], [2, 2], { kind }));
        expect([...predicted]).toEqual([NO_CLASS, 2]);
        expect([loss[0], kl[0]]).toEqual([Number.NaN, Number.NaN]);
        expect(kl[1]).toBe(0);
        expect(Number.isFinite(loss[1])).toBe(true);
      }
      const shifted = imageMetrics([broken, 1, 2], context([0, 1, 2], [1], { classOffset: 1 }));
      expect(shifted.predicted[0]).toBe(NO_CLASS);
    },
  );

  test('a negative probability has no logarithm; what rounding leaves of 0 counts as 0', () => {
    const p = context([0.5, 0.3, 0.2], [0], { kind: 'probabilities' });
    const negative = imageMetrics([1.1, 0.2, -0.3], p);
    expect([negative.predicted[0], negative.loss[0], negative.kl[0]]).toEqual([NO_CLASS, Number.NaN, Number.NaN]);
    const rounded = imageMetrics([0.6, 0.4, -1e-9], p);
    expect(rounded.predicted[0]).toBe(0);
    expect(rounded.loss[0]).toBeCloseTo(-Math.log(0.6), 6);
    expect([...imageMetrics([Number.NaN, 0.4, 0.6], p).predicted]).toEqual([NO_CLASS]);
  });

  test('what is finite has a finite loss and KL: the largest float32 where they are beyond it', () => {
    const huge = 3.4e38;
    const largest = (2 - 2 ** -23) * 2 ** 127;
    const logits = imageMetrics([huge, -huge, 0], context([-huge, huge, 0], [1]));
    expect([logits.predicted[0], logits.loss[0], logits.kl[0]]).toEqual([0, largest, largest]);
    const values = imageMetrics([huge, 0, 0], context([-huge, 0, 0], [1], { kind: 'values' }));
    expect([values.loss[0], values.kl[0]]).toEqual([largest, largest]);
  });

  test('the predicted class is that of the largest output, however small the differences', () => {
    expect([...imageMetrics([1e-27, 3e-27, 2e-27], context([0, 0, 1], [1])).predicted]).toEqual([1]);
  });

  test('NaN stands for outputs that are not finite, and for nothing else', () => {
    const output = fc.oneof(fc.float(), fc.constantFrom(Number.NaN, Infinity, -Infinity));
    const row = fc.array(output, { minLength: 3, maxLength: 3 });
    const finite = fc.array(fc.float({ noNaN: true, noDefaultInfinity: true }), { minLength: 3, maxLength: 3 });
    fc.assert(
      fc.property(row, finite, fc.nat(2), fc.constantFrom('logits', 'values'), (outputs, intact, label, kind) => {
        const { predicted, loss, kl } = imageMetrics(outputs, context(intact, [label], { kind }));
        const isFinite = outputs.every(Number.isFinite);
        expect([Number.isFinite(loss[0]), Number.isFinite(kl[0])]).toEqual([isFinite, isFinite]);
        expect([Number.isNaN(loss[0]), Number.isNaN(kl[0])]).toEqual([!isFinite, !isFinite]);
        expect(predicted[0] === NO_CLASS).toBe(!isFinite);
      }),
    );
  });

  test('KL is never negative, is 0 of a network from itself, and does not change when a constant is added to logits', () => {
    const logits = fc.array(fc.float({ min: -30, max: 30, noNaN: true }), { minLength: 4, maxLength: 4 });
    fc.assert(
      fc.property(logits, logits, fc.float({ min: -50, max: 50, noNaN: true }), (p, q, shift) => {
        const of = (outputs: readonly number[]): number =>
          imageMetrics(outputs, context(p, [0], { classes: 4 })).kl[0] as number;
        expect(of(p)).toBe(0);
        expect(of(q)).toBeGreaterThanOrEqual(0);
        expect(of(q.map((x) => x + shift))).toBeCloseTo(of(q), 4);
      }),
    );
  });
});

test('predictions alone are those of the measures, image by image', () => {
  const outputs = [1, 5, 2, /* second */ 0, Number.NaN, 3, /* third */ 7, 7, 1, /* fourth */ 1, 2, 3];
  const of = (classOffset: number, kind: 'logits' | 'probabilities' = 'logits') => [
    ...predictions(outputs, 3, { classOffset, kind }),
  ];
  expect(of(0)).toEqual([1, NO_CLASS, 0, 2]);
  expect(of(1)).toEqual([0, NO_CLASS, NO_CLASS, 1]);
  expect([...predictions([0.1, 0.9, 0.6, 0.4], 2, { classOffset: 0, kind: 'probabilities' })]).toEqual([1, 0]);
});
