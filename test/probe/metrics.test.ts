import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { imageMetrics, logProbabilities, NO_CLASS, type MetricsContext } from '../../core/probe/metrics.js';

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
    const masked = imageMetrics([0, 0, -Infinity], context([0, Math.log(3), -Infinity], [0]));
    expect(masked.kl[0]).toBeCloseTo(0.75 * Math.log(1.5) + 0.25 * Math.log(0.5), 6);
    expect(masked.loss[0]).toBeCloseTo(Math.LN2, 6);
  });

  test('labels of 1001-class networks count from output 1, and background is no class', () => {
    const outputs = [5, 1, 2, 1, 9, 2];
    const { predicted, loss } = imageMetrics(outputs, context(outputs, [1, 0], { classOffset: 1 }));
    expect([...predicted]).toEqual([NO_CLASS, 0]);
    expect(NO_CLASS).toBe(65535);
    expect(loss[0]).toBeCloseTo(Math.log(Math.exp(5) + Math.exp(1) + Math.exp(2)) - 2, 5);
    expect(loss[1]).toBeCloseTo(Math.log(Math.exp(1) + Math.exp(9) + Math.exp(2)) - 9, 5);
  });

  test('values are compared by half their squared distance', () => {
    const { kl, loss } = imageMetrics([1, 2, 3], context([0, 0, 5], [0], { kind: 'values' }));
    expect(kl[0]).toBe((1 + 4 + 4) / 2);
    expect(loss[0]).toBe(4.5);
  });

  test('an output that is no number is no class and no agreement', () => {
    const { predicted, kl } = imageMetrics([Number.NaN, 1, 2], context([0, 1, 2], [2]));
    expect(predicted[0]).toBe(NO_CLASS);
    expect(kl[0]).toBeNaN();
    const shifted = imageMetrics([Number.NaN, 1, 2], context([0, 1, 2], [1], { classOffset: 1 }));
    expect(shifted.predicted[0]).toBe(NO_CLASS);
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
