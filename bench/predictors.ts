import { parseArgs } from 'node:util';
import { judgePredictions } from '../core/analysis/leading.js';
import { sum } from '../core/analysis/moments.js';
import { predictDamage, type PredictedKernel, type PredictedSite } from '../core/analysis/predictor.js';
import { betweenVariance } from '../core/analysis/random-effects.js';
import { rankZ, spearman } from '../core/analysis/rank.js';
import { normalQuantile, studentQuantile } from '../core/analysis/special.js';
import { randomStream, type RandomStream } from '../core/random.js';
import { mistake } from './flags.js';

/** How often intervals of a predictor's correlation hold it, and how often a predictor is called the best that is not. */
const { values: flags } = parseArgs({
  options: {
    repeats: { type: 'string', default: '2000' },
    seed: { type: 'string', default: '1' },
    tables: { type: 'string', default: 'intervals,images,best' },
  },
});
const repeats = Number(flags.repeats);
const row = (cells: readonly (string | number)[]): void => void process.stdout.write(`| ${cells.join(' | ')} |\n`);
const share = (hits: number, of: number): string => (hits / of).toFixed(3);

interface Ends {
  readonly low: number;
  readonly high: number;
}
interface Site {
  readonly rho: number;
  readonly size: number;
}

/** Pearson's correlation of two normal values whose rank correlation is ρ (Kruskal, JASA 53, 1958). */
const ofNormals = (rho: number): number => 2 * Math.sin((Math.PI * rho) / 6);

/** A site whose kernels' damage has these rank correlations with predictors `0`, `1`, …, which are alike but for that. */
function siteOf(name: number, size: number, rhos: readonly number[], random: RandomStream): PredictedSite {
  return {
    site: String(name),
    kernels: Array.from({ length: size }, (): PredictedKernel => {
      const damage = random.normal();
      const values = rhos.map((rho): number => {
        const p = ofNormals(rho);
        return p * damage + Math.sqrt(1 - p * p) * random.normal();
      });
      return { damage: [Math.exp(damage)], predictors: Object.fromEntries(values.map((x, i) => [String(i), x])) };
    }),
  };
}

const observed = ({ kernels }: PredictedSite): Site => ({
  size: kernels.length,
  rho: spearman(
    kernels.map(({ predictors }) => predictors['0'] as number),
    kernels.map(({ damage }) => damage[0] as number),
  ) as number,
});

/** What was used before: sites differ by chance only, weighted by size − 3 (Hedges and Olkin 1985). */
function commonEffect(sites: readonly Site[]): Ends {
  const total = sum(sites.map(({ size }) => size - 3));
  const z = sum(sites.map(({ rho, size }) => (size - 3) * rankZ(rho, size))) / total;
  const half = normalQuantile(0.975) * Math.sqrt(1.06 / total);
  return { low: Math.tanh(z - half), high: Math.tanh(z + half) };
}

/** Weights 1/(variance + τ²) after Paule and Mandel, error after Hartung and Knapp (Statistics in Medicine 20, 2001). */
function hartungKnapp(sites: readonly Site[]): Ends {
  const groups = sites.map(({ rho, size }) => ({ value: rankZ(rho, size), variance: 1.06 / (size - 3) }));
  const between = betweenVariance(groups) as number;
  const weights = groups.map(({ variance }) => 1 / (variance + between));
  const total = sum(weights);
  const z = sum(groups.map(({ value }, g) => (weights[g] as number) * value)) / total;
  const q = sum(groups.map(({ value }, g) => (weights[g] as number) * (value - z) ** 2)) / (groups.length - 1);
  const half = studentQuantile(0.975, groups.length - 1) * Math.sqrt(q / total);
  return { low: Math.tanh(z - half), high: Math.tanh(z + half) };
}

/** What the product does, for the first predictor. */
function used(sites: readonly PredictedSite[], bootstrap = 0): Ends {
  const family = predictDamage(sites, ['0'], { seed: 1, covariates: [], bootstrap, splits: 1 });
  return judgePredictions([family])[0]?.[0]?.interval as Ends;
}

const holds = ({ low, high }: Ends, value: number): boolean => low <= value && value <= high;

/** Mean over sites like these of what a site of its size shows, on average over kernels: what small sites show is nearer to 0. */
function shown(rho: number, tau: number, sizes: readonly number[]): number {
  const random = randomStream(flags.seed, 'shown', rho, tau, sizes.join());
  const draws = 20_000;
  const z = sum(
    Array.from({ length: draws }, (_, i) => {
      const site = observed(
        siteOf(0, sizes[i % sizes.length] as number, [Math.tanh(Math.atanh(rho) + tau * random.normal())], random),
      );
      return rankZ(site.rho, site.size);
    }),
  );
  return Math.tanh(z / draws);
}

