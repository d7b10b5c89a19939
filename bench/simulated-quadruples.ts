import { jointDamage } from '../core/analysis/additive.js';
import { interactionOf } from '../core/analysis/interaction.js';
import { contrastOf, meanContrast, type MeanContrast } from '../core/analysis/quadruples.js';
import { pairsAcross, pairsWithin, quadruplesOf, type DrawnLayer } from '../core/plan/quadruples.js';
import { randomStream, type RandomStream } from '../core/random.js';

/** A made-up network: how many layers, kernels in each, and images. */
export interface World {
  readonly layers: number;
  readonly kernels: number;
  readonly images: number;
}

/** Excess of a pair of kernels, image by image. */
type Excess = (a: number, b: number) => Float64Array;

/** How the excess of pairs comes about. In expectation no pair across layers has more of it than one within, but where `effect` says so. */
export interface Scenario {
  readonly name: string;
  readonly effect: number;
  /** Whether the contrast cancels it; else it shows what the measure is blind to. */
  readonly cancelled: boolean;
  readonly draw: (random: RandomStream, world: World) => Excess;
}

const normals = (random: RandomStream, count: number, deviation = 1): Float64Array =>
  Float64Array.from({ length: count }, () => deviation * random.normal());

const layerOf = ({ kernels }: World, kernel: number): number => Math.floor(kernel / kernels);

/** Pairs have a mean, of the layers' and units' and their own, and images differ from it by noise. */
function additive(
  name: string,
  draw: (random: RandomStream, world: World) => (a: number, b: number, l: number, m: number) => number,
  effect = 0,
  cancelled = true,
): Scenario {
  return {
    name,
    effect,
    cancelled,
    draw: (random, world) => {
      const mean = draw(random, world);
      return (a, b) => {
        const centre = mean(a, b, layerOf(world, a), layerOf(world, b));
        return normals(random, world.images).map((noise) => centre + noise);
      };
    },
  };
}

/** One number for each two layers, a layer and itself among them. */
function ofLayerPairs(random: RandomStream, layers: number, deviation: number): (l: number, m: number) => number {
  const values = normals(random, layers * layers, deviation);
  return (l, m) => values[Math.min(l, m) * layers + Math.max(l, m)] as number;
}

const at = (values: Float64Array, index: number): number => values[index] as number;

const CLASSES = 5;

/**
 * Logits that kernels change by vectors, of which those of a layer have one in common, and pairs by the sum of the two and a
 * little: `read` makes of their softmax what is measured.
 */
const curved =
  (read: (of: Parameters<typeof jointDamage>[0]) => Float64Array): Scenario['draw'] =>
  (random, world) => {
    const size = world.images * CLASSES;
    const intact = normals(random, size, 1.5);
    const common = Array.from({ length: world.layers }, () => normals(random, size, 0.4));
    const changes = new Map<number, Float64Array>();
    const changeOf = (kernel: number): Float64Array => {
      const known = changes.get(kernel);
      if (known) return known;
      const shared = common[layerOf(world, kernel)] as Float64Array;
      const made = normals(random, size, 0.3).map((own, i) => own + at(shared, i));
      changes.set(kernel, made);
      return made;
    };
    const changed = (change: (i: number) => number): Float64Array => intact.map((logit, i) => logit + change(i));
    return (a, b) => {
      const [one, other] = [changeOf(a), changeOf(b)];
      const more = normals(random, size, 0.02);
      return read({
        intact: logProbabilities(intact),
        a: logProbabilities(changed((i) => at(one, i))),
        b: logProbabilities(changed((i) => at(other, i))),
        joint: logProbabilities(changed((i) => at(one, i) + at(other, i) + at(more, i))),
      });
    };
  };

function logProbabilities(logits: Float64Array): Float64Array {
  return logits.map((logit, i) => {
    const start = i - (i % CLASSES);
    let total = 0;
    for (let c = start; c < start + CLASSES; c++) total += Math.exp(at(logits, c));
    return logit - Math.log(total);
  });
}

function klOf(p: Float64Array, q: ArrayLike<number>): Float64Array {
  return Float64Array.from({ length: p.length / CLASSES }, (_, i) => {
    let total = 0;
    for (let c = i * CLASSES; c < (i + 1) * CLASSES; c++) total += Math.exp(at(p, c)) * (at(p, c) - (q[c] as number));
    return total;
  });
}

