import type { ValueId } from '../network/graph.js';
import { sizeOf, type Tensor } from '../tensor.js';
import type { CutPoint } from './cut-point.js';
import type { FillValues } from './fill-values.js';
import type { InstrumentedNetwork } from './instrumented-network.js';
import type { KernelPool, PooledKernel } from './kernel-pool.js';
import type { Substitute } from './substitute-fit.js';

/**
 * Channels told from kernels of sites before theirs, in the intact network, on a tile of images: what each of these adds is summed up
 * while a walk passes it, so that what is held grows with the channels that are told, not with those that tell.
 */
export class EarlierValues {
  readonly #told: Told[] = [];

  /** Takes channels of the pool's target on; their values are there once a tile is loaded. */
  follow(pool: KernelPool, channels: readonly number[], substitute: Substitute): FillValues {
    const told = new Told(pool, channels, substitute);
    this.#told.push(told);
    return told;
  }

  /**
   * Takes those of `wanted` that follow from here on a tile, in a walk of its own, which ends behind the last that they read; the others
   * hold nothing any more.
   *
   * @param from the tile's first image in the chunk
   */
  async load(
    network: InstrumentedNetwork,
    { images, from }: { readonly images: Tensor; readonly from: number },
    wanted: ReadonlySet<FillValues>,
    signal?: AbortSignal,
  ): Promise<void> {
    const here = this.#told.filter((told) => wanted.has(told));
    for (const told of this.#told) told.begin(from, wanted.has(told) ? (images.shape[0] as number) : 0);
    const values = new Set(here.flatMap((told) => [...told.readers.keys()]));
    const at = network.cuts.flatMap(({ value }, cut) => (values.has(value) ? [cut] : []));
    if (at.length === 0) return;
    await network.walk(
      images,
      async (cut, live) => {
        const { value } = network.cuts[cut] as CutPoint;
        const activation = (await live.get(value)?.read()) as Tensor<'float32'>;
        for (const told of here) told.see(value, activation);
      },
      { cuts: new Set(at), until: Math.max(...at), ...(signal ? { signal } : {}) },
    );
  }
}

/** The channels of one edit. */
class Told implements FillValues {
  readonly reach = 'image';
  /** Places of kernels in the pool, by value. */
  readonly readers: ReadonlyMap<ValueId, readonly number[]>;
  readonly held: number;
  readonly #pool: KernelPool;
  readonly #channels: readonly number[];
  readonly #substitute: Substitute;
  readonly #positions: number;
  /** [images × channels × positions] */
  #sums = new Float64Array();
  #start = 0;

  constructor(pool: KernelPool, channels: readonly number[], substitute: Substitute) {
    this.#pool = pool;
    this.#channels = channels;
    this.#substitute = substitute;
    this.#positions = sizeOf(pool.target.shape.slice(1));
    this.held = 8 * channels.length * this.#positions;
    const readers = new Map<ValueId, number[]>();
    pool.kernels.forEach(({ value }, j) => {
      if (channels.some((_, row) => this.#weight(row, j) !== 0)) readers.set(value, [...(readers.get(value) ?? []), j]);
    });
    this.readers = readers;
  }

  begin(start: number, images: number): void {
    this.#start = start;
    this.#sums = new Float64Array(images * this.#channels.length * this.#positions);
    for (let i = 0; i < images; i++)
      this.#channels.forEach((_, row) => this.#map(i, row).fill(this.#substitute.shift[row] as number));
  }

  see(value: ValueId, { shape, data }: Tensor<'float32'>): void {
    const [images, channels] = shape as [number, number];
    const size = sizeOf(shape.slice(2));
    for (const j of this.readers.get(value) ?? []) {
      const { channel, places } = this.#pool.kernels[j] as PooledKernel & { readonly places: Uint32Array };
      for (let i = 0; i < images; i++) {
        const from = (i * channels + channel) * size;
        this.#channels.forEach((_, row) => {
          const weight = this.#weight(row, j);
          // What says nothing is not multiplied: it may be infinite.
          if (weight === 0) return;
          const sums = this.#map(i, row);
          for (let p = 0; p < sums.length; p++)
            sums[p] = (sums[p] as number) + weight * (data[from + (places[p] as number)] as number);
        });
      }
    }
  }

  values(channel: number, image: number): Float32Array {
    return Float32Array.from(this.#map(image - this.#start, this.#channels.indexOf(channel)));
  }

  #weight(row: number, kernel: number): number {
    return this.#substitute.weights[row * this.#pool.kernels.length + kernel] as number;
  }

  #map(image: number, row: number): Float64Array {
    const from = (image * this.#channels.length + row) * this.#positions;
    return this.#sums.subarray(from, from + this.#positions);
  }
}