function intervals(): void {
  row([
    'kernels a site',
    'ρ',
    'sites',
    'common effect',
    'Hartung and Knapp',
    'equal weights (used)',
    'used, of sites of such sizes',
  ]);
  row(Array.from({ length: 7 }, () => '---'));
  for (const sizes of [[16], [4, 8, 16, 32, 64]]) {
    for (const rho of [0, 0.5, 0.9]) {
      for (const tau of [0, 0.3]) {
        const ofSizes = shown(rho, tau, sizes);
        for (const count of [3, 5, 20]) {
          const hits = [0, 0, 0, 0];
          for (let r = 0; r < repeats; r++) {
            const random = randomStream(flags.seed, 'sites', sizes.join(), rho, tau, count, r);
            const sites = Array.from({ length: count }, (_, s) => {
              const own = Math.tanh(Math.atanh(rho) + tau * random.normal());
              return siteOf(s, sizes[s % sizes.length] as number, [own], random);
            });
            const seen = sites.map(observed);
            const mine = used(sites);
            const held = [
              holds(commonEffect(seen), rho),
              holds(hartungKnapp(seen), rho),
              holds(mine, rho),
              holds(mine, ofSizes),
            ];
            held.forEach((yes, i) => (hits[i] = (hits[i] as number) + (yes ? 1 : 0)));
          }
          row([
            sizes.join(', '),
            `${rho}${tau > 0 ? ', differing' : ''}`,
            count,
            ...hits.map((n) => share(n, repeats)),
          ]);
        }
      }
    }
  }
}

/** Sites whose damage is of two kinds, of which the predictor sees one; images, the same for all, decide how much it counts. */
function inCommon(random: RandomStream, sites: number, kernels: number, factors: readonly number[]): PredictedSite[] {
  return Array.from({ length: sites }, (_, s) => ({
    site: String(s),
    kernels: Array.from({ length: kernels }, (): PredictedKernel => {
      const [other, seen] = [Math.exp(random.normal()), random.normal()];
      return {
        damage: factors.map((factor) => other + factor * Math.exp(seen)),
        predictors: { '0': seen },
      };
    }),
  }));
}

function images(): void {
  row(['images', 'sites', 'sites alone', 'with images in common (used)']);
  row(['---', '---', '---', '---']);
  const mean = Math.exp(1 / 2);
  const kernels = 32;
  const truth = observedMean(kernels, mean);
  for (const count of [100, 500]) {
    for (const sites of [5, 20]) {
      const times = Math.ceil(repeats / 5);
      const hits = [0, 0];
      for (let r = 0; r < times; r++) {
        const random = randomStream(flags.seed, 'images', count, sites, r);
        const factors = Array.from({ length: count }, () => Math.exp(random.normal()));
        const world = inCommon(random, sites, kernels, factors);
        if (holds(used(world, 0), truth)) hits[0] = (hits[0] as number) + 1;
        if (holds(used(world, 200), truth)) hits[1] = (hits[1] as number) + 1;
      }
      row([count, sites, ...hits.map((n) => share(n, times))]);
    }
  }
}

/** What sites show on endless images. */
function observedMean(kernels: number, factor: number): number {
  const random = randomStream(flags.seed, 'endless');
  const z = inCommon(random, 5_000, kernels, [factor]).map((site) => rankZ(observed(site).rho, kernels));
  return Math.tanh(sum(z) / z.length);
}

function best(): void {
  row(['predictors', 'ρ', 'networks', 'sites', 'called best in some network']);
  row(['---', '---', '---', '---', '---']);
  const worlds = [
    { name: '0', rhos: [0, 0] },
    { name: '0', rhos: [0, 0, 0, 0, 0, 0, 0] },
    { name: '0.5', rhos: [0.5, 0.5] },
    { name: '0.5', rhos: [0.5, 0.5, 0.5, 0.5, 0.5, 0.5, 0.5] },
    { name: '0.7, others 0.3', rhos: [0.7, 0.3, 0.3, 0.3, 0.3, 0.3, 0.3] },
  ];
  for (const { name, rhos } of worlds) {
    for (const networks of [1, 3]) {
      for (const sites of [3, 20]) {
        let called = 0;
        for (let r = 0; r < repeats; r++) {
          const random = randomStream(flags.seed, 'best', rhos.join(), networks, sites, r);
          const names = rhos.map((_, i) => String(i));
          const families = Array.from({ length: networks }, () =>
            predictDamage(
              Array.from({ length: sites }, (_, s) => siteOf(s, 16, rhos, random)),
              names,
              { seed: 1, covariates: [], bootstrap: 0, splits: 1 },
            ),
          );
          if (
            judgePredictions(families)
              .flat()
              .some(({ lead }) => (lead?.low ?? 0) > 0)
          )
            called += 1;
        }
        row([rhos.length, name, networks, sites, share(called, repeats)]);
      }
    }
  }
}

const tables: Readonly<Record<string, () => void>> = { intervals, images, best };
for (const name of flags.tables.split(',')) {
  const print = Object.hasOwn(tables, name) ? tables[name] : undefined;
  if (!print) throw mistake(`--tables names no table ${name}; there are ${Object.keys(tables).join(', ')}`);
  print();
  process.stdout.write('\n');
}
