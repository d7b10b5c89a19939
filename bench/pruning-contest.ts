import type { Damage } from '../core/analysis/damage.js';
import { quantile } from '../core/analysis/moments.js';
import type { Engine } from '../core/engine/engine.js';
import type { Ledger } from '../core/ledger/ledger.js';
import { graphCost } from '../core/network/cost.js';
import type { Graph } from '../core/network/graph.js';
import type { ModelOutline } from '../core/plan/outline.js';
import type { Provenance } from '../core/probe/cell.js';
import type { MomentsSource } from '../core/probe/substituting.js';
import { randomStream } from '../core/random.js';
import type { Catalog, LoadedModel } from '../core/study/catalog.js';
import { damageBeside } from '../core/study/pruning/damage-beside.js';
import { rankKernels, type PruningFill } from '../core/study/pruning/kernel-choice.js';
import { damageOn, runNetwork, type NetworkOutputs } from '../core/study/pruning/measured-network.js';
import { Replacement } from '../core/study/pruning/replacement.js';
import { stagedOrder } from '../core/study/pruning/staged-order.js';
import type { ModelResults } from '../core/study/reading/model-results.js';
import { StoredMoments } from '../core/study/running/stored-moments.js';
import { TappedNetworks } from '../core/study/running/tapped-networks.js';
import { percussVersion } from '../core/study/version.js';
import type { Tensor } from '../core/tensor.js';
import { byMeasure, byScore, linearisedDamage, nameOf, type Order } from './kernel-orders.js';
import type { Figure } from './record.js';

interface Asked {
  readonly fills: readonly PruningFill[];
  /** Shares of the multiply-accumulates that are left. */
  readonly macs: readonly number[];
  /** In how many stages damage is measured anew, each a way of its own. */
  readonly stages: readonly number[];
  /** Random orders. */
  readonly seeds: number;
  readonly say: (line: string) => void;
}

/** A network, what its study measured, and what judges. */
interface Contestants {
  readonly ledger: Ledger;
  readonly catalog: Catalog;
  readonly engine: Engine;
  readonly net: ModelOutline;
  readonly loaded: LoadedModel;
  readonly results: ModelResults;
  readonly judges: { readonly images: Tensor<'float32'>; readonly labels: Uint16Array };
}

/** Ways to choose kernels against each other, at equal multiply-accumulates, on images that chose nothing. */
export class PruningContest {
  readonly #name: string;
  readonly #asked: Asked;
  readonly figures: Figure[] = [];
  readonly #ledger: Ledger;
  readonly #catalog: Catalog;
  readonly #engine: Engine;
  readonly #networks: TappedNetworks;
  readonly #net: ModelOutline;
  readonly #loaded: LoadedModel;
  readonly #results: ModelResults;
  readonly #judges: Contestants['judges'];
  readonly #moments: MomentsSource;
  readonly #graphs = new Map<string, Promise<Graph>>();

