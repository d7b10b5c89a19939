import type { ValueId } from '../network/graph.js';
import type { OutputKind } from '../spec/words/output-kinds.js';
import { sizeOf, type Tensor } from '../tensor.js';
import type { CutPoint } from './cut-point.js';
import type { Live } from './live.js';
import { logProbabilities } from './output-reading.js';
import type { InstrumentedNetwork } from './instrumented-network.js';

/** The intact network on a chunk: its outputs, and each channel's extremes at every cut. */
export interface ChunkBaseline {
  /** [images × classes], as the network gives them. */
  readonly outputs: Float32Array;
  /** Log probabilities, float64. */
  readonly log: Float64Array;
  /** Smallest and largest activation of each channel over the chunk, by cut value. */
  readonly extremes: ReadonlyMap<ValueId, ChannelRange>;
}

/** Smallest and largest value by channel; NaN where a value is no number. */
export interface ChannelRange {
  readonly low: Float32Array;
  readonly high: Float32Array;
}

/** Gathers a baseline from walks that see every cut of every tile. */
export class BaselineGathering {
  readonly #network: InstrumentedNetwork;
  readonly #outputs: Float32Array;
  readonly #extremes = new Map<ValueId, ChannelRange>();

  constructor(network: InstrumentedNetwork, images: number) {
    this.#network = network;
    this.#outputs = new Float32Array(images * network.classes);
  }

  /** Of the images seen so far. */
  get extremes(): ReadonlyMap<ValueId, ChannelRange> {
    return this.#extremes;
  }

  async see(cut: number, live: Live): Promise<void> {
    const { value } = this.#network.cuts[cut] as CutPoint;
    const activation = (await live.get(value)?.read()) as Tensor<'float32'>;
    const channels = activation.shape[1] as number;
    const range = this.#extremes.get(value) ?? {
      low: new Float32Array(channels).fill(Infinity),
      high: new Float32Array(channels).fill(-Infinity),
    };
    this.#extremes.set(value, range);
    widen(range, activation.data, channels, sizeOf(activation.shape.slice(2)));
  }

  /** Takes the outputs of images from number `start` on. */
  finish(start: number, output: Tensor): void {
    this.#outputs.set(output.data as Float32Array, start * this.#network.classes);
  }

  /** The baseline, once all is seen. */
  gathered(kind: OutputKind): ChunkBaseline {
    const outputs = this.#outputs;
    return { outputs, log: logProbabilities(outputs, this.#network.classes, kind), extremes: this.#extremes };
  }
}

function widen(range: ChannelRange, data: Float32Array, channels: number, positions: number): void {
  for (let start = 0, c = 0; start < data.length; start += positions, c = (c + 1) % channels) {
    let low = range.low[c] as number;
    let high = range.high[c] as number;
    for (let j = start; j < start + positions; j++) {
      const x = data[j] as number;
      if (x < low) low = x;
      if (x > high) high = x;
      if (Number.isNaN(x)) low = high = x;
    }
    range.low[c] = low;
    range.high[c] = high;
  }
}
