import type { OutputKind } from '../spec/words/output-kinds.js';
import type { InstrumentedNetwork } from './instrumented-network.js';
import type { ChunkBaseline } from './chunk-baseline.js';
import { runLesionBatch } from './lesion.js';
import type { ReferenceSet } from './reference-set.js';

export interface OptimalConstantsOptions {
  /** Name of the site. */
  readonly site: string;
  /** How often the reference images are evaluated for a channel, at most. */
  readonly evaluations: number;
  readonly output: { readonly kind: OutputKind; readonly classOffset: number };
  readonly signal?: AbortSignal;
}

/** By channel of a site. */
export interface OptimalConstants {
  readonly constant: Float64Array;
  /** Mean KL over the reference images with it in the channel's place, nats; NaN where it is not finite for any constant that was tried. */
  readonly damage: Float64Array;
}

/**
 * The constant that does the least damage in the place of each channel of a site, when that is removed alone (Li and Janson, "Optimal ablation
 * for interpretability", NeurIPS 2024): mean KL over the reference images, minimised by evaluating them. All channels are searched side by side, by
 * parabolas through the least value found and its neighbours. The first that is tried is the mean, so that none is worse than it on these images.
 */
export async function optimalConstants(
  network: InstrumentedNetwork,
  reference: ReferenceSet,
  { site, evaluations, output, signal }: OptimalConstantsOptions,
): Promise<OptimalConstants> {
  const { value } = network.site(site);
  const statistics = (await reference.statistics()).get(value);
  if (!statistics) throw new RangeError(`site ${site} has no statistics`);
  const searches = Array.from(
    statistics.mean,
    (mean, c) =>
      new Search(mean, statistics.std[c] as number, statistics.low[c] as number, statistics.high[c] as number),
  );
  const chunk = { digest: reference.content, images: reference.images, labels: new Uint16Array(reference.size) };
  let baseline: ChunkBaseline | undefined;
  for (let round = 0; round < evaluations; round++) {
    const asked = searches.flatMap((search, channel) => {
      const constant = search.next();
      return constant === undefined ? [] : [{ search, channel, constant }];
    });
    if (asked.length === 0) break;
    const conditions = asked.map(({ channel, constant }) => ({
      key: `${channel}`,
      condition: { edits: [{ site, channels: [channel], fill: { kind: 'constant' as const, value: constant } }] },
    }));
    baseline = await runLesionBatch(
      {
        network,
        chunk,
        conditions,
        reference,
        output,
        ...(baseline ? { baseline } : {}),
        ...(signal ? { signal } : {}),
      },
      {
        cell: (index, { kl }) => {
          const { search, constant } = asked[index] as (typeof asked)[number];
          search.tell(constant, kl.reduce((sum, own) => sum + own, 0) / kl.length);
        },
      },
    );
  }
  return {
    constant: Float64Array.from(searches, ({ best }) => best.at),
    damage: Float64Array.from(searches, ({ best }) => (best.value === Infinity ? Number.NaN : best.value)),
  };
}

interface Tried {
  readonly at: number;
  readonly value: number;
}

/** First step from the mean, in standard deviations of the channel. */
const STEP = 0.4;
/** Nearer to a place that was tried than this share of the channel's deviation nothing is tried. */
const NEAR = 0.02;

/** Looks for the least of a function of one number within bounds: outwards in doubled steps until it is enclosed, then by parabolas. */
export class Search {
  readonly #start: number;
  readonly #unit: number;
  readonly #low: number;
  readonly #high: number;
  /** By place, ascending. */
  readonly #tried: Tried[] = [];
  #best: Tried;

  /** @param unit the scale of steps; 0: nothing is searched, since the channel is constant itself */
  constructor(start: number, unit: number, low: number, high: number) {
    this.#start = start;
    this.#unit = unit;
    this.#low = low;
    this.#high = high;
    this.#best = { at: start, value: Infinity };
  }

  get best(): Tried {
    return this.#best;
  }

  tell(at: number, value: number): void {
    const tried = { at, value: Number.isNaN(value) ? Infinity : value };
    this.#tried.push(tried);
    this.#tried.sort((a, b) => a.at - b.at);
    if (tried.value < this.#best.value) this.#best = tried;
  }

  /** Where to look next; undefined where nothing is left to be found. */
  next(): number | undefined {
    if (this.#tried.length === 0) return Math.fround(this.#start);
    if (this.#unit === 0) return undefined;
    const place = this.#tried.findIndex(({ at }) => at === this.#best.at);
    const [before, behind] = [this.#tried[place - 1], this.#tried[place + 1]];
    if (!before || !behind)
      return (
        this.#allowed(this.#outwards(!behind, before ?? behind)) ??
        this.#allowed(this.#outwards(!before, behind ?? before))
      );
    return this.#allowed(vertex(before, this.#best, behind)) ?? this.#allowed(this.#halfWay(before, behind));
  }

  #outwards(up: boolean, other: Tried | undefined): number {
    const step = other ? 2 * Math.abs(this.#best.at - other.at) : STEP * this.#unit;
    return this.#best.at + (up ? step : -step);
  }

  /** The middle of the wider side. */
  #halfWay(before: Tried, behind: Tried): number {
    const { at } = this.#best;
    return at - before.at > behind.at - at ? (before.at + at) / 2 : (at + behind.at) / 2;
  }

  /** Within the bounds, in single precision; undefined too near to where it was looked. */
  #allowed(place: number): number | undefined {
    const at = Math.fround(Math.min(this.#high, Math.max(this.#low, place)));
    return this.#tried.some((tried) => Math.abs(tried.at - at) < NEAR * this.#unit) ? undefined : at;
  }
}

/** Where the parabola through three places, of which the middle one has the least value, is least. */
function vertex(a: Tried, b: Tried, c: Tried): number {
  const [left, right] = [(b.at - a.at) * (b.value - c.value), (b.at - c.at) * (b.value - a.value)];
  const bottom = 2 * (left - right);
  const found = b.at - ((b.at - a.at) * left - (b.at - c.at) * right) / bottom;
  return Number.isFinite(found) ? found : (a.at + c.at) / 2;
}
