import type { ValueId } from '../network/graph.js';
import { segment } from './segment.js';
import type { Site } from '../anatomy/site.js';
import { sizeOf, type Tensor } from '../tensor.js';
import { cropOf, type Crop } from './crop.js';
import type { InstrumentedNetwork } from './instrumented-network.js';

/** One unit impulse: `amplitude` added to one element of the value that is tapped. */
export interface Impulse {
  readonly channel: number;
  readonly row: number;
  readonly column: number;
  readonly amplitude: number;
}

/** Where impulses are given: the values alive there for one base image, [1, …], and how the tapped one is laid out. */
export interface Tap {
  readonly live: ReadonlyMap<ValueId, Tensor>;
  readonly value: ValueId;
  /** Index of an element of the tapped value, of one image. */
  index(channel: number, row: number, column: number): number;
}

/** A site's response to one impulse: f(x₀ + a·δ) − f(x₀), [channels, height, width], and where it is not zero. */
export type ResponseVisitor = (impulse: number, site: Site, response: Tensor<'float32'>, crop: Crop) => void;

/** Rows of one run; the base is one more, so base and impulses always share a run. */
const ROWS = 24;

/**
 * Gives impulses, one a row, and hands each site's response to `visit`, impulses in order and sites by depth. Base and
 * impulses go through one run of one program, so that outside the projective field the difference is rounding only; what
 * is below the crop's tolerance is left out.
 */
export async function respond(
  network: InstrumentedNetwork,
  tap: Tap,
  impulses: readonly Impulse[],
  sites: readonly Site[],
  visit: ResponseVisitor,
  signal?: AbortSignal,
): Promise<void> {
  const values = [...new Set(sites.map((site) => site.value))].filter((value) => value !== tap.value);
  const name = `${network.graph.name} from ${[...tap.live.keys()].join(',')} record ${values.join(',')}`;
  const program = await network.program(name, () => {
    const whole = segment(network.graph, name, [...tap.live.keys()], values);
    const read = new Set(whole.nodes.flatMap((node) => node.inputs));
    return segment(
      network.graph,
      name,
      [...tap.live.keys()].filter((value) => read.has(value)),
      values,
    );
  });
  for (let start = 0; start < impulses.length; start += ROWS) {
    signal?.throwIfAborted();
    const part = impulses.slice(start, start + ROWS);
    const feeds = new Map(
      program.feeds.map((feed) => {
        const one = tap.live.get(feed.name) as Tensor<'float32'>;
        const rows = repeat(one, part.length + 1);
        if (feed.name === tap.value) part.forEach((impulse, i) => addImpulse(rows, tap, impulse, i + 1));
        return [feed.name, network.engine.upload(rows)] as const;
      }),
    );
    const fetched = await program.run(feeds, signal ? { signal } : {});
    for (const tensor of feeds.values()) tensor.dispose();
    const host = new Map<ValueId, Tensor<'float32'>>();
    for (const [value, tensor] of fetched) {
      host.set(value, (await tensor.read()) as Tensor<'float32'>);
      tensor.dispose();
    }
    const scales = new Map([...host].map(([value, rows]) => [value, scaleOf(rows)]));
    part.forEach((_, i) => {
      for (const site of sites) {
        const rows = host.get(site.value);
        if (rows) visit(start + i, site, ...difference(rows, i + 1, scales.get(site.value) as number));
      }
    });
  }
}

function repeat(one: Tensor<'float32'>, count: number): Tensor<'float32'> {
  const size = sizeOf(one.shape.slice(1));
  const data = new Float32Array(count * size);
  for (let i = 0; i < count; i++) data.set(one.data, i * size);
  return { dtype: 'float32', shape: [count, ...one.shape.slice(1)], data };
}

function addImpulse(rows: Tensor<'float32'>, tap: Tap, impulse: Impulse, row: number): void {
  const at = row * sizeOf(rows.shape.slice(1)) + tap.index(impulse.channel, impulse.row, impulse.column);
  rows.data[at] = (rows.data[at] as number) + impulse.amplitude;
}

/** Largest magnitude of the base, in row 0. */
function scaleOf(rows: Tensor<'float32'>): number {
  const size = sizeOf(rows.shape.slice(1));
  let scale = 0;
  for (let j = 0; j < size; j++) {
    const magnitude = Math.abs(rows.data[j] as number);
    // An infinite activation must not make all others count as rounding.
    if (magnitude > scale && magnitude < Infinity) scale = magnitude;
  }
  return scale;
}

/** Row `row` minus the base in row 0, as [channels, height, width]. */
function difference(rows: Tensor<'float32'>, row: number, scale: number): [Tensor<'float32'>, Crop] {
  const [, channels, height = 1, width = 1] = rows.shape as [number, number, number?, number?];
  const size = channels * height * width;
  const [base, own] = [rows.data.subarray(0, size), rows.data.subarray(row * size, (row + 1) * size)];
  const data = new Float32Array(size);
  for (let j = 0; j < size; j++) data[j] = (own[j] as number) - (base[j] as number);
  const response: Tensor<'float32'> = { dtype: 'float32', shape: [channels, height, width], data };
  return [response, cropOf(response, scale)];
}
