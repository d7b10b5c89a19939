import { describe, expect, test } from 'vitest';
import { PairSums, participationRatio, systemicScore } from '../../core/analysis/pair-moments.js';
import { areNarrow, systemicBracket } from '../../core/analysis/resolution.js';
import { signatureSet, type SignatureSet } from '../../core/analysis/signature.js';
import {
  spacedSites,
  systemicExcess,
  systemicRedundancy,
  type SystemicRedundancy,
} from '../../core/analysis/systemic.js';
import { randomStream } from '../../core/random.js';
import { noiseRows, planted, stream } from './planted.js';
import { simulation } from './simulation.js';

const unit = (i: number, scale = 1): number[] => Array.from({ length: 12 }, (_, j) => (i === j ? scale : 0));

/** Moments of sites whose responses are these on each of three bases. */
function sums(sites: readonly (readonly (readonly number[])[])[], kernels = sites[0]?.length ?? 0): PairSums {
  const rows = sites.flat();
  const gram = Float64Array.from(rows.flatMap((a) => rows.map((b) => a.reduce((t, v, i) => t + v * b[i]!, 0))));
  let at = 0;
  return new PairSums({ grams: [gram, gram, gram], members: sites.map((site) => site.map(() => at++)) }, kernels);
}

describe('the systemic score, where it is known', () => {
  const score = (sites: readonly (readonly (readonly number[])[])[]): number | null =>
    systemicScore(sums(sites).unbiased());
  const site = (...directions: number[]): number[][] => directions.map((i) => unit(i));

  test('orthogonal sites: 0, of whatever ranks', () => {
    expect(score([site(0, 1), site(2, 3), site(4, 5)])).toBeCloseTo(0, 10);
    // Ranks 1 and 4.
    expect(score([site(0, 0, 0, 0), site(4, 5, 6, 7)])).toBeCloseTo(0, 10);
  });

  test('identical sites: 1', () => {
    expect(score([site(0, 1), site(0, 1), site(0, 1)])).toBeCloseTo(1, 10);
  });

  test('two sites that share one of two directions: two thirds', () => {
    // Eigenvalues 1, 2, 1: r_all = 16/6, so (4 − 8/3) / 2.
    expect(score([site(0, 1), site(1, 2)])).toBeCloseTo(2 / 3, 10);
  });

  test('the sign of a kernel does not count, nor how strongly a site as a whole responds', () => {
    expect(score([site(0, 1), [unit(1, -1), unit(2)]])).toBeCloseTo(2 / 3, 10);
    expect(score([site(0, 1), [unit(1, 7), unit(2, 7)]])).toBeCloseTo(2 / 3, 10);
  });

  test('a site without response has no score', () => {
    expect(score([site(0, 1), [unit(0, 0), unit(1, 0)]])).toBeNull();
  });

  test('a participation ratio: of equal directions their number, of one 1, of 3 to 1 in energy 1.6', () => {
    const ratio = (rows: number[][]): number | null => participationRatio(sums([rows]).unbiased(), 0);
    expect(ratio(site(0, 1, 2))).toBeCloseTo(3, 12);
    expect(ratio(site(5, 5))).toBeCloseTo(1, 12);
    expect(ratio([unit(0, Math.sqrt(3)), unit(1)])).toBeCloseTo(16 / 10, 12);
  });

  test('over all draws of 2 of 3 kernels it is the average of moments over the three draws', () => {
    const rows = [unit(0, 2), unit(0), unit(1)];
    const draws = [
      [0, 1],
      [0, 2],
      [1, 2],
    ].map((pair) => sums([pair.map((k) => rows[k]!)]).unbiased());
    const all = sums([rows], 2).unbiased();
    expect(all.squares[0]).toBeCloseTo(draws.reduce((t, draw) => t + draw.squares[0]!, 0) / 3, 12);
    expect(all.means[0]).toBeCloseTo(draws.reduce((t, draw) => t + draw.means[0]!, 0) / 3, 12);
  });
});

/**
 * Sites of four kernels, each its own mixture of the site's latent signals, which are drawn anew on each base with a strength that has
 * a long tail. `latents(site)` names them: what two sites share they have in common on every base.
 */
