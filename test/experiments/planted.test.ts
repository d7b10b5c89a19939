import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { kernelMeasureNames } from '../../core/analysis/kernel-measures.js';
import { similarityNames } from '../../core/analysis/similarity.js';
import type { Engine } from '../../core/engine/engine.js';
import { openEngine } from '../../core/engine/open.js';
import { buildGraph } from '../../core/network/build.js';
import { randomStream } from '../../core/random.js';
import { fills } from '../../core/spec/words/fills.js';
import { float32 } from '../../core/tensor.js';
import { wordsOf } from '../../core/word-table.js';
import { chainOf, PlantedChain } from '../../experiments/planted/chain.js';
import { kindNames, kindOf, type KindName, type Unit } from '../../experiments/planted/kinds.js';
import {
  plantAlone,
  plantKind,
  randomInstead,
  type PlantedNetwork,
  type Soil,
} from '../../experiments/planted/networks.js';
import { betweenMeasures, relativeNames, relatives } from '../../experiments/planted/relatives.js';
import { loudest, plantRepairs, repairMeasures, repairNames } from '../../experiments/planted/repairs.js';
import { allPairMeasures, Lesions, scoreOf, valueOf, type Images } from '../../experiments/planted/scores.js';
import { replaceabilities } from '../../experiments/planted/suite.js';
import { alsoTrained, plots, sourcesOf, trained, trainedNetwork } from '../../experiments/planted/soil.js';

const random = randomStream(1, 'planted suite');
/** Smooth enough that kernels respond: blocks of four pixels. */
const images: Images = float32(
  [8, 28, 28, 1],
  Array.from({ length: 8 }, () => Array.from({ length: 49 }, () => random.uniform())).flatMap((blocks) =>
    Array.from({ length: 784 }, (_, p) => blocks[7 * Math.floor(p / 112) + Math.floor((p % 28) / 4)] as number),
  ),
);

const labels = Array.from({ length: 8 }, (_, i) => i);

async function planting<T>(work: (engine: Engine, soil: Soil) => Promise<T>): Promise<T> {
  const engine = await openEngine({ engine: 'onnxruntime', precision: 'float32', device: 'cpu' });
  try {
    const graph = await trainedNetwork();
    return await work(engine, {
      graph,
      plots,
      sources: await sourcesOf(engine, graph, images),
      seed: 7,
      instances: 2,
    });
  } finally {
    await engine.close();
  }
}

/** The activations of some kernels on all images. */
async function activations(engine: Engine, chain: PlantedChain, units: readonly Unit[]): Promise<readonly number[][]> {
  const found: number[][] = [];
  for (const [layer, channel] of units) {
    const built = chain.build();
    const { name, inputs, nodes, constants } = built;
    const { site } = chain.layers[layer]!;
    const outputs = [site];
    const values = await valueOf(engine, buildGraph({ name, inputs, nodes, constants, outputs }), images);
    const [, channels, height, width] = built.shapes.get(site) as [number, number, number, number];
    const area = height * width;
    found.push(Array.from(values).filter((_, i) => Math.floor(i / area) % channels === channel));
  }
  return found;
}

const apart = (a: ArrayLike<number>, b: ArrayLike<number>): number =>
  Array.from(a).reduce((most, value, i) => Math.max(most, Math.abs(value - b[i]!)), 0);
const mean = (values: Float64Array): number => values.reduce((sum, value) => sum + value, 0) / values.length;
const pairsOf = ({ instances }: PlantedNetwork): (readonly [Unit, Unit])[] =>
  instances.flatMap(({ pair }) => (pair ? [pair] : []));

