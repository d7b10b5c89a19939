import type { Digest } from '../digest.js';
import type { EngineTensor } from '../engine/engine.js';
import type { ValueId } from '../network/graph.js';
import { randomStream } from '../random.js';
import { sizeOf, type Tensor } from '../tensor.js';
import type { InstrumentedNetwork } from './instrumented-network.js';

/** Statistics of one site over the reference images, in float64. */
export interface SiteStatistics {
  /** Per channel, over images and positions. `std` is the population deviation. */
  readonly mean: Float64Array;
  readonly std: Float64Array;
  readonly low: Float64Array;
  readonly high: Float64Array;
  /** Per element of the map, over images: [channels × positions]. */
  readonly meanMap: Float64Array;
}

/** The reference images run through the intact network: where means and donors come from. Computed on first use. */
export class ReferenceSet {
  readonly content: Digest;
  readonly images: Tensor;
  readonly #network: InstrumentedNetwork;
  #statistics: Promise<ReadonlyMap<ValueId, SiteStatistics>> | undefined;
  readonly #outputs: Float32Array;
  readonly #planes = new Map<string, Float32Array>();

  constructor(network: InstrumentedNetwork, content: Digest, images: Tensor) {
    this.#network = network;
    this.content = content;
    this.images = images;
    this.#outputs = new Float32Array((images.shape[0] as number) * network.classes);
  }

  get size(): number {
    return this.images.shape[0] as number;
  }

  /** Of every cut value. Sums run in float64, image by image. */
  statistics(): Promise<ReadonlyMap<ValueId, SiteStatistics>> {
    this.#statistics ??= this.#gather();
    return this.#statistics;
  }

  /** What the intact network gives out, [images × classes]. */
  async outputs(): Promise<Float32Array> {
    await this.statistics();
    return this.#outputs;
  }

  async #gather(): Promise<ReadonlyMap<ValueId, SiteStatistics>> {
    const sums = new Map<ValueId, MomentSums>();
    for (const tile of this.#network.tiles(this.images)) {
      const output = await this.#network.walk(tile.images, async (cut, live) => {
        const value = (this.#network.cuts[cut] as { value: ValueId }).value;
        const activation = await live.get(value)?.read();
        if (!activation) return;
        let sum = sums.get(value);
        if (!sum) sums.set(value, (sum = new MomentSums(activation.shape)));
        sum.add(activation.data as Float32Array);
      });
      if (output) this.#outputs.set(output.data as Float32Array, tile.from * this.#network.classes);
    }
    return new Map([...sums].map(([value, sum]) => [value, sum.finish()]));
  }

  /** Which reference image gives its activations to image i of a chunk in a draw; the same for every site and channel. */
  donors(chunk: Digest, draw: number, images: number): Uint32Array {
    const stream = randomStream(this.content, 'donor', chunk, draw);
    return Uint32Array.from({ length: images }, () => stream.below(this.size));
  }

  /**
   * Keeps the maps of these channels of all reference images: [images × positions] for each. One walk for all of them.
   */
  async loadPlanes(wanted: ReadonlyMap<ValueId, ReadonlySet<number>>): Promise<void> {
    const missing = [...wanted].flatMap(([value, channels]) =>
      [...channels]
        .filter((channel) => !this.#planes.has(`${value}#${channel}`))
        .map((channel) => ({ value, channel })),
    );
    if (missing.length === 0) return;
    const until = this.#network.cuts.findLastIndex(({ value }) => missing.some((plane) => plane.value === value));
    for (const tile of this.#network.tiles(this.images)) {
      const visit = async (cut: number, live: ReadonlyMap<ValueId, EngineTensor>): Promise<void> => {
        const value = (this.#network.cuts[cut] as { value: ValueId }).value;
        const channels = missing.filter((plane) => plane.value === value);
        if (channels.length === 0) return;
        const activation = (await live.get(value)?.read()) as Tensor<'float32'>;
        const [images, count] = activation.shape as [number, number];
        const positions = sizeOf(activation.shape.slice(2));
        for (const { channel } of channels) {
          const key = `${value}#${channel}`;
          let plane = this.#planes.get(key);
          if (!plane) this.#planes.set(key, (plane = new Float32Array(this.size * positions)));
          for (let i = 0; i < images; i++) {
            const start = (i * count + channel) * positions;
            plane.set(activation.data.subarray(start, start + positions), (tile.from + i) * positions);
          }
        }
      };
      await this.#network.walk(tile.images, visit, { until });
    }
  }

  /** One channel's map of one reference image. `loadPlanes` must have been asked for it. */
  plane(value: ValueId, channel: number, image: number): Float32Array {
    const plane = this.#planes.get(`${value}#${channel}`) as Float32Array;
    const positions = plane.length / this.size;
    return plane.subarray(image * positions, (image + 1) * positions);
  }

  /** Forgets the planes: they are large, and the next batch asks for others. */
  dropPlanes(): void {
    this.#planes.clear();
  }
}

class MomentSums {
  readonly #channels: number;
  readonly #positions: number;
  readonly #map: Float64Array;
  readonly #squares: Float64Array;
  readonly #low: Float64Array;
  readonly #high: Float64Array;
  #images = 0;

  constructor(shape: readonly number[]) {
    this.#channels = shape[1] as number;
    this.#positions = sizeOf(shape.slice(2));
    this.#map = new Float64Array(this.#channels * this.#positions);
    this.#squares = new Float64Array(this.#channels);
    this.#low = new Float64Array(this.#channels).fill(Infinity);
    this.#high = new Float64Array(this.#channels).fill(-Infinity);
  }

  add(data: Float32Array): void {
    const size = this.#channels * this.#positions;
    for (let start = 0; start < data.length; start += size, this.#images++) {
      for (let c = 0, j = 0; c < this.#channels; c++) {
        let squares = 0;
        let low = this.#low[c] as number;
        let high = this.#high[c] as number;
        for (let p = 0; p < this.#positions; p++, j++) {
          const x = data[start + j] as number;
          this.#map[j] = (this.#map[j] as number) + x;
          squares += x * x;
          if (x < low) low = x;
          if (x > high) high = x;
        }
        this.#squares[c] = (this.#squares[c] as number) + squares;
        this.#low[c] = low;
        this.#high[c] = high;
      }
    }
  }

  finish(): SiteStatistics {
    const mean = new Float64Array(this.#channels);
    const std = new Float64Array(this.#channels);
    const count = this.#images * this.#positions;
    for (let c = 0; c < this.#channels; c++) {
      let sum = 0;
      for (let p = 0; p < this.#positions; p++) sum += this.#map[c * this.#positions + p] as number;
      mean[c] = sum / count;
      std[c] = Math.sqrt(Math.max(0, (this.#squares[c] as number) / count - (mean[c] as number) ** 2));
    }
    return { mean, std, low: this.#low, high: this.#high, meanMap: this.#map.map((sum) => sum / this.#images) };
  }
}
