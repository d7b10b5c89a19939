import { describe, expect, test } from 'vitest';
import {
  cellBytes,
  defaultCost,
  makingSeconds,
  noWork,
  secondsFor,
  sumOf,
  usualCost,
  walkSeconds,
  type CostModel,
} from '../../core/plan/cost.js';
import type { ModelOutline } from '../../core/plan/outline.js';
import { sampleBelow, sampleOf, secondsOf, type PredictionContext, type Workload } from '../../core/plan/prediction.js';
import { outlinesOf } from './outlines.js';
import { ablationSpec, impulseSpec } from '../builders/specs.js';

/** Numbers that can be reckoned with by hand. */
const cost: CostModel = {
  macsPerSecond: 10,
  bytesPerSecond: 100,
  hostBytesPerSecond: 1000,
  secondsPerRow: 0.5,
  secondsPerRun: 2,
  secondsPerNode: 3,
  weightBytesPerSecond: 50,
  secondsPerProcess: 0,
};

describe('seconds', () => {
  const work = { macs: 20, bytes: 300, hostBytes: 4000, nodes: 4, weightBytes: 100 };

  test('of rows: sums, bytes, host and row, and one run for each 64 of them', () => {
    expect(secondsFor(100, work, cost)).toBeCloseTo(100 * (2 + 3 + 4 + 0.5) + 2 * 2, 9);
    expect(secondsFor(64, noWork, cost)).toBeCloseTo(32 + 2, 9);
    expect(secondsFor(65, noWork, cost)).toBeCloseTo(32.5 + 4, 9);
  });

  test('along the intact network are 2.2 times as many, and none where there is nothing to do', () => {
    expect(walkSeconds(100, work, cost)).toBeCloseTo(2.2 * 954, 9);
    expect(walkSeconds(100, { ...work, macs: 0, bytes: 0 }, cost)).toBe(0);
    expect(walkSeconds(100, { ...work, bytes: 0 }, cost)).toBeCloseTo(2.2 * 654, 9);
    expect(walkSeconds(100, { ...noWork, macs: 5, bytes: 5 }, cost)).toBeGreaterThan(0);
  });

  test('of making a program: its nodes and its weights', () => {
    expect(makingSeconds(work, cost)).toBeCloseTo(4 * 3 + 100 / 50, 9);
  });

  test('add up part by part', () => {
    const other = { macs: 1, bytes: 2, hostBytes: 3, nodes: 4, weightBytes: 5 };
    expect(sumOf(work, other)).toEqual({ macs: 21, bytes: 302, hostBytes: 4003, nodes: 8, weightBytes: 105 });
  });

  test('are a hundred times as many where sums are done in plain code', () => {
    const of = (engine: 'onnxruntime' | 'tfjs' | 'reference', device: 'cpu' | 'js') =>
      usualCost({ engine, precision: 'float32', device });
    for (const plain of [of('reference', 'cpu'), of('tfjs', 'js')]) {
      expect(plain).toEqual({ ...defaultCost, macsPerSecond: 3e8 });
    }
    for (const fast of [of('onnxruntime', 'cpu'), of('tfjs', 'cpu')]) expect(fast).toEqual(defaultCost);
  });

  test('are not bytes: a cell has ten a image, and 48', () => {
    expect(cellBytes(0)).toBe(48);
    expect(cellBytes(250)).toBe(2548);
  });
});

describe('a sample', () => {
  const upTo = (count: number) => Array.from({ length: count }, (_, i) => i);

  test('of few units is all of them, of many about 64, evenly spread', () => {
    for (const count of [0, 1, 64, 127]) {
      expect(sampleBelow(count)).toEqual({ count, sample: upTo(count) });
      expect(sampleOf(upTo(count))).toEqual({ count, sample: upTo(count) });
    }
    expect(sampleBelow(130)).toEqual({ count: 130, sample: upTo(65).map((i) => 2 * i) });
    expect(sampleOf(upTo(130).map((i) => i + 7))).toEqual({ count: 130, sample: upTo(65).map((i) => 2 * i + 7) });
    expect(sampleBelow(1000).sample).toEqual(upTo(67).map((i) => 15 * i));
    expect(sampleBelow(1e12).sample).toHaveLength(64);
  });
});

