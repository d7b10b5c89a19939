import { dataflowOf, type Dataflow } from '../../anatomy/dataflow.js';
import type { Site } from '../../anatomy/site.js';
import type { ValueId } from '../../network/graph.js';
import { PercussError } from '../../errors.js';
import type { Removals } from '../../pruning/constant-channels.js';
import { absorbMixtures, readsSums } from '../../pruning/mixtures.js';
import { pruneNetwork, type SmallerNetwork } from '../../pruning/prune-network.js';
import type { PooledKernel } from '../../probe/kernel-pool.js';
import { substitutesOf } from '../../probe/site-substitutes.js';
import type { Substitute } from '../../probe/substitute-fit.js';
import type { MomentsSource } from '../../probe/substituting.js';
import { fills, type SubstituteFill } from '../../spec/words/fills.js';
import type { ModelResults } from '../reading/model-results.js';
import type { PruningFill, RankedKernel } from './kernel-choice.js';

/** What pruning works on of a network. */
type Pruned = Pick<ModelResults, 'graph' | 'outline' | 'profile'>;

/** How kernels of a network are taken out, all with one fill. */
export class Replacement {
  readonly #of: Pruned;
  readonly #output: ValueId;
  readonly #fill: PruningFill;
  readonly #moments: MomentsSource;
  readonly #sites: ReadonlyMap<string, Site>;
  readonly #flow: Dataflow;
  readonly #readSums = new Map<ValueId, boolean>();

  /** @param moments What substitutes are fitted to. */
  constructor(of: Pruned, output: ValueId, fill: PruningFill, moments: MomentsSource) {
    this.#of = of;
    this.#output = output;
    this.#fill = fill;
    this.#moments = moments;
    this.#flow = dataflowOf(of.graph, output);
    this.#sites = new Map(of.outline.anatomy.sites.map((site) => [site.name, site]));
  }

  /** Whether a kernel can be taken out with this fill at all: a substitute where what reads the kernel reads sums of channels alone. */
  fits({ site }: RankedKernel): boolean {
    if (this.#fill !== 'substitute') return true;
    const value = this.#valueOf(site);
    const known = this.#readSums.get(value) ?? readsSums(this.#flow, value);
    this.#readSums.set(value, known);
    return known;
  }

  /**
   * Those of some kernels that a network without them need not compute. The others are tied to channels that stay, as a writer of a residual stream is to the other
   * writers: without them it would be as large as with them.
   */
  leaving(kernels: readonly RankedKernel[]): readonly RankedKernel[] {
    // Which number a substitute stands for says nothing of the shape, but for 0.
    const constants = this.#constants(kernels, () => (this.#fill === 'substitute' ? 1 : undefined));
    const { isGone } = pruneNetwork(this.#of.graph, constants, this.#output);
    return kernels.filter(({ site, channel }) => isGone(this.#valueOf(site), channel));
  }

  /** The network without these kernels. Substitutes are fitted to all that stay at a site. */
  async without(kernels: readonly RankedKernel[]): Promise<SmallerNetwork> {
    if (this.#fill !== 'substitute') return pruneNetwork(this.#of.graph, this.#constants(kernels), this.#output);
    const { reference } = this.#of.outline;
    const fill = fills.substitute.of(reference, 0) as SubstituteFill;
    const mixtures = new Map<ValueId, ReadonlyMap<number, ReadonlyMap<number, number>>>();
    const shifts = new Map<string, number>();
    for (const site of new Set(kernels.map((kernel) => kernel.site))) {
      const channels = kernels
        .flatMap((kernel) => (kernel.site === site ? [kernel.channel] : []))
        .toSorted((a, b) => a - b);
      const { pool, ...moments } = await this.#moments({ site, fill });
      const [substitute] = substitutesOf(moments, pool, fill, [channels]) as [Substitute];
      mixtures.set(this.#valueOf(site), mixtureOf(substitute, channels, pool.kernels));
      channels.forEach((channel, row) => shifts.set(`${site}[${channel}]`, substitute.shift[row] as number));
    }
    const absorbing = absorbMixtures(this.#of.graph, mixtures, this.#output);
    const shift = ({ site, channel }: RankedKernel): number => shifts.get(`${site}[${channel}]`) as number;
    return pruneNetwork(absorbing, this.#constants(kernels, shift), this.#output);
  }

  #valueOf(site: string): ValueId {
    return (this.#sites.get(site) as Site).value;
  }

  /** @param of What stands for a kernel; where it does not say, what the fill does. */
  #constants(
    kernels: readonly RankedKernel[],
    of: (kernel: RankedKernel) => number | undefined = () => undefined,
  ): Removals {
    const removals = new Map<ValueId, Map<number, number>>();
    for (const kernel of kernels) {
      const value = this.#valueOf(kernel.site);
      const known = removals.get(value) ?? new Map<number, number>();
      removals.set(value, known.set(kernel.channel, Math.fround(of(kernel) ?? this.#constant(kernel))));
    }
    return removals;
  }

  /** @throws PercussError NOT_FOUND where means are asked for and the study's profile is not stored. */
  #constant({ site, channel }: RankedKernel): number {
    if (this.#fill === 'zero') return 0;
    const { profile, outline } = this.#of;
    const found = profile?.get(site)?.mean[channel];
    if (found !== undefined) return found;
    throw new PercussError('NOT_FOUND', `no means of ${outline.model.name} are stored: run the study first`);
  }
}

/** Shares of the kernels that stay, by removed channel. */
function mixtureOf(
  { weights }: Substitute,
  channels: readonly number[],
  pool: readonly PooledKernel[],
): ReadonlyMap<number, ReadonlyMap<number, number>> {
  return new Map(
    channels.map((channel, row) => {
      const shares = pool.flatMap(({ channel: other }, j) => {
        const share = weights[row * pool.length + j] as number;
        return share === 0 ? [] : [[other, share] as const];
      });
      return [channel, new Map(shares)];
    }),
  );
}