describe('planted networks', { timeout: 60_000 }, () => {
  test('answer as the trained one where what is planted has no part in the answer, or shares it', async () => {
    await planting(async (engine, soil) => {
      const intact = await valueOf(engine, new PlantedChain(soil.graph).build(), images);
      expect(apart(intact, await valueOf(engine, soil.graph, images))).toBe(0);
      const shared: readonly KindName[] = ['split copy', 'split, rescaled'];
      for (const kind of kindNames.filter((name) => kindOf(name).against === 'idle' || shared.includes(name))) {
        const planted = await valueOf(engine, plantKind(soil, kind).chain.build(), images);
        expect([kind, apart(planted, intact) < 1e-4]).toEqual([kind, true]);
      }
    });
  });

  test('hold what they say: copies are their source, dead kernels are silent, mixtures are neither', async () => {
    await planting(async (engine, soil) => {
      const sources = soil.sources.slice(0, 2).map(({ kernel }): Unit => [plots.first, kernel]);
      const of = async (kind: KindName): Promise<readonly [readonly number[][], readonly number[][]]> => {
        const { chain, instances } = plantKind(soil, kind);
        return [
          await activations(
            engine,
            chain,
            instances.map(({ units }) => units[0]!),
          ),
          await activations(engine, chain, sources),
        ];
      };
      for (const [kind, factor] of [
        ['idle copy', 1],
        ['rescaled', 3],
        ['split, rescaled', 3],
        ['carried copy', 1],
      ] as const) {
        const [planted, copied] = await of(kind);
        planted.forEach((values, i) =>
          expect(
            apart(
              values,
              copied[i]!.map((value) => factor * value),
            ),
          ).toBeLessThan(1e-4),
        );
        for (const values of copied) expect(Math.max(...values)).toBeGreaterThan(0.01);
      }
      const [dead] = await of('dead');
      for (const values of dead) expect(Math.max(...values)).toBe(0);
      const [shifted, unshifted] = await of('shifted');
      // The kernel one row lower sees one row less of its window: alike, but not equal.
      expect(apart(shifted[0]!, unshifted[0]!)).toBeGreaterThan(0.01);
      const [twice, source] = await of('carried twice');
      // Behind a pool of two by two the largest of four is left.
      const pooled = (values: readonly number[]): number[] =>
        Array.from({ length: values.length / 4 }, (_, i) => {
          const [image, row, column] = [Math.floor(i / 49), Math.floor((i % 49) / 7), i % 7];
          const at = (r: number, c: number): number =>
            values[image * 196 + (2 * row + r) * 14 + 2 * column + c] as number;
          return Math.max(at(0, 0), at(0, 1), at(1, 0), at(1, 1));
        });
      expect(
        apart(
          twice[0]!,
          pooled(source[0]!).map((value) => 2 * value),
        ),
      ).toBeLessThan(1e-4);
    });
  });

  test('back each other up as they say: each of a pair is free, both are not, and the excess is all of it', async () => {
    await planting(async (engine, soil) => {
      for (const kind of ['gated back-up', 'back-up across only'] as const) {
        const network = plantKind(soil, kind);
        const lesions = new Lesions(engine, network.chain, images, labels, trained.classes);
        for (const [a, b] of pairsOf(network)) {
          const [one, other, both] = [
            mean(await lesions.kl(a)),
            mean(await lesions.kl(b)),
            mean(await lesions.kl(a, b)),
          ];
          expect([kind, one < 1e-8, other < 1e-8, both > 1e-5]).toEqual([kind, true, true, true]);
          expect(mean(await lesions.excess(a, b)) / both).toBeCloseTo(1, 2);
        }
      }
      // Across only: no two kernels of the first layer cover for each other.
      const network = plantKind(soil, 'back-up across only');
      const lesions = new Lesions(engine, network.chain, images, labels, trained.classes);
      const [a, gate] = pairsOf(network)[0]!;
      const part: Unit = [a[0], a[1] + 1];
      expect(mean(await lesions.excess(a, part))).toBeLessThan(0.1 * mean(await lesions.excess(a, gate)));
    });
  });

  test('within only: each of a pair costs little, both much; what makes their sum is needed', async () => {
    await planting(async (engine, soil) => {
      const network = plantKind(soil, 'back-up within only');
      const lesions = new Lesions(engine, network.chain, images, labels, trained.classes);
      for (const [a, b] of pairsOf(network)) {
        const both = mean(await lesions.kl(a, b));
        expect(mean(await lesions.kl(a))).toBeLessThan(0.5 * both);
        expect(mean(await lesions.excess(a, b))).toBeGreaterThan(0);
      }
    });
  });
});