describe('the prediction of a unit', () => {
  /** Of 250 images: 2.5 s each and 4 runs, or 1, 1.5, … for what is behind a cut. */
  const images = 250;
  const macs = (count: number, nodes = 0, weightBytes = 0) => ({ ...noWork, macs: count, nodes, weightBytes });
  const whole = macs(20, 2, 50);
  const workload: Workload = {
    whole,
    behind: (site, single) => {
      if (site === 'conv1') return single ? macs(10, 1) : macs(15, 5);
      return single ? macs(5, 2, 50) : macs(7.5, 7);
    },
    ahead: (site, single) => (site === 'conv1' ? noWork : macs(single ? 5 : 10)),
    spread: () => macs(1),
  };
  const walk = 2.2 * (images * 2.5 + 4 * 2);
  const making = 2 * 3 + 50 / 50;
  const context = (run?: PredictionContext['run']): PredictionContext => ({
    cost,
    workload: () => workload,
    ...(run ? { run } : {}),
  });
  const seconds = (
    outline: ModelOutline | undefined,
    group: Omit<Parameters<typeof secondsOf>[0], 'images'>,
    count = 1,
    run?: PredictionContext['run'],
  ) => secondsOf({ ...group, images }, outline as ModelOutline, sampleBelow(count), context(run));

  test('of a baseline is a walk, and for the first chunk the making of its programs', () => {
    const [outline] = outlinesOf({});
    expect(seconds(outline, { kind: 'baseline', name: '', chunk: 0 })).toBeCloseTo(walk + making, 9);
    expect(seconds(outline, { kind: 'baseline', name: '', chunk: 1 })).toBeCloseTo(walk, 9);
  });

  test('of a profile is a walk of all reference images', () => {
    const [outline] = outlinesOf({});
    const referenceChunks = [250, 100].map((count, i) => ({ digest: `${i}`, images: count }));
    expect(
      seconds({ ...(outline as ModelOutline), referenceChunks }, { kind: 'profile', name: '', chunk: -1 }),
    ).toBeCloseTo(2.2 * (350 * 2.5 + 6 * 2) + making, 9);
  });

  test('of moments: products and fits on the host, and a walk of the reference images that the sites of a batch share', () => {
    const ablations = [ablationSpec({ models: ['small'], fill: ['substitute'] })];
    const [outline] = outlinesOf({ ablations });
    // 4 and 6 kernels at 8 × 8 and 4 × 4 places: half of all products, and 4 folds × 8 penalties of fits.
    const products = 250 * ((64 * (4 * 4)) / 2 + (16 * (6 * 6)) / 2);
    const fits = 32 * (1.5 * (4 ** 3 + 6 ** 3) + 4 ** 3 + 6 ** 3);
    const reference = 2.2 * (250 * 2.5 + 4 * 2);
    expect(seconds(outline, { kind: 'moments', name: '', chunk: -1 }, 2)).toBeCloseTo(
      ((products + fits) / 1000 + reference + making) / 2,
      9,
    );
  });

  test('of responses: a row for each impulse, what is recorded on the host, and programs in each process that shares them', () => {
    const [outline] = outlinesOf({ impulses: [impulseSpec({ name: 'other', at: ['conv1'] }), impulseSpec()] });
    // 3 channels, up and down; maps of 4 × 8 × 8 and 6 × 4 × 4 numbers, read or written 13 times.
    const own = 6 * (2.5 + (13 * 4 * (256 + 96)) / 1000) + 2;
    const group = { kind: 'responses', name: 'plain', chunk: -1 } as const;
    expect(seconds(outline, group, 2)).toBeCloseTo(own + making / 2, 9);
    const run = { processes: 4, batchSeconds: 100 };
    expect(own * 2).toBeGreaterThan(200);
    expect(seconds(outline, group, 2, run)).toBeCloseTo(own + (2 * making) / 2, 9);
    const at = impulseSpec({
      positions: [
        [0, 0],
        [1, 1],
        [2, 2],
      ],
    });
    const more = 18 * (2.5 + (13 * 4 * (256 + 96)) / 1000) + 2;
    expect(seconds(outlinesOf({ impulses: [at] })[0], group, 2)).toBeCloseTo(more + making / 2, 9);
  });

  test('of single kernels: what is behind them, their share of the walks and of the programs of either layer', () => {
    const [outline] = outlinesOf({ ablations: [ablationSpec({ models: ['small'], name: 'each' })] });
    const [conv1, conv2] = [images * 1.5 + 8, images * 1 + 8];
    const mean = (4 * conv1 + 6 * conv2) / 10;
    const ahead = 2.2 * (images * 1 + 8);
    const group = { kind: 'cells', name: 'each' } as const;
    expect(seconds(outline, { ...group, chunk: 0 }, 10)).toBeCloseTo(
      mean + (walk + making + ahead + 1 * 3 + (2 * 3 + 1)) / 10,
      9,
    );
    expect(seconds(outline, { ...group, chunk: 1 }, 10)).toBeCloseTo(mean + (walk + ahead) / 10, 9);
    // 3080 s in batches of 1000 are shared by four processes at most.
    expect(seconds(outline, { ...group, chunk: 1 }, 10, { processes: 9, batchSeconds: 1000 })).toBeCloseTo(
      mean + (4 * walk + ahead) / 10,
      9,
    );
  });

  test('of whole layers: what is behind many channels', () => {
    const [outline] = outlinesOf({ ablations: [ablationSpec({ models: ['small'], name: 'layers', unit: 'layer' })] });
    const mean = (images * 2 + 8 + images * 1.25 + 8) / 2;
    const ahead = 2.2 * (images * 1.5 + 8);
    const group = { kind: 'cells', name: 'layers' } as const;
    expect(seconds(outline, { ...group, chunk: 1 }, 2)).toBeCloseTo(mean + (walk + ahead) / 2, 9);
    expect(seconds(outline, { ...group, chunk: 0 }, 2)).toBeCloseTo(
      mean + (walk + making + ahead + 5 * 3 + 7 * 3) / 2,
      9,
    );
  });

  test('of two kernels of one layer is none of single ones; of two layers goes by the network between them', () => {
    const pairs = { within: ['layer', 'across'], budget: undefined } as const;
    const [outline] = outlinesOf({
      ablations: [ablationSpec({ models: ['small'], name: 'pairs', mode: 'pairs', pairs })],
    });
    const one = (index: number) =>
      secondsOf(
        { kind: 'cells', name: 'pairs', chunk: 1, images },
        outline as ModelOutline,
        { count: 1, sample: [index] },
        context(),
      );
    // 10 single kernels, 6 pairs of conv1, 15 of conv2, and 24 of both.
    const row = (perRow: number) => images * perRow + 8;
    const ahead = 2.2 * row(1.5);
    expect(one(10)).toBeCloseTo(row(2) + walk, 9);
    expect(one(16)).toBeCloseTo(row(1.25) + walk + ahead, 9);
    // The first of conv1 is another one than in the pair before: from there to conv2 7.5 MACs, and 4 × 8 × 8 numbers that are read and
    // written; behind conv2 7.5 more.
    const parted = row(0.5 + 1.5 + (2 * 4 * 256) / 1000);
    expect(one(31)).toBeCloseTo(parted + walk + ahead, 9);
    // The next one has the same kernel of conv1.
    expect(one(32)).toBeCloseTo(row(1.25) + walk + ahead, 9);
  });
});
