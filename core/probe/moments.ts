import { mirror, addProducts } from '../products.js';
import { dealtFolds } from './dealt-folds.js';
import type { ValueId } from '../network/graph.js';
import { sizeOf, type Tensor } from '../tensor.js';
import type { InstrumentedNetwork } from './instrumented-network.js';
import type { KernelPool, PooledKernel } from './kernel-pool.js';

/**
 * Sums over the reference images, by fold, of the kernels of a pool and of the others of a site: variables, the pool's first. All
 * in float64; which fold an image belongs to: `dealtFolds`.
 */
export interface Moments {
  readonly folds: number;
  readonly pool: number;
  readonly others: number;
  /** Products of every two of the pool, [folds × pool × pool]. */
  readonly products: Float64Array;
  /** Of the pool with the others, [folds × pool × others]. */
  readonly cross: Float64Array;
  /** Squares and sums of each variable, [folds × variables]. */
  readonly squares: Float64Array;
  readonly sums: Float64Array;
  /** How many numbers these are sums of, [folds]. */
  readonly counts: Float64Array;
  /** Means over all places of the target's map, [variables]. */
  readonly means: Float64Array;
}

/** Bytes of sums and rows that are held at a time; sites that do not fit together are walked one after the other. */
const HELD_BYTES = 2 ** 28;

/** Gathers the moments of several pools, in one walk along the intact network or in as few as fit. In the pools' order. */
export async function gatherMoments(
  network: InstrumentedNetwork,
  images: Tensor,
  pools: readonly KernelPool[],
  folds: number,
): Promise<readonly Moments[]> {
  const dealt = dealtFolds(images.shape[0] as number, folds);
  const done: Moments[] = [];
  let together: MomentSums[] = [];
  let bytes = 0;
  const walk = async (): Promise<void> => {
    if (together.length > 0) await gather(network, images, together);
    done.push(...together.map((sums) => sums.finish()));
    [together, bytes] = [[], 0];
  };
  for (const pool of pools) {
    const sums = new MomentSums(pool, dealt, folds, network.tile);
    if (bytes > 0 && bytes + sums.bytes > HELD_BYTES) await walk();
    together.push(sums);
    bytes += sums.bytes;
  }
  await walk();
  return done;
}

async function gather(network: InstrumentedNetwork, images: Tensor, wanted: readonly MomentSums[]): Promise<void> {
  const values = new Set(wanted.flatMap((sums) => [...sums.values]));
  const cuts = network.cuts.flatMap(({ value }, cut) => (values.has(value) ? [cut] : []));
  for (const tile of network.tiles(images)) {
    await network.walk(
      tile.images,
      async (cut, live) => {
        const value = network.cuts[cut]?.value as ValueId;
        const activation = (await live.get(value)?.read()) as Tensor<'float32'>;
        for (const sums of wanted) sums.see(value, activation, tile.from);
      },
      { cuts: new Set(cuts), until: Math.max(...cuts) },
    );
  }
}

/** The sums of one pool while images go by. */
class MomentSums {
  readonly values: ReadonlySet<ValueId>;
  readonly bytes: number;
  readonly #dealt: Uint8Array;
  readonly #pool: KernelPool;
  readonly #variables: readonly PooledKernel[];
  /** Variables of the images at hand at the places that are compared, [images × variables × places]. */
  readonly #rows: Float32Array;
  readonly #moments: Moments;
  readonly #totals: Float64Array;
  #images = 0;

  /** @param dealt The fold of each image. */
  constructor(pool: KernelPool, dealt: Uint8Array, folds: number, tile: number) {
    this.#dealt = dealt;
    const { target, kernels, others, sampled } = pool;
    this.#pool = pool;
    this.#variables = [...kernels, ...others.map((channel) => ({ value: target.value, channel, places: undefined }))];
    const variables = this.#variables.length;
    this.values = new Set([target.value, ...kernels.map(({ value }) => value)]);
    this.#rows = new Float32Array(tile * variables * sampled.length);
    this.#totals = new Float64Array(variables);
    this.#moments = {
      folds,
      pool: kernels.length,
      others: others.length,
      products: new Float64Array(folds * kernels.length * kernels.length),
      cross: new Float64Array(folds * kernels.length * others.length),
      squares: new Float64Array(folds * variables),
      sums: new Float64Array(folds * variables),
      counts: new Float64Array(folds),
      means: this.#totals,
    };
    this.bytes = this.#rows.byteLength + this.#moments.products.byteLength + this.#moments.cross.byteLength;
  }

  /** Takes the activations of a value on images from number `from` on. Those of the target are the last. */
  see(value: ValueId, activation: Tensor<'float32'>, from: number): void {
    if (!this.values.has(value)) return;
    const [images, channels] = activation.shape as [number, number];
    const positions = sizeOf(activation.shape.slice(2));
    const { sampled, target } = this.#pool;
    const width = this.#variables.length * sampled.length;
    this.#variables.forEach((variable, v) => {
      if (variable.value !== value) return;
      for (let i = 0; i < images; i++) {
        const start = (i * channels + variable.channel) * positions;
        const map = activation.data.subarray(start, start + positions);
        this.#totals[v] = (this.#totals[v] as number) + totalOf(map, variable.places);
        let at = i * width + v * sampled.length;
        for (const place of sampled)
          this.#rows[at++] = map[variable.places ? (variable.places[place] as number) : place] as number;
      }
    });
    if (value === target.value) for (let i = 0; i < images; i++) this.#add(i, from + i);
  }

  /** Adds an image whose rows are complete. */
  #add(at: number, image: number): void {
    const { pool, others, products, cross, squares, sums, counts } = this.#moments;
    const points = this.#pool.sampled.length;
    const variables = pool + others;
    const fold = this.#dealt[image] as number;
    const rows = Array.from({ length: variables }, (_, v) => {
      const start = (at * variables + v) * points;
      return this.#rows.subarray(start, start + points);
    });
    const pooled = rows.slice(0, pool);
    addProducts(products.subarray(fold * pool * pool, (fold + 1) * pool * pool), pooled, pooled, 0, points);
    addProducts(cross.subarray(fold * pool * others, (fold + 1) * pool * others), pooled, rows.slice(pool), 0, points);
    rows.forEach((row, v) => {
      let [sum, square] = [0, 0];
      for (const x of row) {
        sum += x;
        square += x * x;
      }
      const place = fold * variables + v;
      sums[place] = (sums[place] as number) + sum;
      squares[place] = (squares[place] as number) + square;
    });
    counts[fold] = (counts[fold] as number) + points;
    this.#images++;
  }

  finish(): Moments {
    const { folds, pool, products } = this.#moments;
    for (let fold = 0; fold < folds; fold++)
      mirror(products.subarray(fold * pool * pool, (fold + 1) * pool * pool), pool);
    const places = sizeOf(this.#pool.target.shape.slice(1)) * this.#images;
    for (let v = 0; v < this.#totals.length; v++) this.#totals[v] = (this.#totals[v] as number) / places;
    return this.#moments;
  }
}

function totalOf(map: Float32Array, places: Uint32Array | undefined): number {
  let total = 0;
  if (places) for (const place of places) total += map[place] as number;
  else for (const x of map) total += x;
  return total;
}