/** The excess of pairs as it might come about. */
export const scenarios: readonly Scenario[] = [
  additive('independent pairs', (random) => () => random.normal()),
  additive('independent pairs with a long tail', (random) => () => Math.exp(1.2 * random.normal())),
  additive('effects of units', (random, { layers, kernels }) => {
    const units = normals(random, layers * kernels, 2);
    return (a, b) => random.normal() + at(units, a) + at(units, b);
  }),
  additive('effects of layers', (random, { layers }) => {
    const effects = normals(random, layers, 3);
    return (_a, _b, l, m) => random.normal() + at(effects, l) + at(effects, m);
  }),
  additive('a gradient along the depth', (random, { layers }) => {
    return (_a, _b, l, m) => random.normal() + (5 * (l + m)) / layers;
  }),
  additive('effects of layer pairs', (random, { layers }) => {
    const effects = ofLayerPairs(random, layers, 1);
    return (_a, _b, l, m) => 0.5 * random.normal() + effects(l, m);
  }),
  additive('weak effects of layer pairs', (random, { layers }) => {
    const effects = ofLayerPairs(random, layers, 0.3);
    return (_a, _b, l, m) => random.normal() + effects(l, m);
  }),
  additive('effects of layer pairs, of unequal size', (random, { layers }) => {
    const effects = ofLayerPairs(random, layers, 1);
    const sizes = normals(random, layers, 0.35).map(Math.exp);
    return (_a, _b, l, m) => 0.5 * random.normal() + at(sizes, l) * at(sizes, m) * effects(l, m);
  }),
  {
    name: 'effects of images on pairs across layers',
    effect: 0,
    cancelled: true,
    draw: (random, world) => {
      const effects = normals(random, world.images, 2);
      return (a, b) => {
        const mean = random.normal();
        const across = layerOf(world, a) === layerOf(world, b) ? 0 : 1;
        return normals(random, world.images).map((noise, i) => mean + noise + across * at(effects, i));
      };
    },
  },
  {
    name: 'curvature of KL, by the excess',
    effect: 0,
    cancelled: true,
    draw: curved((outputs) => jointDamage(outputs, CLASSES, true).excess),
  },
  {
    name: 'curvature of KL, by the interaction KL(ab) − KL(a) − KL(b)',
    effect: 0,
    cancelled: false,
    draw: curved(({ intact, a, b, joint }) => interactionOf(klOf(intact, joint), klOf(intact, a), klOf(intact, b))),
  },
  additive(
    'products of sizes that differ between layers',
    (random, { layers, kernels }) => {
      const sizes = normals(random, layers * kernels, 0.3).map((own, k) =>
        Math.exp(own + Math.floor(k / kernels) / layers),
      );
      return (a, b) => 0.5 * random.normal() + at(sizes, a) * at(sizes, b);
    },
    0,
    false,
  ),
  additive('back-up across layers alone', (random) => (_a, _b, l, m) => (l === m ? 0 : 1) + random.normal(), 1),
  additive('back-up within layers alone', (random) => (_a, _b, l, m) => (l === m ? 1 : 0) + random.normal(), -1),
];

/** Of one made-up network: the mean contrast of quadruples drawn as a study draws them. */
export function simulated(scenario: Scenario, world: World, budget: number, seed: number): MeanContrast | null {
  const { layers, kernels } = world;
  const drawn = Array.from({ length: layers }, (_, i): DrawnLayer => ({
    name: `${i}`,
    from: i * kernels,
    to: (i + 1) * kernels,
    depth: i / (layers - 1),
  }));
  const excess = scenario.draw(randomStream(seed, 'quadruples', scenario.name, layers), world);
  const quadruples = quadruplesOf(drawn, budget, seed, ['kernel']);
  const values = quadruples.map((quadruple) => {
    const [across, within] = [pairsAcross(quadruple), pairsWithin(quadruple)].map(
      (pairs) => pairs.map(([a, b]) => excess(a, b)) as [Float64Array, Float64Array],
    ) as [[Float64Array, Float64Array], [Float64Array, Float64Array]];
    return contrastOf(across, within);
  });
  const layersOf = quadruples.map(
    ({ first, second }) => [layerOf(world, first[0]), layerOf(world, second[0])] as const,
  );
  const places = quadruples.map((_, i) => i);
  return meanContrast({ layers: layersOf, values: (i) => values[i] as Float64Array }, places);
}

/** Of many made-up networks: how often the interval holds what is true, and how often it lies above or below 0. */
export function coverage(
  scenario: Scenario,
  world: World,
  budget: number,
  repeats: number,
): { readonly held: number; readonly above: number; readonly below: number } {
  const counts = { held: 0, above: 0, below: 0 };
  for (let r = 0; r < repeats; r++) {
    const { low, high } = simulated(scenario, world, budget, r) ?? { low: null, high: null };
    if (low === null || high === null) continue;
    if (low <= scenario.effect && scenario.effect <= high) counts.held += 1;
    if (low > 0) counts.above += 1;
    if (high < 0) counts.below += 1;
  }
  return { held: counts.held / repeats, above: counts.above / repeats, below: counts.below / repeats };
}
