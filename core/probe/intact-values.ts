import type { ValueId } from '../network/graph.js';
import { sizeOf, type Tensor } from '../tensor.js';
import type { CutPoint } from './cut-point.js';
import type { InstrumentedNetwork } from './instrumented-network.js';

/**
 * What some values are in the intact network on a tile of images: held for one tile at a time, since whole maps of many sites
 * are large.
 */
export class IntactValues {
  readonly #wanted: ReadonlySet<ValueId>;
  readonly #held = new Map<ValueId, Tensor<'float32'>>();
  #start = 0;

  constructor(wanted: ReadonlySet<ValueId>) {
    this.#wanted = wanted;
  }

  /** Takes the values of a tile, in a walk of its own, which ends behind the last of them; `start`: its first image in the chunk. */
  async load(network: InstrumentedNetwork, images: Tensor, start: number, signal?: AbortSignal): Promise<void> {
    if (this.#wanted.size === 0) return;
    this.#held.clear();
    this.#start = start;
    const at = network.cuts.flatMap(({ value }, cut) => (this.#wanted.has(value) ? [cut] : []));
    await network.walk(
      images,
      async (cut, live) => {
        const { value } = network.cuts[cut] as CutPoint;
        this.#held.set(value, (await live.get(value)?.read()) as Tensor<'float32'>);
      },
      { cuts: new Set(at), until: Math.max(...at), ...(signal ? { signal } : {}) },
    );
  }

  /** One channel's map of one image of the chunk, which must be of the tile that is held. */
  plane(value: ValueId, channel: number, image: number): Float32Array {
    const { data, shape } = this.#held.get(value) as Tensor<'float32'>;
    const positions = sizeOf(shape.slice(2));
    const from = ((image - this.#start) * (shape[1] as number) + channel) * positions;
    return data.subarray(from, from + positions);
  }
}
