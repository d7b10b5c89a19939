import { describe, expect, test } from 'vitest';
import { settleTop, type TopRule } from '../../core/analysis/top.js';
import type { Verdict } from '../../core/analysis/verdict.js';
import { waveEnds } from '../../core/data/waves.js';
import { randomStream } from '../../core/random.js';
import { simulation } from './simulation.js';

const images = 400;
const rule: TopRule = { top: 3, epsilon: 0.05, confidence: 0.9, bound: 1 };

const mean = (values: Float64Array): number => values.reduce((sum, x) => sum + x, 0) / values.length;

/** Conditions whose damage is rare and heavy, and shares its hard images: as kernels do. */
function conditionsOf(run: number): Float64Array[] {
  const random = randomStream(21, 'top', run);
  const hard = Array.from({ length: images }, () => random.normal());
  const rates = [1.2, 1, 0.9, 0.85, 0.6, 0.5, 0.2, ...Array.from({ length: 17 }, () => 0.3 * random.uniform() - 0.6)];
  return rates.map((rate) =>
    Float64Array.from(hard, (h) => Math.min(1, Math.exp(2 * rate + 1.2 * h + 1.2 * random.normal() - 5))),
  );
}

/** Draws in waves, as a study does, until nothing is to be advanced. */
function run(conditions: readonly Float64Array[], asked: TopRule, failed: readonly number[] = []) {
  const ends = waveEnds(images);
  const waves = conditions.map(() => 1);
  let looks = 0;
  let verdict: Verdict;
  do {
    const drawn = conditions.map((values, i) =>
      failed.includes(i) ? undefined : { values: values.subarray(0, ends[(waves[i] as number) - 1]) },
    );
    verdict = settleTop(drawn, images, asked);
    for (const { condition, values } of verdict.advance) {
      const until = ends.findIndex((end) => end >= values) + 1;
      waves[condition] = Math.max((waves[condition] as number) + 1, until || ends.length);
    }
    looks++;
  } while (verdict.advance.length > 0);
  const top = verdict.standings.flatMap(({ place }, i) => (place === 'top' ? [i] : []));
  return { top, verdict, looks, spent: waves.reduce((sum, wave) => sum + (ends[wave - 1] as number), 0) };
}

describe('the top is settled', () => {
  simulation('within epsilon at the stated confidence, however often one looked, and for less than all images', () => {
    const runs = 60;
    let wrong = 0;
    let spent = 0;
    let looks = 0;
    for (let i = 0; i < runs; i++) {
      const conditions = conditionsOf(i);
      const means = conditions.map(mean);
      const least = means.toSorted((a, b) => b - a)[rule.top - 1] as number;
      const result = run(conditions, rule);
      expect(result.top.length).toBe(rule.top);
      if (result.top.some((index) => (means[index] as number) < least - rule.epsilon)) wrong++;
      spent += result.spent;
      looks += result.looks;
    }
    expect(wrong / runs).toBeLessThanOrEqual(0.1 + 3 * Math.sqrt(0.09 / runs));
    expect(looks / runs).toBeGreaterThan(3);
    expect(spent).toBeLessThan(0.7 * runs * conditionsOf(0).length * images);
  });

  test('exactly, once every image is drawn, also among equals', () => {
    const twice = conditionsOf(1).flatMap((values) => [values, values]);
    const result = run(twice, { ...rule, epsilon: 1e-9 });
    const means = twice.map(mean);
    const least = means.toSorted((a, b) => b - a)[rule.top - 1] as number;
    expect(result.top.length).toBe(rule.top);
    for (const index of result.top) expect(means[index]).toBeGreaterThanOrEqual(least - 1e-9);
  });

  test('by paired differences where intervals overlap', () => {
    // Two conditions that differ by a constant on images of very different damage.
    const random = randomStream(22, 'paired');
    const base = Float64Array.from({ length: images }, () => (random.uniform() < 0.3 ? 0.8 : 0));
    const more = base.map((x) => x + 0.06);
    const { standings, advance } = settleTop(
      [{ values: base.subarray(0, 100) }, { values: more.subarray(0, 100) }],
      images,
      {
        ...rule,
        top: 1,
      },
    );
    expect(standings.map(({ place }) => place)).toEqual(['rest', 'top']);
    expect(advance).toEqual([]);
    expect(standings[0]?.high).toBeGreaterThan((standings[1]?.low ?? 0) + rule.epsilon);
  });

  test('but not from the same values in another pairing', () => {
    const random = randomStream(22, 'paired');
    const base = Float64Array.from({ length: images }, () => (random.uniform() < 0.3 ? 0.8 : 0));
    const more = base.map((x) => x + 0.06).reverse();
    const { advance } = settleTop([{ values: base.subarray(0, 100) }, { values: more.subarray(0, 100) }], images, {
      ...rule,
      top: 1,
    });
    expect(advance.length).toBeGreaterThan(0);
  });
});

test('a condition without values is undecided, and the others are settled without it', () => {
  const conditions = conditionsOf(2);
  const best = run(conditions, rule).top[0] as number;
  const { top, verdict } = run(conditions, rule, [best]);
  expect(verdict.standings[best]?.place).toBe('undecided');
  expect(top.length).toBe(rule.top);
  expect(top).not.toContain(best);
});

test('fewer conditions with values than the top has members: nobody is ranked', () => {
  const { verdict } = run(conditionsOf(3).slice(0, 5), rule, [0, 1, 2]);
  expect(verdict.standings.map(({ place }) => place)).toEqual(Array.from({ length: 5 }, () => 'undecided'));
});
