import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { jointDamage, sketchedExcess } from '../../core/analysis/additive.js';
import { signedMeanInterval } from '../../core/analysis/interval.js';
import { randomStream } from '../../core/random.js';
import { simulation } from './simulation.js';

const logs = (...rows: readonly (readonly number[])[]): Float64Array =>
  Float64Array.from(
    rows.flatMap((row) => {
      const total = row.reduce((sum, z) => sum + Math.exp(z), 0);
      return row.map((z) => z - Math.log(total));
    }),
  );
const finite = fc.integer({ min: -80, max: 80 }).map((tenths) => tenths / 10);
const row = fc.array(finite, { minLength: 4, maxLength: 4 });
const plus = (a: readonly number[], b: readonly number[]): number[] => a.map((x, i) => x + b[i]!);

describe('the damage of two lesions whose changes of the logits add up', () => {
  test('by hand: two classes, each lesion takes the odds down by 3, both by 3 · 3, or by 2 · 9', () => {
    const odds = (o: number): number[] => [Math.log(o), 0];
    // p = (9, 1)/10; added: odds 9/3/3 = 1; q = (1, 1)/2.
    const expected = 0.9 * Math.log(0.9 / 0.5) + 0.1 * Math.log(0.1 / 0.5);
    const twice = 0.9 * Math.log(0.9 / (1 / 3)) + 0.1 * Math.log(0.1 / (2 / 3));
    const one = { intact: logs(odds(9)), a: logs(odds(3)), b: logs(odds(3)) };
    const added = jointDamage({ ...one, joint: logs(odds(1)) }, 2, true);
    expect(added.additive[0]).toBeCloseTo(expected, 14);
    expect(added.excess[0]).toBeCloseTo(0, 14);
    const more = jointDamage({ ...one, joint: logs(odds(0.5)) }, 2, true);
    expect(more.additive[0]).toBeCloseTo(expected, 14);
    expect(more.excess[0]).toBeCloseTo(twice - expected, 14);
  });

  test('leaves no excess in a network that is additive in its logits, though the damages themselves do not add up', () => {
    let interacting = 0;
    fc.assert(
      fc.property(row, row, row, (z, da, db) => {
        const outputs = {
          intact: logs(z, z),
          a: logs(plus(z, da), plus(z, da)),
          b: logs(plus(z, db), z),
          joint: logs(plus(plus(z, da), db), plus(z, da)),
        };
        const { additive, excess } = jointDamage(outputs, 4, true);
        for (const value of excess) expect(Math.abs(value)).toBeLessThan(1e-12);
        const alone = (one: Float64Array): number =>
          jointDamage({ ...outputs, a: one, b: outputs.intact, joint: one }, 4, true).additive[0]!;
        if (Math.abs(additive[0]! - alone(outputs.a) - alone(outputs.b)) > 0.1) interacting++;
      }),
      { seed: 7 },
    );
    expect(interacting).toBeGreaterThan(20);
  });

  test('is none for units that back each other up, whose excess then is the whole damage of both', () => {
    fc.assert(
      fc.property(row, row, (z, change) => {
        const intact = logs(z);
        const { additive, excess } = jointDamage(
          { intact, a: intact, b: intact, joint: logs(plus(z, change)) },
          4,
          true,
        );
        const p = intact.map(Math.exp);
        const whole = p.reduce((sum, share, c) => sum + share * (intact[c]! - logs(plus(z, change))[c]!), 0);
        expect(additive[0]).toBeCloseTo(0, 12);
        expect(excess[0]).toBeCloseTo(whole, 10);
      }),
      { seed: 7 },
    );
  });

  test('is more than that of both where the one needs the other: occlusion, below 0', () => {
    const [intact, lost] = [logs([2, 0]), logs([-1, 0])];
    const { additive, excess } = jointDamage({ intact, a: lost, b: lost, joint: lost }, 2, true);
    expect(excess[0]).toBeLessThan(-0.5);
    const damage = jointDamage({ intact, a: lost, b: intact, joint: lost }, 2, true).additive[0]!;
    expect(additive[0]! + excess[0]!).toBeCloseTo(damage, 12);
  });

  test('does not see what is added to all logits of an image', () => {
    const of = (shift: number) =>
      jointDamage(
        {
          intact: logs([1, 2, 3]),
          a: Float64Array.from([1, 1, 4], (z) => z + shift),
          b: Float64Array.from([2, 1, 1], (z) => z - 2 * shift),
          joint: logs([0, 1, 0]),
        },
        3,
        true,
      ).additive[0]!;
    expect(of(5)).toBeCloseTo(of(0), 12);
  });

  test('of values that are no classes is half the squared distance', () => {
    const { additive, excess } = jointDamage(
      {
        intact: Float64Array.from([1, 1]),
        a: Float64Array.from([2, 1]),
        b: Float64Array.from([1, 3]),
        joint: Float64Array.from([4, 5]),
      },
      2,
      false,
    );
    expect(additive[0]).toBe(0.5 * (1 + 4));
    expect(excess[0]).toBe(0.5 * (9 + 16) - 2.5);
  });

  test.each([Number.NaN, Infinity, -Infinity])(
    'is missing on an image with an output of %s, and there alone',
    (bad) => {
      const good = [0.5, -0.5, 1];
      const outputs = { intact: logs(good, good), a: logs(good, good), b: logs(good, good), joint: logs(good, good) };
      for (const which of ['a', 'b', 'joint'] as const) {
        const broken = outputs[which].map((value, c) => (c === 1 ? bad : value));
        const { additive, excess } = jointDamage({ ...outputs, [which]: broken }, 3, true);
        expect([additive[0], excess[0]], which).toEqual([Number.NaN, Number.NaN]);
        expect([additive[1], excess[1]], which).toEqual([expect.closeTo(0, 12), expect.closeTo(0, 12)]);
      }
    },
  );
});