  constructor(name: string, asked: Asked, has: Contestants) {
    this.#name = name;
    this.#asked = asked;
    this.#ledger = has.ledger;
    this.#catalog = has.catalog;
    this.#engine = has.engine;
    this.#net = has.net;
    this.#loaded = has.loaded;
    this.#results = has.results;
    this.#judges = has.judges;
    this.#networks = new TappedNetworks(has.catalog, () => Promise.resolve(has.engine));
    const stored = new StoredMoments(has.ledger, this.#networks);
    this.#moments = (substitution) => stored.of(has.net, substitution, Promise.resolve(this.#provenance));
  }

  get #provenance(): Provenance {
    return { ...this.#engine.provenance, percuss: percussVersion };
  }

  async run(): Promise<void> {
    const intact = await this.#outputs(this.#loaded.graph);
    for (const fill of this.#asked.fills) {
      const replacement = this.#replacement(fill);
      const known = rankKernels(this.#results, fill, [...this.#results.labels.keys()]).kernels;
      const kernels = known.filter((kernel) => replacement.fits(kernel));
      const orders = await this.#orders(fill, kernels);
      for (const share of this.#asked.macs) {
        this.#asked.say(`${this.#name}, ${fill}, at ${100 * share} % of the multiply-accumulates`);
        for (const [method, tries] of orders) {
          const damages: Damage[] = [];
          for (const order of tries) {
            const count = await this.#countAt(order, share);
            const smaller = await this.#outputs(
              (await replacement.without(replacement.leaving(order.slice(0, count)))).graph(),
            );
            damages.push(this.#damage(intact, smaller));
          }
          this.#tell(`${this.#name} at ${100 * share} % of the multiply-accumulates, ${fill}, ${method}`, damages);
        }
      }
    }
    await this.#networks.close();
  }

  #replacement(fill: PruningFill): Replacement {
    return new Replacement(this.#results, this.#loaded.output, fill, this.#moments);
  }

  async #orders(fill: PruningFill, byDamage: Order): Promise<ReadonlyMap<string, readonly Order[]>> {
    const draws = Array.from({ length: this.#asked.seeds }, (_, seed) =>
      randomStream(seed, 'bench', 'prune').shuffled(byDamage),
    );
    const tapped = await this.#networks.open(this.#net, 'intact', 0);
    const of = { outline: this.#net, loaded: this.#loaded, catalog: this.#catalog, tapped };
    // Under substitutes, too, by what means are predicted to do.
    const linearised = await linearisedDamage(of, fill === 'zero' ? 'zero' : 'mean');
    const orders = new Map<string, readonly Order[]>([
      ['at random', draws],
      ['by weight norm', [byMeasure(this.#results, byDamage, 'weight-norm')]],
      ['by activation deviation', [byMeasure(this.#results, byDamage, 'activation-std')]],
      ['by preview', [byScore(byDamage, (kernel) => linearised.get(nameOf(kernel)) as number)]],
      ['by damage', [byDamage]],
    ]);
    for (const stages of this.#asked.stages)
      orders.set(`by damage in ${stages} stages`, [await this.#staged(fill, byDamage, stages)]);
    return orders;
  }

  async #staged(fill: PruningFill, ranked: Order, stages: number): Promise<Order> {
    const replacement = this.#replacement(fill);
    const least = Math.min(...this.#asked.macs);
    const tapped = await this.#networks.open(this.#net, 'intact', 0);
    const of = { ledger: this.#ledger, catalog: this.#catalog, outline: this.#net, tapped };
    const context = { ...of, provenance: this.#provenance, fill, moments: this.#moments };
    return stagedOrder(
      ranked,
      {
        count: await this.#countAt(ranked, least),
        choosing: [...this.#results.labels.keys()],
        leaving: (kernels) => replacement.leaving(kernels),
      },
      { stages, beside: (gone, candidates) => damageBeside(context, gone, candidates) },
    );
  }

  /** How many kernels of an order go until so many multiply-accumulates are left: what stands for them does not change that. */
  async #countAt(order: Order, share: number): Promise<number> {
    const zero = this.#replacement('zero');
    const whole = graphCost(this.#loaded.graph).macs;
    let [low, high] = [0, order.length];
    while (high - low > 1) {
      const middle = Math.floor((low + high) / 2);
      const gone = zero.leaving(order.slice(0, middle));
      const key = gone.map(nameOf).sort().join();
      const graph = this.#graphs.get(key) ?? zero.without(gone).then((smaller) => smaller.graph());
      this.#graphs.set(key, graph);
      if (graphCost(await graph).macs <= share * whole) high = middle;
      else low = middle;
    }
    return high;
  }

  #outputs(graph: Graph): Promise<NetworkOutputs> {
    const { images: judging } = this.#judges;
    return runNetwork(this.#engine, graph, this.#loaded.output, async function* () {
      yield judging;
    });
  }

  #damage(intact: NetworkOutputs, smaller: NetworkOutputs): Damage {
    const { labels } = this.#judges;
    const damage = damageOn([...labels.keys()], intact, smaller, labels, this.#net.model.output);
    if (!damage) throw new Error(`${this.#name} without kernels gave nothing that can be measured`);
    return damage;
  }

  /** Of one order the interval over images, of several draws what the least and the largest of them lose. */
  #tell(what: string, damages: readonly Damage[]): void {
    const [only, ...others] = damages as [Damage, ...Damage[]];
    const losses = damages.map(({ deltaAccuracy }) => 100 * deltaAccuracy.estimate).toSorted((a, b) => a - b);
    const value =
      others.length === 0
        ? {
            median: 100 * only.deltaAccuracy.estimate,
            low: 100 * only.deltaAccuracy.low,
            high: 100 * only.deltaAccuracy.high,
          }
        : { median: quantile(losses, 0.5), low: losses[0] as number, high: losses.at(-1) as number };
    const kl = quantile(
      damages.map((damage) => damage.kl?.estimate ?? Number.NaN).toSorted((a, b) => a - b),
      0.5,
    );
    const note = `KL ${kl.toPrecision(3)} nat${others.length > 0 ? `; ${damages.length} draws, the range is theirs` : ''}`;
    this.figures.push({ what, value, unit: ' points', note });
    this.#asked.say(
      `  ${what}: ${value.median.toFixed(1)} points [${value.low.toFixed(1)}, ${value.high.toFixed(1)}], ${note}`,
    );
  }
}
