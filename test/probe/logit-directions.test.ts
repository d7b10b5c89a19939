import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { directionCount, directionsOf } from '../../core/probe/logit-directions.js';
import { randomStream } from '../../core/random.js';

const logsOf = (logits: readonly number[]): Float64Array => {
  const whole = Math.log(logits.reduce((sum, z) => sum + Math.exp(z), 0));
  return Float64Array.from(logits, (z) => z - whole);
};

/** KL(p ‖ softmax(z + Δ)), as it is written. */
function damageOf(logs: Float64Array, change: readonly number[]): number {
  const moved = logsOf([...logs].map((z, c) => z + change[c]!));
  return logs.reduce((sum, log, c) => sum + Math.exp(log) * (log - moved[c]!), 0);
}

/** What the directions of an image make of a change of its outputs. */
function seen(logs: Float64Array, change: readonly number[], classed: boolean, seed = 1): number {
  const directions = directionsOf(logs, classed, randomStream(seed, 'test'));
  const count = directionCount(logs.length, classed);
  const forms = new Float32Array(count * logs.length);
  directions.write(forms, 0);
  const changes = Array.from({ length: count }, (_, j) =>
    change.reduce((sum, value, c) => sum + forms[j * logs.length + c]! * value, 0),
  );
  return directions.damage(changes);
}

const number = fc.double({ min: -4, max: 4, noNaN: true });
const manyClasses = 200;
const random = randomStream(5, 'logits');
const many = logsOf(Array.from({ length: manyClasses }, () => 2 * random.normal()));

describe('directions in the outputs', () => {
  test('of few classes give the damage of any change exactly, and one class is spared', () => {
    expect(directionCount(6, true)).toBe(5);
    fc.assert(
      fc.property(fc.array(fc.tuple(number, number), { minLength: 2, maxLength: 6 }), (pairs) => {
        const logs = logsOf(pairs.map(([z]) => z));
        const change = pairs.map(([, by]) => by);
        expect(seen(logs, change, true)).toBeCloseTo(damageOf(logs, change), 5);
      }),
    );
  });

  test('of values that are no classes give half the squared distance', () => {
    expect(seen(Float64Array.of(3, 1, 2), [1, -2, 0.5], false)).toBeCloseTo(0.5 * (1 + 4 + 0.25), 6);
  });

  test('of many classes are exact where only the likeliest change, and all others alike', () => {
    const order = [...many.keys()].sort((a, b) => many[b]! - many[a]!);
    const change = Array.from({ length: manyClasses }, () => -0.7);
    order.slice(0, 3).forEach((c, i) => (change[c] = i - 1.2));
    expect(directionCount(manyClasses, true)).toBe(5);
    expect(seen(many, change, true)).toBeCloseTo(damageOf(many, change), 5);
  });

  test('of many classes are right on average where all change', () => {
    const change = Array.from({ length: manyClasses }, (_, c) => 0.6 * Math.sin(7 * c) + 0.3 * Math.cos(c * c));
    const exact = damageOf(many, change);
    const draws = Array.from({ length: 400 }, (_, seed) => seen(many, change, true, seed));
    const mean = draws.reduce((sum, value) => sum + value, 0) / draws.length;
    expect(Math.abs(mean / exact - 1)).toBeLessThan(0.05);
    expect(new Set(draws).size).toBeGreaterThan(390);
  });

  test('do not see a constant that is added to all logits', () => {
    expect(seen(many, new Array<number>(manyClasses).fill(3), true)).toBeCloseTo(0, 6);
  });
});
