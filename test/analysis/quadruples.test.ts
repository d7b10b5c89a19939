import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { coverage, scenarios, type Scenario } from '../../bench/simulated-quadruples.js';
import { jointDamage } from '../../core/analysis/additive.js';
import { contrastOf, meanContrast, type QuadrupleSample } from '../../core/analysis/quadruples.js';
import { studentQuantile } from '../../core/analysis/special.js';
import { logSoftmax } from '../../core/divergence.js';
import { randomStream } from '../../core/random.js';
import { simulation } from './simulation.js';

const sampleOf = (layers: QuadrupleSample['layers'], values: readonly (readonly number[])[]): QuadrupleSample => ({
  layers,
  values: (index) => Float64Array.from(values[index]!),
});
const every = ({ layers }: QuadrupleSample): number[] => layers.map((_, index) => index);

describe('the contrast of a quadruple', () => {
  test('is the mean of the two pairs across less that of the two within, image by image', () => {
    const across = [
      [4, 1],
      [2, 1],
    ] as const;
    const within = [
      [1, 1],
      [3, 2],
    ] as const;
    expect([...contrastOf(across, within)]).toEqual([1, -0.5]);
  });

  test('cancels whatever units, layers and depth add to a pair', () => {
    const effects = fc.array(fc.double({ min: -100, max: 100, noNaN: true }), { minLength: 6, maxLength: 6 });
    fc.assert(
      fc.property(effects, ([aL, bL, aM, bM, l, m]) => {
        const of = (one: number, other: number): number[] => [one + other];
        const [al, bl, am, bm] = [aL! + l!, bL! + l!, aM! + m!, bM! + m!];
        expect(contrastOf([of(al, bm), of(am, bl)], [of(al, bl), of(am, bm)])[0]).toBeCloseTo(0, 9);
      }),
    );
  });

  test('of kernels that change logits by sums is 0 by the excess, where KL less the single KLs is not', () => {
    const classes = 4;
    const random = randomStream(3, 'curved quadruple');
    const intact = Float64Array.from({ length: 20 * classes }, () => random.normal());
    // The two of a layer push the same way.
    const ways = [0, 1].map(() => Float64Array.from(intact, () => random.normal()));
    const change = [0, 0, 1, 1].map((way, i) => ways[way]!.map((x) => x * (1 + 0.2 * i)));
    const outputs = (...kernels: readonly number[]): Float64Array =>
      logSoftmax(
        intact.map((logit, i) => kernels.reduce((sum, kernel) => sum + change[kernel]![i]!, logit)),
        classes,
      );
    const damage = (a: number, b: number) => {
      const [alone, other, joint] = [outputs(a), outputs(b), outputs(a, b)];
      return jointDamage({ intact: outputs(), a: alone, b: other, joint }, classes, true);
    };
    const [aL, bL, aM, bM] = [0, 1, 2, 3] as const;
    const contrast = (part: 'excess' | 'additive'): Float64Array =>
      contrastOf([damage(aL, bM)[part], damage(aM, bL)[part]], [damage(aL, bL)[part], damage(aM, bM)[part]]);
    for (const value of contrast('excess')) expect(value).toBeCloseTo(0, 12);
    expect(contrast('additive').reduce((sum, value) => sum + value, 0)).toBeLessThan(-1);
  });
});

