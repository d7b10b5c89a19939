import type { ValueId } from '../network/graph.js';
import type { Fill } from '../spec/words/fills.js';
import type { InstrumentedNetwork } from './instrumented-network.js';
import type { LogitDirections } from './logit-directions.js';

/** What removing each channel does to some images of a chunk, to first order. */
export interface LinearisedTile {
  /** Number of the first image. */
  readonly from: number;
  /** By image. */
  readonly directions: readonly LogitDirections[];
  /** Rows of an image: by how much the outputs change along its directions, and behind them, where asked for, by how much the loss does. */
  readonly rows: number;
  /** By site and fill, [images × rows, channels]. */
  readonly changes: ReadonlyMap<ValueId, readonly Float32Array[]>;
}

/** By how much the outputs change, along a few directions, when channels of one chunk's images are removed one by one, to first order. */
export interface LinearisedChanges {
  readonly images: number;
  /** Numbers of an image. */
  readonly count: number;
  /** By image. */
  readonly directions: readonly LogitDirections[];
  /** [channels × images × count], of a fill by its place in the options. */
  of(fill: number, value: ValueId): Float32Array;
}

/** Changes on their way into place: of each channel side by side. */
export class Gathered implements LinearisedChanges {
  readonly directions: LogitDirections[] = [];
  readonly #changes = new Map<ValueId, readonly Float32Array[]>();

  constructor(
    network: InstrumentedNetwork,
    { values, fills }: { readonly values: readonly ValueId[]; readonly fills: readonly Fill[] },
    readonly images: number,
    readonly count: number,
  ) {
    for (const value of new Set(values)) {
      const channels = network.graph.shapes.get(value)?.[1] as number;
      this.#changes.set(
        value,
        fills.map(() => new Float32Array(channels * images * count)),
      );
    }
  }

  of(fill: number, value: ValueId): Float32Array {
    return this.#changes.get(value)?.[fill] as Float32Array;
  }

  add({ from, directions, rows: each, changes }: LinearisedTile): void {
    this.directions.push(...directions);
    for (const [value, byFill] of changes)
      byFill.forEach((change, fill) => {
        const into = this.of(fill, value);
        const line = this.images * this.count;
        const channels = into.length / line;
        for (let c = 0; c < channels; c++)
          for (let i = 0; i < directions.length; i++)
            for (let j = 0; j < this.count; j++)
              into[c * line + (from + i) * this.count + j] = change[(i * each + j) * channels + c] as number;
      });
  }
}