function drawn(seed: number, bases: number, latents: (site: number) => readonly number[], sites = 4): SignatureSet {
  const points = 24;
  const random = randomStream(seed, 'systemic simulation');
  const signals = Array.from({ length: bases }, () => {
    const strength = Math.exp(1.5 * random.normal());
    return Array.from({ length: 20 }, () => Float64Array.from({ length: points }, () => strength * random.normal()));
  });
  return signatureSet(
    Array.from({ length: sites }, (_, site) => ({
      site: `site${site}`,
      depth: site,
      kernels: 4,
      parts: signals.map((base) => [
        Float32Array.from(latents(site).flatMap((latent) => [...(base[latent] as Float64Array)])),
      ]),
    })),
  );
}
const kinds = {
  // Nothing in common; everything; two of four.
  orthogonal: { latents: (site: number) => [0, 1, 2, 3].map((i) => 4 * site + i), value: 0 },
  copies: { latents: () => [0, 1, 2, 3], value: 1 },
  // Of B sites that share h of r directions: r_all = (Br)² / (h·B² + B(r − h)); two sites, 2 of 4: 64/12.
  'half shared': { latents: (site: number) => [0, 1, 2 + 2 * site, 3 + 2 * site], value: (8 - 64 / 12) / 4, sites: 2 },
} as const;
const options = { seed: 2, sites: 4, kernels: 4 };
const of = (kind: keyof typeof kinds, seed: number, bases: number): SystemicRedundancy => {
  const { latents, ...rest } = kinds[kind];
  const value = systemicRedundancy(drawn(seed, bases, latents, 'sites' in rest ? rest.sites : 4), options);
  if (!value) throw new Error('no value');
  return value;
};

describe('systemic redundancy does not hang on the number of bases', () => {
  simulation.each([
    ['orthogonal', 16, 120],
    ['orthogonal', 64, 40],
    ['orthogonal', 256, 12],
    ['copies', 16, 40],
    ['copies', 256, 6],
    ['half shared', 16, 120],
    ['half shared', 64, 40],
    ['half shared', 256, 12],
  ] as const)('%s at %i bases', (kind, bases, repeats) => {
    const runs = Array.from({ length: repeats }, (_, seed) => of(kind, seed, bases).value);
    const mean = runs.reduce((sum, value) => sum + value, 0) / repeats;
    const spread = Math.sqrt(runs.reduce((sum, value) => sum + (value - mean) ** 2, 0) / (repeats - 1));
    expect(Math.abs(mean - kinds[kind].value)).toBeLessThan(3 * (spread / Math.sqrt(repeats)) + 0.003);
  });

  test('where the plug-in value does', () => {
    const [few, many] = [of('orthogonal', 1, 16), of('orthogonal', 1, 256)];
    expect(few.plugin).toBeGreaterThan(0.03);
    expect(many.plugin).toBeLessThan(0.004);
    expect(few.plugin).toBeGreaterThan(few.value);
  });

  simulation.each(['orthogonal', 'half shared'] as const)(
    'and its interval holds the value of many bases: %s',
    (kind) => {
      const repeats = 400;
      let held = 0;
      for (let seed = 0; seed < repeats; seed++) {
        const { low, high } = of(kind, seed, 24).interval!;
        if (low <= kinds[kind].value && kinds[kind].value <= high) held++;
      }
      const error = Math.sqrt((0.95 * 0.05) / repeats);
      expect(held / repeats).toBeGreaterThan(0.95 - 3 * error);
      expect(held / repeats).toBeLessThan(0.98 + 3 * error);
    },
  );
});

describe('stopping as soon as the bracket is narrow', () => {
  const waves = [12, 24, 48];
  /** Of the first wave that is narrow enough, or of the last. */
  const stopped = (kind: keyof typeof kinds, seed: number, sr: number) => {
    for (const bases of waves) {
      const value = of(kind, seed, bases);
      if (bases === waves.at(-1) || areNarrow({ same: null, far: null, sr: systemicBracket(value) }, { sr }))
        return { bases, value };
    }
    throw new Error('there is no wave');
  };

  simulation.each([
    ['orthogonal', 0.05],
    ['half shared', 0.004],
  ] as const)('leaves intervals that hold the value of many bases: %s, within %f', (kind, sr) => {
    const repeats = 200;
    const ended = Array.from({ length: repeats }, (_, seed) => stopped(kind, seed, sr));
    const held = ended.filter(
      ({ value: { interval } }) => interval!.low <= kinds[kind].value && kinds[kind].value <= interval!.high,
    ).length;
    // They do not all stop at one wave, so that stopping depends on what was seen.
    expect(new Set(ended.map(({ bases }) => bases)).size).toBeGreaterThan(1);
    expect(held / repeats).toBeGreaterThan(0.95 - 3 * Math.sqrt((0.95 * 0.05) / repeats));
  });
});

