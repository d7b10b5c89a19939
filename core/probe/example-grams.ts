import type { Site } from '../anatomy/site.js';
import { EXAMPLES, examplePairs } from '../plan/examples.js';
import { rows, type Tensor } from '../tensor.js';
import { gridOf, type GridElements } from './grid.js';
import type { InstrumentedNetwork } from './instrumented-network.js';

/** Bytes of sampled activations that are held at a time; sites that do not fit together are walked one after the other. */
const HELD_BYTES = 2 ** 28;

/** What is held of a site while the examples go by: [examples × channels × points]. */
interface Held {
  readonly site: Site;
  readonly elements: GridElements;
  readonly values: Float32Array;
}

/**
 * Inner products of the intact activations of every two examples, at every site: the first of these images, at most `EXAMPLES`.
 * Activations are read at the points of the grid that signatures are sampled at (`gridOf`), so that each site counts the same
 * places, and what is held does not grow with the size of the maps. Each channel is divided by its deviation over examples and
 * points, so that all kernels count alike: else a kernel that is scaled, and scaled back by what reads it, would make another
 * network. By name of the site, float64: example i with j < i stands at i(i − 1)/2 + j. Sums run over channels and points in order.
 */
export async function exampleGrams(
  network: InstrumentedNetwork,
  images: Tensor,
): Promise<ReadonlyMap<string, Float64Array>> {
  const examples = Math.min(EXAMPLES, images.shape[0] as number);
  const first = rows(images, 0, examples);
  const { sites } = network.anatomy;
  const { elements } = gridOf(sites);
  const grams = new Map<string, Float64Array>();
  let together: Held[] = [];
  let bytes = 0;
  const walk = async (): Promise<void> => {
    if (together.length > 0) await gather(network, first, together);
    for (const held of together) {
      standardise(held.values, examples, held.site.channels);
      grams.set(held.site.name, gramOf(held.values, examples));
    }
    [together, bytes] = [[], 0];
  };
  for (const site of sites) {
    const own = elements.get(site.name) as GridElements;
    const size = examples * site.channels * own.rows.length * own.columns.length;
    if (bytes > 0 && bytes + 4 * size > HELD_BYTES) await walk();
    together.push({ site, elements: own, values: new Float32Array(size) });
    bytes += 4 * size;
  }
  await walk();
  return grams;
}

async function gather(network: InstrumentedNetwork, images: Tensor, wanted: readonly Held[]): Promise<void> {
  const until = network.cuts.findLastIndex(({ value }) => wanted.some(({ site }) => site.value === value));
  for (const tile of network.tiles(images)) {
    await network.walk(
      tile.images,
      async (cut, live) => {
        const value = network.cuts[cut]?.value;
        const here = wanted.filter(({ site }) => site.value === value);
        const activation = here.length > 0 && value !== undefined ? await live.get(value)?.read() : undefined;
        if (activation) for (const held of here) sample(held, activation as Tensor<'float32'>, tile.from);
      },
      { until },
    );
  }
}

function sample({ site, elements, values }: Held, { data, shape }: Tensor<'float32'>, from: number): void {
  const [count, , height = 1, width = 1] = shape as readonly [number, number, number?, number?];
  const points = elements.rows.length * elements.columns.length;
  let at = from * site.channels * points;
  for (let i = 0; i < count; i++) {
    for (let k = 0; k < site.channels; k++) {
      const map = (i * site.channels + k) * height * width;
      for (const row of elements.rows)
        for (const column of elements.columns) values[at++] = data[map + row * width + column] as number;
    }
  }
}

/** Divides each channel of [examples × channels × points] by its deviation; a constant one says nothing, and becomes 0. */
function standardise(values: Float32Array, examples: number, channels: number): void {
  const points = values.length / (examples * channels);
  for (let k = 0; k < channels; k++) {
    const each = (visit: (at: number) => void): void => {
      for (let i = 0; i < examples; i++) for (let p = 0; p < points; p++) visit((i * channels + k) * points + p);
    };
    let [sum, squares] = [0, 0];
    each((at) => void (sum += values[at] as number));
    const mean = sum / (examples * points);
    each((at) => void (squares += ((values[at] as number) - mean) ** 2));
    const scale = squares > 0 ? 1 / Math.sqrt(squares / (examples * points)) : 0;
    each((at) => void (values[at] = (values[at] as number) * scale));
  }
}

function gramOf(values: Float32Array, examples: number): Float64Array {
  const features = values.length / examples;
  const gram = new Float64Array(examplePairs(examples));
  let at = 0;
  for (let i = 0; i < examples; i++) {
    const a = values.subarray(i * features, (i + 1) * features);
    for (let j = 0; j < i; j++) {
      const b = values.subarray(j * features, (j + 1) * features);
      let total = 0;
      for (let f = 0; f < features; f++) total += (a[f] as number) * (b[f] as number);
      gram[at++] = total;
    }
  }
  return gram;
}
