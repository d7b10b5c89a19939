import { jointDamage } from '../../core/analysis/additive.js';
import { interactionOf } from '../../core/analysis/interaction.js';
import { contrastOf } from '../../core/analysis/quadruples.js';
import { mean, quantile } from '../../core/analysis/moments.js';
import { divergence, logSoftmax } from '../../core/divergence.js';
import type { Engine } from '../../core/engine/engine.js';
import type { Graph } from '../../core/network/graph.js';
import type { Tensor } from '../../core/tensor.js';
import type { PairMeasureName } from '../../core/study/analysing/rows/pair.js';
import type { PlantedChain } from './chain.js';
import type { Unit } from './kinds.js';

/** Values of a kind beside those of what it is compared with. */
export interface Score {
  readonly median: number | null;
  /** Probability that one of the kind has more than one of the noise, ties half; null without either. */
  readonly auroc: number | null;
}

export function scoreOf(values: readonly (number | null)[], noise: readonly (number | null)[]): Score {
  const [own, other] = [values, noise].map((list) => list.filter((value) => value !== null));
  const sorted = Float64Array.from(own!).sort();
  if (sorted.length === 0) return { median: null, auroc: null };
  let above = 0;
  for (const a of own!) for (const b of other!) above += a > b ? 1 : a === b ? 0.5 : 0;
  return {
    median: quantile(sorted, 0.5),
    auroc: other!.length === 0 ? null : above / (own!.length * other!.length),
  };
}

const byCodeUnits = (a: string, b: string): number => (a < b ? -1 : 1);

/** A network's own input of some images, as its graph wants it. */
export type Images = Tensor<'float32'>;

/** A value of a network on images, in float64. */
export async function valueOf(engine: Engine, graph: Graph, images: Images): Promise<Float64Array> {
  const program = await engine.compile(graph);
  const feed = engine.upload(images);
  try {
    const fetched = await program.run(new Map([[graph.inputs[0]!.id, feed]]));
    const value = fetched.get(graph.outputs[0]!)!;
    const { data } = await value.read();
    value.dispose();
    return Float64Array.from(data as Float32Array);
  } finally {
    feed.dispose();
    await program.dispose();
  }
}

/** Removes kernels from a planted network by taking their weights away, and remembers what came of it. */
export class Lesions {
  readonly #engine: Engine;
  readonly #chain: PlantedChain;
  readonly #images: Images;
  readonly #known = new Map<string, Float64Array>();
  readonly #labels: ArrayLike<number>;
  readonly classes: number;

  constructor(engine: Engine, chain: PlantedChain, images: Images, labels: ArrayLike<number>, classes: number) {
    this.#engine = engine;
    this.#chain = chain;
    this.#images = images;
    this.#labels = labels;
    this.classes = classes;
  }

  /** Natural logs of class probabilities, [images × classes]. */
  async logs(...removed: readonly Unit[]): Promise<Float64Array> {
    const key = removed.map(String).sort(byCodeUnits).join(' ');
    const known = this.#known.get(key);
    if (known) return known;
    const outputs = await valueOf(this.#engine, this.#chain.build(removed), this.#images);
    const logs = logSoftmax(outputs, this.classes);
    this.#known.set(key, logs);
    return logs;
  }

  /** KL of removing some, image by image. */
  async kl(...removed: readonly Unit[]): Promise<Float64Array> {
    const [intact, lesioned] = [await this.logs(), await this.logs(...removed)];
    return Float64Array.from({ length: intact.length / this.classes }, (_, i) =>
      divergence(intact, lesioned, i * this.classes, this.classes, true),
    );
  }

  /** Loss without some, image by image. */
  async loss(...removed: readonly Unit[]): Promise<Float64Array> {
    const logs = await this.logs(...removed);
    return Float64Array.from(
      { length: logs.length / this.classes },
      (_, i) => -logs[i * this.classes + this.#labels[i]!]!,
    );
  }

  async excess(a: Unit, b: Unit): Promise<Float64Array> {
    const [intact, one, other, joint] = [
      await this.logs(),
      await this.logs(a),
      await this.logs(b),
      await this.logs(a, b),
    ];
    return jointDamage({ intact, a: one, b: other, joint }, this.classes, true).excess;
  }
}

/** Two units, and two more of the same two layers that have nothing to do with them. */
export interface Quad {
  readonly pair: readonly [Unit, Unit];
  readonly beside: readonly [Unit, Unit];
}

/** A measure of pairs or quadruples. Its row is all that is to be written of it. */
export interface PairMeasure {
  readonly name: string;
  readonly of: (lesions: Lesions, quad: Quad) => Promise<number>;
}

const average = (values: Float64Array): number => mean(values) ?? Number.NaN;

/** Measures of core/analysis that take units removed together: of pairs, and of quadruples. */
export const pairMeasures = {
  kl: {
    name: 'interaction, kl',
    of: async (lesions, { pair: [a, b] }) =>
      average(interactionOf(await lesions.kl(a, b), await lesions.kl(a), await lesions.kl(b))),
  },
  delta_loss: {
    name: 'interaction, delta_loss',
    of: async (lesions, { pair: [a, b] }) =>
      average(
        interactionOf(await lesions.loss(a, b), await lesions.loss(a), await lesions.loss(b), await lesions.loss()),
      ),
  },
  excess: {
    name: 'excess',
    of: async (lesions, { pair: [a, b] }) => average(await lesions.excess(a, b)),
  },
  contrast: {
    name: 'contrast of quadruples',
    of: async (lesions, { pair: [a, b], beside: [c, d] }) => {
      // Layers l and m: where the pair lies in one layer, both units beside it lie in the other.
      const within = a[0] === b[0];
      const [al, bl, am, bm] = within ? [a, b, c, d] : [a, c, d, b];
      const ex = (x: Unit, y: Unit): Promise<Float64Array> => lesions.excess(x, y);
      return average(contrastOf([await ex(al, bm), await ex(am, bl)], [await ex(al, bl), await ex(am, bm)]));
    },
  },
} as const satisfies Readonly<Record<PairMeasureName | 'contrast', PairMeasure>>;

/** All of them, in the order in which they are shown. */
export const allPairMeasures: readonly PairMeasure[] = Object.values(pairMeasures);