describe('other networks of the suite', { timeout: 60_000 }, () => {
  test('random kernels in the place of planted ones are as many at each layer, and have no part in the answer', async () => {
    await planting(async (engine, soil) => {
      const intact = await valueOf(engine, soil.graph, images);
      for (const kind of ['carried twice', 'back-up within only'] as const) {
        const { chain } = plantAlone(soil, kind);
        const instead = randomInstead(soil, chain);
        expect(instead.added).toEqual(chain.added);
        expect(instead.added.some((count) => count > 0)).toBe(true);
        expect(apart(await valueOf(engine, instead.build(), images), intact)).toBeLessThan(1e-4);
      }
    });
  });

  test('a network beside the trained one holds its layer as far as it says: renamed kernels answer alike, others do not', async () => {
    await planting(async (engine, soil) => {
      const intact = await valueOf(engine, soil.graph, images);
      const same: readonly string[] = ['itself', 'renamed'];
      for (const name of relativeNames.filter((one) => one !== 'trained anew' && one !== 'shuffled')) {
        const graph = relatives[name].make({ soil, engine, random: randomStream(1, name) });
        const answers = await valueOf(engine, graph, images);
        expect([name, apart(answers, intact) < 1e-4]).toEqual([name, same.includes(name)]);
      }
      const renamed = relatives.renamed.make({ soil, engine, random: randomStream(1) });
      const weights = chainOf(soil.graph)[plots.first]!.node.inputs[1]!;
      expect(renamed.constants.get(weights)).not.toEqual(soil.graph.constants.get(weights));
    });
  });

  test('blocks that carry channels to the head leave the answer as it is; without one it is what later blocks make of it', async () => {
    const engine = await openEngine({ engine: 'onnxruntime', precision: 'float32', device: 'cpu' });
    try {
      const graph = await trainedNetwork(alsoTrained.residual);
      const carried = loudest(graph, 2);
      const intact = await valueOf(engine, graph, images);
      const without = (planted: typeof graph): typeof graph => {
        const id = 'planted.carry0.2.weight';
        const { shape, data } = planted.constants.get(id)!;
        return {
          ...planted,
          constants: new Map(planted.constants).set(id, float32(shape, new Float32Array(data.length))),
        };
      };
      const lost = async (kind: (typeof repairNames)[number]): Promise<number> => {
        const planted = plantRepairs(graph, kind, carried);
        expect(apart(await valueOf(engine, planted, images), intact)).toBeLessThan(1e-4);
        return apart(await valueOf(engine, without(planted), images), intact);
      };
      const whole = await lost('not at all');
      expect(whole).toBeGreaterThan(0.01);
      expect(await lost('repaired')).toBeLessThan(1e-4);
      expect(await lost('by two')).toBeLessThan(1e-4);
      expect((await lost('in part')) / whole).toBeCloseTo(0.5, 3);
      expect((await lost('enlarged')) / whole).toBeCloseTo(2, 3);
    } finally {
      await engine.close();
    }
  });
});

test('a score is the median, and how often one of the kind has more than one of the noise, ties half', () => {
  expect(scoreOf([3, 1, null, 2], [0, 2, null])).toEqual({ median: 2, auroc: (2 + 1 + 1.5) / 6 });
  expect(scoreOf([1], [])).toEqual({ median: 1, auroc: null });
  expect(scoreOf([null], [1])).toEqual({ median: null, auroc: null });
});

test('the table in the science has every measure and every kind: a new one belongs there, by a run of the suite', () => {
  const page = readFileSync('docs/science.md', 'utf8');
  const part = page.slice(
    page.indexOf('## Planted truth'),
    page.indexOf('\n## ', page.indexOf('## Planted truth') + 1),
  );
  const rows = part.split('\n').filter((line) => line.startsWith('| '));
  const first = new Set(rows.map((line) => line.split(' | ')[0]!.slice(2)));
  const measures = [
    ...kernelMeasureNames,
    ...wordsOf(fills).flatMap((fill) => [`KL, ${fill}`, `preview, ${fill}`]),
    ...Object.keys(replaceabilities),
    ...allPairMeasures.map(({ name }) => name),
    ...similarityNames,
    'SR',
    ...Object.keys(betweenMeasures),
    ...Object.keys(repairMeasures),
  ];
  expect(measures.filter((name) => !first.has(name))).toEqual([]);
  expect([...kindNames, ...relativeNames, ...repairNames].filter((name) => !first.has(name))).toEqual([]);
});
