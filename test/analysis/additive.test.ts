import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { jointDamage } from '../../core/analysis/additive.js';

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
          intact: Float64Array.from([1, 2, 3]),
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
