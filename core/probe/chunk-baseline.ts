import type { ValueId } from '../network/graph.js';
import { sizeOf, type Tensor } from '../tensor.js';
import { logProbabilities, type OutputKind } from './metrics.js';
import type { TappedNetwork } from './tapped-network.js';

/** The intact network on a chunk: its outputs, and each channel's extremes at every cut. */
export interface ChunkBaseline {
  /** [images × classes], as the network gives them. */
  readonly outputs: Float32Array;
  /** Log probabilities, float64. */
  readonly log: Float64Array;
  /** Smallest and largest activation of each channel over the chunk, by cut value. */
  readonly extremes: ReadonlyMap<ValueId, { readonly low: Float32Array; readonly high: Float32Array }>;
}

/** Runs the intact network over all images of a chunk. */
export async function chunkBaseline(
  network: TappedNetwork,
  images: Tensor,
  kind: OutputKind,
  signal?: AbortSignal,
): Promise<ChunkBaseline> {
  const classes = network.classes;
  const outputs = new Float32Array((images.shape[0] as number) * classes);
  const extremes = new Map<ValueId, { low: Float32Array; high: Float32Array }>();
  for (const tile of network.tiles(images)) {
    const output = await network.walk(
      tile.images,
      async (cut, live) => {
        const { value } = network.cuts[cut] as { value: ValueId };
        const activation = (await live.get(value)?.read()) as Tensor<'float32'>;
        const channels = activation.shape[1] as number;
        let range = extremes.get(value);
        if (!range) {
          range = { low: new Float32Array(channels).fill(Infinity), high: new Float32Array(channels).fill(-Infinity) };
          extremes.set(value, range);
        }
        widen(range, activation.data, channels, sizeOf(activation.shape.slice(2)));
      },
      signal ? { signal } : {},
    );
    outputs.set(output?.data as Float32Array, tile.from * classes);
  }
  return { outputs, log: logProbabilities(outputs, classes, kind), extremes };
}

function widen(
  range: { low: Float32Array; high: Float32Array },
  data: Float32Array,
  channels: number,
  positions: number,
): void {
  for (let start = 0, c = 0; start < data.length; start += positions, c = (c + 1) % channels) {
    let low = range.low[c] as number;
    let high = range.high[c] as number;
    for (let j = start; j < start + positions; j++) {
      const x = data[j] as number;
      if (x < low) low = x;
      if (x > high) high = x;
    }
    range.low[c] = low;
    range.high[c] = high;
  }
}