describe('the excess from sketches', () => {
  test('is 0 where sketches add up, and half the squared length of both where neither alone changes anything', () => {
    const [a, b] = [Float32Array.of(1, 2, 0, 1), Float32Array.of(3, -1, 2, 0)];
    const sum = a.map((value, j) => value + b[j]!);
    expect([...sketchedExcess(a, b, sum, 2)]).toEqual([0, 0]);
    const none = new Float32Array(4);
    expect([...sketchedExcess(none, none, sum, 2)]).toEqual([(16 + 1) / 2, (4 + 1) / 2]);
    expect([...sketchedExcess(a, none, none, 4)]).toEqual([-3]);
    expect([...sketchedExcess(a, b, Float32Array.of(NaN, 0, 0, 0), 2)]).toEqual([NaN, 0.5 * (0 - 4 - 1)]);
  });
});

describe('the interval of an excess', () => {
  // Pairs that push the same way: by the curve of KL both do more damage than the sum of the two. What both change is a little more or less than
  // the sum of their changes, image by image, so that the mean excess over all images is 0.
  const random = randomStream(4, 'pairs that push the same way');
  const images = Array.from({ length: 20_000 }, () => {
    const z = Array.from({ length: 5 }, () => 2 * random.normal());
    const scale = Math.exp(0.7 * random.normal() - 1);
    const push = z.map((value) => -scale * (value === Math.max(...z) ? 1 : 0.1 * random.normal()));
    return { z, push, more: 0.3 * random.normal() };
  });
  const excesses = (shift: number): Float64Array =>
    Float64Array.from(images, ({ z, push, more }) => {
      const times = (factor: number): Float64Array =>
        logs(
          plus(
            z,
            push.map((value) => factor * value),
          ),
        );
      const outputs = { intact: logs(z), a: times(1), b: times(1), joint: times(2 * (1 + more + shift)) };
      return jointDamage(outputs, 5, true).excess[0]!;
    });
  const meanOf = (values: Float64Array): number => values.reduce((sum, value) => sum + value, 0) / values.length;

  simulation('covers 0 at the stated rate where pairs push the same way and neither covers for the other', () => {
    let [low, high] = [-0.3, 0.3];
    for (let step = 0; step < 20; step++) {
      const middle = (low + high) / 2;
      if (meanOf(excesses(middle)) > 0) high = middle;
      else low = middle;
    }
    const population = excesses(low);
    expect(Math.abs(meanOf(population))).toBeLessThan(1e-5);
    const studies = 1000;
    let covered = 0;
    for (let study = 0; study < studies; study++) {
      const interval = signedMeanInterval(Float64Array.from({ length: 250 }, () => population[random.below(20_000)]!))!;
      if (interval.low <= 0 && interval.high >= 0) covered++;
    }
    const error = Math.sqrt((0.95 * 0.05) / studies);
    expect(covered / studies).toBeGreaterThan(0.93 - 3 * error);
    expect(covered / studies).toBeLessThan(0.98 + 3 * error);
  });
});
