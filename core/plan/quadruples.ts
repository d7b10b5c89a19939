import { randomStream } from '../random.js';
import { defaults } from '../spec/defaults.js';
import type { AblationSpec } from '../spec/study-spec.js';
import { runsOf, type PairList } from './pairs.js';
import type { RemovalContext } from './removal.js';
import type { Target } from './target.js';

/** A layer from whose targets quadruples are drawn: consecutive places [from, to), and where it lies, 0 first to 1 last. */
export interface DrawnLayer {
  readonly name: string;
  readonly from: number;
  readonly to: number;
  readonly depth: number;
}

/** Two targets of a layer and two of a later one, as places among all targets. */
export interface Quadruple {
  readonly first: readonly [a: number, b: number];
  readonly second: readonly [a: number, b: number];
}

/** Upper ends of the distances in normalised depth that have equal shares of the budget, ascending. */
export const distanceClasses = [0.2, 0.4, 0.6, 0.8, 1] as const;

/** In which of `distanceClasses` a distance lies; its ends are fractions that floats don't hold. */
export function distanceClass(distance: number): number {
  const at = distanceClasses.findIndex((to) => distance <= to + 1e-9);
  return at < 0 ? distanceClasses.length - 1 : at;
}

type LayerPair = readonly [DrawnLayer, DrawnLayer];

/** The targets of a layer, two at a time: each once before any comes again, in another order each time. */
class Deck {
  readonly #layer: DrawnLayer;
  readonly #seed: number;
  readonly #purpose: readonly string[];
  #round = 0;
  #left: number[] = [];

  constructor(layer: DrawnLayer, seed: number, purpose: readonly string[]) {
    this.#layer = layer;
    this.#seed = seed;
    this.#purpose = purpose;
  }

  two(): readonly [number, number] {
    if (this.#left.length < 2) {
      const { name, from, to } = this.#layer;
      const places = Array.from({ length: to - from }, (_, i) => from + i);
      this.#left = randomStream(this.#seed, 'quadruples', ...this.#purpose, name, this.#round).shuffled(places);
      this.#round += 1;
    }
    return [this.#left.pop() as number, this.#left.pop() as number];
  }
}

/** Pairs of layers by their distance, each class in a seeded order; classes without any are left out. */
function pairsByDistance(layers: readonly DrawnLayer[], seed: number, purpose: readonly string[]): LayerPair[][] {
  const classes = distanceClasses.map((): LayerPair[] => []);
  layers.forEach((first, i) => {
    for (const second of layers.slice(i + 1)) {
      classes[distanceClass(Math.abs(second.depth - first.depth))]?.push([first, second]);
    }
  });
  return classes.flatMap((pairs, i) =>
    pairs.length === 0 ? [] : [randomStream(seed, 'quadruples', ...purpose, 'layers', i).shuffled(pairs)],
  );
}

/**
 * Quadruples of the layers that have two targets, the first `budget` of one seeded sequence, so that a larger budget keeps
 * these. Classes of distance take turns; within one all pairs of layers have their turn before any comes again; targets of a
 * layer are drawn without replacement until fewer than two are left. A quadruple that came before is left out, so that small
 * networks give fewer.
 */
export function quadruplesOf(
  layers: readonly DrawnLayer[],
  budget: number,
  seed: number,
  purpose: readonly string[],
): readonly Quadruple[] {
  const drawn = layers.filter(({ from, to }) => to - from > 1);
  const classes = pairsByDistance(drawn, seed, purpose);
  if (classes.length === 0) return [];
  const decks = new Map(drawn.map((layer) => [layer, new Deck(layer, seed, purpose)]));
  const met = new Set<string>();
  const quadruples: Quadruple[] = [];
  for (let turn = 0; turn < budget; turn++) {
    const pairs = classes[turn % classes.length] as LayerPair[];
    const [before, after] = pairs[Math.floor(turn / classes.length) % pairs.length] as LayerPair;
    const first = (decks.get(before) as Deck).two();
    const second = (decks.get(after) as Deck).two();
    const quadruple = first[0] < first[1] ? { first, second } : { first: swapped(first), second: swapped(second) };
    const name = [...quadruple.first, ...quadruple.second].join();
    if (met.has(name)) continue;
    met.add(name);
    quadruples.push(quadruple);
  }
  return quadruples;
}

/** (a, b) and (b, a) in both layers are one quadruple: across are a with the other b. */
const swapped = ([a, b]: readonly [number, number]): readonly [number, number] => [b, a];

/** The pairs of a quadruple, as places: first the two within a layer, then the two across. */
export function pairsWithin({ first, second }: Quadruple): readonly (readonly [number, number])[] {
  return [ascending(first), ascending(second)];
}

export function pairsAcross({ first, second }: Quadruple): readonly (readonly [number, number])[] {
  return [ascending([first[0], second[1]]), ascending([second[0], first[1]])];
}

const ascending = ([a, b]: readonly [number, number]): readonly [number, number] => (a < b ? [a, b] : [b, a]);

/** The pairs that some quadruples hold, each once, by ascending first: of `of` targets. */
export function pairsOfQuadruples(quadruples: readonly Quadruple[], of: number): PairList {
  const codes = quadruples.flatMap((quadruple) =>
    [...pairsWithin(quadruple), ...pairsAcross(quadruple)].map(([a, b]) => a * of + b),
  );
  const places = Float64Array.from(new Set(codes)).sort();
  return {
    length: places.length,
    at: (index) => {
      const code = places[index] as number;
      return [Math.floor(code / of), code % of];
    },
  };
}

export const quadruplesBudget = ({ quadruples }: AblationSpec): number => quadruples?.budget ?? defaults.quadruples;

/** The quadruples that an ablation asks for, see `quadruplesOf`, as places among its targets. */
export function plannedQuadruples(
  ablation: AblationSpec,
  { targets, anatomy, seed }: Pick<RemovalContext, 'targets' | 'anatomy' | 'seed'>,
): readonly Quadruple[] {
  const depths = new Map(anatomy.sites.map((site) => [site.name, site.normalisedDepth]));
  const layers = runsOf(targets).map(({ from, to }): DrawnLayer => {
    const { group, cuts } = targets[from] as Target;
    return { name: group, from, to, depth: depths.get(cuts[0]?.site ?? '') ?? 0 };
  });
  return quadruplesOf(layers, quadruplesBudget(ablation), seed, [ablation.unit]);
}
