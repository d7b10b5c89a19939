import { parseArgs } from 'node:util';
import { analyseStudy } from '../core/study/analysing/analyse.js';
import type { ModelOutline } from '../core/plan/outline.js';
import { triedConditions } from '../core/plan/trial.js';
import { Catalog } from '../core/study/catalog.js';
import { loadOutlines } from '../core/study/reading/outlines.js';
import { clipped } from '../core/study/planning/settle.js';
import { exactKernels, kernelStudy, lookAtStudy, type Exact, type KernelSubject } from './exact-kernels.js';
import type { StopRow } from '../core/tables/schema.js';
import { record, recordOptions, type Figure } from './record.js';
import { printSpread, spreadOf, type Spread } from './spread.js';

/** Which kernels do the most damage: every kernel on every image, against `stop: { top }`. */
const { values: flags } = parseArgs({
  options: {
    model: { type: 'string', default: 'cifar10_resnet20' },
    layers: { type: 'string', default: '*' },
    images: { type: 'string', default: '500,4500' },
    top: { type: 'string', default: '20' },
    epsilon: { type: 'string', default: '0.05' },
    confidence: { type: 'string', default: '0.95' },
    clips: { type: 'string', default: '1,4' },
    seeds: { type: 'string', default: '1,2,3,4,5' },
    by: { type: 'string', default: 'preview,images' },
    threads: { type: 'string', default: '2' },
    data: { type: 'string', default: '../shared/data' },
    ...recordOptions,
  },
});

const say = (line = ''): void => void process.stdout.write(`${line}\n`);
const numbers = (text: string): readonly number[] => text.split(',').map(Number);

/** At least so many times fewer images through lesioned networks, by what is known of images before, and what is aimed at. */
const marks: Readonly<Record<string, number>> = { preview: 9.52, images: 4 };
const AIM = 10;

const subject: KernelSubject = {
  model: flags.model,
  layers: flags.layers,
  data: flags.data,
  slots: Number(flags.threads),
};

const mean = (values: ArrayLike<number>): number => {
  let total = 0;
  for (let i = 0; i < values.length; i++) total += values[i] as number;
  return total / values.length;
};

/** How far the worst of those chosen falls short of the k-th largest. */
function shortfall(chosen: readonly number[], means: readonly number[]): number {
  const least = means.toSorted((a, b) => b - a)[chosen.length - 1] as number;
  return least - Math.min(...chosen.map((index) => means[index] as number));
}

interface Adaptive {
  readonly evaluations: number;
  readonly seconds: number;
  readonly shortfall: number;
}

/** One adaptive study. @throws Error where what it found is not right within epsilon: no ratio is worth printing then. */
async function adaptive(images: number, clip: number, by: string, seed: number, exact: Exact): Promise<Adaptive> {
  const [top, epsilon] = [Number(flags.top), Number(flags.epsilon)];
  const stop = `, stop: { top: ${top}, epsilon: ${epsilon}, confidence: ${flags.confidence}, clip: ${clip}, by: ${by} }`;
  const [{ stops: rows, tried }, seconds] = await lookAtStudy(
    kernelStudy(subject, 'adaptive', images, seed, stop),
    subject.slots,
    async (ledger, ref) => {
      const catalog = new Catalog((digest) => ledger.getBlob(digest));
      const stops: StopRow[] = [];
      await analyseStudy(ledger, catalog, ref, {
        append: (table, list) => {
          if (table === 'stops') for (const row of list) stops.push(row as StopRow);
          return Promise.resolve();
        },
      });
      const { models } = await loadOutlines(ledger, catalog, ref, { scores: {} });
      return { stops, tried: triedImages(models) };
    },
  );
  const chosen = rows.filter((row) => row.place === 'top').map((row) => row.index);
  if (rows.length !== exact.kl.length || chosen.length !== top)
    throw new Error(`${chosen.length} of ${top} were chosen`);
  const bounded = shortfall(
    chosen,
    exact.kl.map((kl) => mean(clipped(kl, clip))),
  );
  const whole = shortfall(
    chosen,
    exact.kl.map((kl) => mean(kl)),
  );
  if (bounded > epsilon || whole > epsilon) {
    throw new Error(
      `seed ${seed}: a chosen kernel falls ${bounded.toFixed(4)} nat short of the ${top}th in clipped KL, ${whole.toFixed(4)} in KL: more than ε = ${epsilon}`,
    );
  }
  return { evaluations: rows.reduce((sum, row) => sum + row.images, tried), seconds, shortfall: whole };
}

/** Images through lesioned networks by which predictions are tried. */
const triedImages = (models: readonly ModelOutline[]): number =>
  models.reduce(
    (sum, { trial, ablations }) => sum + (trial?.images ?? 0) * triedConditions(ablations[0]?.list?.length ?? 0).length,
    0,
  );

const figures: Figure[] = [];

/** @param mark what the figure is held to: that of the first clip is, the others show what a larger one costs. */
function report(what: string, times: Spread, seconds: Spread, worst: number, mark: number | undefined): void {
  say(
    `  ${what}: ${printSpread(times)} times fewer evaluations${mark === undefined ? '' : `, mark ${mark}, aim ${AIM}`}; time ${printSpread(seconds)}×;`,
  );
  say(`    the worst of the chosen falls at most ${worst.toFixed(4)} nat short in unclipped exact KL`);
  figures.push(
    {
      what: `${what}: fewer images through lesioned networks`,
      value: times,
      unit: '×',
      ...(mark === undefined ? {} : { mark, aim: AIM }),
    },
    { what: `${what}: time of the whole sweep`, value: seconds, unit: '×' },
  );
}

for (const images of numbers(flags.images)) {
  const exact = await exactKernels(subject, images);
  const all = exact.kl.length * images;
  say(
    `\n${flags.model}: ${exact.kl.length} kernels × ${images} images, fill zero: ${all} evaluations, ${exact.seconds.toFixed(1)} s`,
  );
  for (const [i, clip] of numbers(flags.clips).entries()) {
    for (const by of flags.by.split(',')) {
      const runs: Adaptive[] = [];
      for (const seed of numbers(flags.seeds)) runs.push(await adaptive(images, clip, by, seed, exact));
      report(
        `${flags.model}, top ${flags.top} of ${exact.kl.length} kernels within ${flags.epsilon} nat on ${images} images, clip ${clip}, by ${by}`,
        spreadOf(runs.map(({ evaluations }) => all / evaluations)),
        spreadOf(runs.map(({ seconds }) => exact.seconds / seconds)),
        Math.max(...runs.map((run) => run.shortfall)),
        i === 0 ? marks[by] : undefined,
      );
    }
  }
}
await record('adaptive', flags, numbers(flags.seeds).length, figures);