describe('the mean contrast', () => {
  /** Every two of six layers once, then the first again. */
  const layers = Array.from({ length: 6 }, (_, l) =>
    Array.from({ length: 5 - l }, (_unused, i) => [l, l + 1 + i] as const),
  ).flat();

  /** What `overLayers` is, from its definition: a loop over all pairs of quadruples. */
  function varianceOf(between: QuadrupleSample['layers'], means: readonly number[]): number {
    const halves: number[][] = [[], [], []];
    means.forEach((x, i) =>
      means.slice(0, i).forEach((y, j) => {
        const shared = between[i]!.filter((layer) => between[j]!.includes(layer)).length;
        halves[shared]!.push((x - y) ** 2 / 2);
      }),
    );
    const [single = 0, one = 0, both = 0] = halves.map((all) =>
      all.length === 0 ? 0 : all.reduce((sum, x) => sum + x, 0) / all.length,
    );
    const covariances = 2 * (halves[1]!.length * (single - one) + halves[2]!.length * (single - both));
    return (means.length * single + covariances) / means.length ** 2;
  }

  test('has the interval of quadruples that share layers, where these differ', () => {
    const effects = [3, -1, 4, 1, -5, 9];
    const between = [...layers, layers[0]!, layers[7]!];
    const means = between.map(([l, m], i) => effects[l]! + effects[m]! + 0.1 * (i % 3));
    const sample = sampleOf(
      between,
      means.map((mean) => [mean, mean]),
    );
    const found = meanContrast(sample, every(sample))!;
    const uses = [0, 1, 2, 3, 4, 5].map((layer) => between.filter((two) => two.includes(layer)).length);
    const effective = uses.reduce((sum, x) => sum + x, 0) ** 2 / uses.reduce((sum, x) => sum + x ** 2, 0);
    const half = studentQuantile(0.975, effective - 1) * Math.sqrt(varianceOf(between, means));
    expect(found.estimate).toBeCloseTo(means.reduce((sum, x) => sum + x, 0) / means.length, 12);
    expect(found.high! - found.estimate).toBeCloseTo(half, 9);
    expect(found.estimate - found.low!).toBeCloseTo(half, 9);
    expect(found).toMatchObject({ freedom: expect.closeTo(effective - 1, 9) as number, quadruples: 17, layers: 6 });
  });

  test('has that of quadruples alone, where they share nothing but by name', () => {
    // Opposite values of those that share a layer: less than nothing is due to layers.
    const means = layers.map(([l, m]) => (l % 2 === m % 2 ? 1 : -1));
    const sample = sampleOf(
      layers,
      means.map((mean) => [mean, mean]),
    );
    const centre = means.reduce((sum: number, x) => sum + x, 0) / 15;
    const spread = means.reduce((sum: number, x) => sum + (x - centre) ** 2, 0) / 14 / 15;
    expect(varianceOf(layers, means)).toBeLessThan(spread);
    const found = meanContrast(sample, every(sample))!;
    expect(found.high! - found.estimate).toBeCloseTo(studentQuantile(0.975, 14) * Math.sqrt(spread), 9);
    expect(found.freedom).toBeCloseTo(14, 9);
  });

  test('counts what images have in common once', () => {
    const effects = [-2, 0, 5, 1];
    const sample = sampleOf(
      layers,
      layers.map(() => effects),
    );
    const found = meanContrast(sample, every(sample))!;
    const spread = effects.reduce((sum, x) => sum + (x - 1) ** 2, 0) / 3 / 4;
    // The images' own differences stand in each quadruple too, and are not added for each again.
    const left = spread * (1 - 1 / 15);
    expect(found.estimate).toBe(1);
    expect(found.high! - 1).toBeCloseTo(studentQuantile(0.975, 3) * Math.sqrt(left), 9);
  });

  test('is a point where nothing differs, and has no interval of too few layers or of one image', () => {
    const flat = sampleOf(
      layers,
      layers.map(() => [0, 0]),
    );
    expect(meanContrast(flat, every(flat))).toMatchObject({ estimate: 0, low: 0, high: 0, freedom: null });
    const few = layers.flatMap(([l, m], i) => (l < 4 && m < 4 ? [i] : []));
    expect(meanContrast(flat, few)).toMatchObject({ estimate: 0, low: null, high: null, layers: 4, quadruples: 6 });
    const single = sampleOf(
      layers,
      layers.map((_, i) => [i]),
    );
    expect(meanContrast(single, every(single))).toMatchObject({ estimate: 7, low: null, high: null });
    expect(meanContrast(flat, [])).toBeNull();
  });

  test('is of the quadruples asked for alone', () => {
    const sample = sampleOf(
      layers,
      layers.map(([l]) => [l, l]),
    );
    const some = every(sample).filter((i) => layers[i]![0] === 2);
    expect(meanContrast(sample, some)).toMatchObject({ estimate: 2, quadruples: 3 });
  });
});

describe('on made-up networks', () => {
  const world = { layers: 12, kernels: 8, images: 4 };
  const repeats = 400;
  const margin = (rate: number): number => 3 * Math.sqrt((rate * (1 - rate)) / repeats);
  const named = (scenario: Scenario): [string, Scenario] => [scenario.name, scenario];

  simulation.each(scenarios.filter(({ cancelled }) => cancelled).map(named))(
    'the interval holds the contrast of %s',
    (_name, scenario) => {
      const { held } = coverage(scenario, world, 100, repeats);
      expect(held).toBeGreaterThan(0.93 - margin(0.93));
      expect(held).toBeLessThan(0.98 + margin(0.98));
    },
    60_000,
  );

  simulation.each(scenarios.filter(({ effect }) => effect !== 0).map(named))(
    'the sign tells: %s',
    (_name, scenario) => {
      const { above, below } = coverage(scenario, world, 100, 100);
      expect(scenario.effect > 0 ? above : below).toBeGreaterThan(0.95);
      expect(scenario.effect > 0 ? below : above).toBe(0);
    },
  );

  simulation.each(scenarios.filter(({ cancelled }) => !cancelled).map(named))(
    'it is no test against %s, as docs/science.md says',
    (_name, scenario) => {
      expect(coverage(scenario, world, 100, 100).held).toBeLessThan(0.5);
    },
  );
});