describe('systemic redundancy of planted networks', () => {
  const small = { seed: 2, sites: 4, kernels: 4 };
  test('sites are equally spaced among those that have enough kernels', () => {
    const random = stream('systemic');
    const mixed = planted([10, 2, 10, 10, 10, 2, 10, 10].map((count) => noiseRows(random, count)));
    expect(spacedSites(mixed, 3, 4)).toEqual([0, 4, 7]);
    expect(spacedSites(mixed, 99, 4)).toEqual([0, 2, 3, 4, 6, 7]);
  });

  test('too few kernels: null; the same seed, the same number', () => {
    const independent = planted(Array.from({ length: 6 }, () => noiseRows(stream('systemic'), 10)));
    expect(systemicRedundancy(independent, { ...small, kernels: 11 })).toBeNull();
    expect(systemicRedundancy(independent, small)).toEqual(systemicRedundancy(independent, small));
  });

  test('of a site wider than a pool a seeded part is taken, and what that may change is in the interval', () => {
    const random = stream('wide');
    const wide = systemicRedundancy(planted(Array.from({ length: 2 }, () => noiseRows(random, 80))), small)!;
    const whole = systemicRedundancy(planted(Array.from({ length: 2 }, () => noiseRows(random, 64))), small)!;
    expect(wide.poolVariance).toBeGreaterThan(0);
    expect(whole.poolVariance).toBe(0);
  });
});

describe('the excess over nulls', () => {
  const like = (value: number, leaveOneOut: number[] = []): SystemicRedundancy => ({
    value,
    plugin: null,
    interval: null,
    sites: 2,
    kernels: 4,
    leaveOneOut,
    poolVariance: 0,
  });

  test('is the value less the nulls’ mean, with the share of networks that reach it', () => {
    const { excess, none, p } = systemicExcess(like(0.5), [like(0.1), like(0.2), like(0.6)])!;
    expect(none.value).toBeCloseTo(0.3, 12);
    expect(excess.value).toBeCloseTo(0.2, 12);
    expect(p).toBe(2 / 4);
    expect(systemicExcess(like(0.5), [])).toBeNull();
  });

  test('its interval holds what bases and nulls vary, paired by base, by hand', () => {
    // Without each base: own less the nulls' mean is 0.1, 0.3, 0.2; jackknife variance (2²/3)·0.01; nulls' 0.01/3.
    const nulls = [0.1, 0.2, 0.3].map((value) => like(value, [0.1, 0.1, 0.1]));
    const { excess } = systemicExcess(like(0.4, [0.2, 0.4, 0.3]), nulls)!;
    const error = Math.sqrt((4 / 3) * 0.01 + 0.01 / 3);
    // Student's quantile of 2 degrees of freedom: 4.302653.
    expect(excess.interval!.high - excess.value).toBeCloseTo(4.302652729911275 * error, 9);
  });

  test('two nulls tell nothing of how nulls vary', () => {
    const nulls = [like(0.1, [0.1, 0.1, 0.1]), like(0.2, [0.1, 0.1, 0.1])];
    expect(systemicExcess(like(0.5, [0.5, 0.5, 0.5]), nulls)!.excess.interval).toBeNull();
  });

  simulation('a null that is scored as a network gives uniform p', () => {
    const counts = new Map<number, number>();
    for (let study = 0; study < 60; study++) {
      const networks = Array.from({ length: 5 }, (_, i) => of('orthogonal', 1_000 * study + i, 16));
      const { p } = systemicExcess(networks[0]!, networks.slice(1))!;
      counts.set(p, (counts.get(p) ?? 0) + 1);
    }
    // 60 studies over 5 values: 12 each, with deviation 3.1.
    for (const p of [0.2, 0.4, 0.6, 0.8, 1]) expect(Math.abs((counts.get(p) ?? 0) - 12)).toBeLessThan(10);
  });
});
