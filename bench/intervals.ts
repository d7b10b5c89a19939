import { parseArgs } from 'node:util';
import { meanInterval, skewedInterval, studentInterval, thirdMomentOfMean } from '../core/analysis/interval.js';
import { quantile, sum, variance } from '../core/analysis/moments.js';
import { randomStream, type RandomStream } from '../core/random.js';
import { exactKernels } from './exact-kernels.js';
import './flags.js';

/** How often intervals of a mean hold it: of made-up distributions with long tails, and of the KL of real kernels. */
const { values: flags } = parseArgs({
  options: {
    sizes: { type: 'string', default: '100,250,500,4500' },
    repeats: { type: 'string', default: '4000' },
    resamples: { type: 'string', default: '399' },
    model: { type: 'string', default: 'cifar10_resnet20' },
    layers: { type: 'string', default: 'layer*.1.conv*' },
    images: { type: 'string', default: '4500' },
    threads: { type: 'string', default: '2' },
    data: { type: 'string', default: '../shared/data' },
    seed: { type: 'string', default: '1' },
  },
});

const say = (line = ''): void => void process.stdout.write(`${line}\n`);
type Ends = { readonly low: number; readonly high: number } | null;

interface Method {
  readonly name: string;
  /** Of how many samples, of those that the others get: resampling is slow. */
  readonly share: number;
  readonly interval: (values: Float64Array, random: RandomStream) => Ends;
}

/** Moments of a sample, as the methods want them. */
function moments(values: Float64Array): { mean: number; error: number; skewness: number } {
  const n = values.length;
  const error = Math.sqrt((variance(values) ?? 0) / n);
  const skewness = error === 0 ? 0 : thirdMomentOfMean(values) / error ** 3;
  return { mean: sum(values) / n, error, skewness };
}

/** The studentised bootstrap (Efron 1982; Hall, The Bootstrap and Edgeworth Expansion, 1992). */
function studentised(values: Float64Array, random: RandomStream): Ends {
  const n = values.length;
  const { mean, error } = moments(values);
  if (error === 0) return { low: mean, high: mean };
  const drawn = new Float64Array(n);
  const ratios: number[] = [];
  for (let b = 0; b < Number(flags.resamples); b++) {
    for (let i = 0; i < n; i++) drawn[i] = values[random.below(n)] as number;
    const again = moments(drawn);
    if (again.error > 0) ratios.push((again.mean - mean) / again.error);
  }
  ratios.sort((a, b) => a - b);
  return { low: mean - quantile(ratios, 0.975) * error, high: mean - quantile(ratios, 0.025) * error };
}

/** Hall's interval, with so many times the skewness on the side of the long tail. */
const hall = (name: string, tail: number): Method => ({
  name,
  share: 1,
  interval: (values) => {
    const { mean, error, skewness } = moments(values);
    return skewedInterval(mean, error, skewness, values.length - 1, 0.95, undefined, undefined, tail);
  },
});

const methods: readonly Method[] = [
  {
    name: 'Student',
    share: 1,
    interval: (values) => {
      const { mean, error } = moments(values);
      return studentInterval(mean, error, values.length - 1);
    },
  },
  hall('Hall', 1),
  { name: 'studentised bootstrap', share: 0.1, interval: studentised },
  hall('Hall, tail × 1.25', 1.25),
  { name: 'Hall, tail × 1.5 (used)', share: 1, interval: (values) => meanInterval(values) },
];

interface Source {
  readonly name: string;
  readonly mean: number;
  readonly draw: (random: RandomStream) => number;
}

const lognormal = (sigma: number, share = 1): Source => ({
  name: `${share === 1 ? '' : `${100 * share} % of them, else 0: `}lognormal, σ = ${sigma}`,
  mean: share * Math.exp(sigma ** 2 / 2),
  draw: (random) => (share < 1 && random.uniform() >= share ? 0 : Math.exp(sigma * random.normal())),
});

const made: readonly Source[] = [
  { name: 'normal', mean: 1, draw: (random) => 1 + random.normal() },
  lognormal(0.5),
  lognormal(1),
  lognormal(1.5),
  lognormal(2),
  lognormal(1.5, 0.3),
];

/** The share of samples whose interval holds the mean, by method. */
function coverage(source: Source, size: number, repeats: number): readonly number[] {
  const held = methods.map(() => 0);
  const values = new Float64Array(size);
  for (let r = 0; r < repeats; r++) {
    const random = randomStream(flags.seed, 'intervals', source.name, size, r);
    for (let i = 0; i < size; i++) values[i] = source.draw(random);
    for (const [m, { share, interval }] of methods.entries()) {
      if (r >= share * repeats) continue;
      const ends = interval(values, random);
      if (ends && ends.low <= source.mean && source.mean <= ends.high) held[m] = (held[m] as number) + 1;
    }
  }
  return held.map((count, m) => count / Math.ceil(repeats * (methods[m] as Method).share));
}

const row = (cells: readonly string[]): void => say(`| ${cells.join(' | ')} |`);
const print = (values: readonly number[]): readonly string[] => values.map((value) => value.toFixed(3));

const repeats = Number(flags.repeats);
row(['values', 'mean of', ...methods.map(({ name }) => name)]);
row(['---', '---', ...methods.map(() => '---')]);
for (const size of flags.sizes.split(',').map(Number)) {
  for (const source of made) {
    const times = Math.max(400, Math.min(repeats, Math.floor((2_000_000 * repeats) / 4_000 / size)));
    row([String(size), source.name, ...print(coverage(source, size, times))]);
  }
}

const images = Number(flags.images);
if (images > 0) {
  const subject = { model: flags.model, layers: flags.layers, data: flags.data, slots: Number(flags.threads) };
  const { kl } = await exactKernels(subject, images);
  const kernels = kl.filter((values) => values.some((value) => value > 0));
  for (const size of [100, 250, 500]) {
    const each = kernels.map((values, k): readonly number[] => {
      const source = {
        name: `kernel ${k}`,
        mean: sum(values) / values.length,
        draw: (random: RandomStream): number => values[random.below(values.length)] as number,
      };
      return coverage(source, size, Math.max(100, repeats / 10));
    });
    const of = (pick: (ascending: readonly number[]) => number): readonly number[] =>
      methods.map((_, m) => pick(each.map((values) => values[m] as number).toSorted((a, b) => a - b)));
    const name = `KL of ${kernels.length} kernels of ${flags.model} on ${images} images`;
    row([String(size), `${name}: mean coverage`, ...print(of((values) => sum(values) / values.length))]);
    row([String(size), `${name}: that of the worst twentieth`, ...print(of((values) => quantile(values, 0.05)))]);
  }
}
