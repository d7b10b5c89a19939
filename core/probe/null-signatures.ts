import type { Digest } from '../digest.js';
import { segment } from './segment.js';
import type { Site } from '../anatomy/site.js';
import type { ValueId } from '../network/graph.js';
import { printBase } from '../plan/impulses.js';
import { printVariant } from '../plan/network-variant.js';
import type { NullGroup } from '../plan/null-groups.js';
import { sizeOf, type Tensor } from '../tensor.js';
import { baseImage } from './base-image.js';
import { CROP_TOLERANCE } from './crop.js';
import { gridOf, type Grid, type GridElements } from './grid.js';
import type { InstrumentedNetwork } from './instrumented-network.js';
import { amplitudeUnits, impulsesOf, type ResponseContext } from './response-batch.js';
import type { ImpulseRecord } from './gathering.js';
import { fromSparse, toSparse } from './sparse.js';

/** Signatures of a null on some bases, as they are stored. */
export interface NullSignatures {
  /** By site, `mask/…` and `values/…`: signatures [bases × kernels × features] without what is 0 (`sparse.ts`). */
  readonly tensors: ReadonlyMap<string, Tensor>;
  /** By base, the impulses, +a before −a. */
  readonly impulses: readonly (readonly ImpulseRecord[])[];
  /** Grid of the signatures: rows × columns. */
  readonly grid: readonly [number, number];
}

/** Rows of one run, bases and impulses. */
const ROWS = 32;

/** Pairs of impulses on one base, which share a run with it: rows `row`, `row` + 1 + 2·i and the one behind it. */
interface Segment {
  readonly base: number;
  readonly from: number;
  readonly to: number;
  readonly row: number;
}

/** Signatures [bases × kernels × features] of one site, written pair by pair. */
class SiteSamples {
  readonly site: Site;
  readonly data: Float32Array;
  readonly #points: number;
  readonly #elements: GridElements;
  readonly #features: number;

  constructor(site: Site, grid: Grid, bases: number, pairs: number) {
    this.site = site;
    this.#points = grid.rows * grid.columns;
    this.#elements = grid.elements.get(site.name) as GridElements;
    this.#features = pairs * this.#points;
    this.data = new Float32Array(bases * site.channels * this.#features);
  }

  /** The odd part of each pair of a segment; what is within `CROP_TOLERANCE` of the base counts as 0, as everywhere. */
  add({ base, from, to, row }: Segment, rows: Float32Array): void {
    const { channels, shape } = this.site;
    const [, height = 1, width = 1] = shape as [number, number?, number?];
    const size = channels * height * width;
    const own = rows.subarray(row * size, (row + 1) * size);
    const tolerance = CROP_TOLERANCE * largestMagnitude(own);
    const response = (value: number, before: number): number => {
      const difference = Math.fround(value - before);
      return difference <= tolerance && difference >= -tolerance ? 0 : difference;
    };
    for (let pair = from; pair < to; pair++) {
      const plus = (row + 1 + 2 * (pair - from)) * size;
      for (let k = 0; k < channels; k++) {
        let at = (base * channels + k) * this.#features + pair * this.#points;
        for (const y of this.#elements.rows) {
          for (const x of this.#elements.columns) {
            const j = (k * height + y) * width + x;
            const before = own[j] as number;
            const up = response(rows[plus + j] as number, before);
            const down = response(rows[plus + size + j] as number, before);
            this.data[at++] = (up - down) / 2;
          }
        }
      }
    }
  }
}

function largestMagnitude(values: Float32Array): number {
  let most = 0;
  for (let j = 0; j < values.length; j++) {
    const magnitude = Math.abs(values[j] as number);
    if (magnitude > most && magnitude < Infinity) most = magnitude;
  }
  return most;
}

/** Segments that go into one run each, in order: as many bases as fit, a base of many impulses in parts. */
function runsOf(pairs: readonly number[]): readonly (readonly Segment[])[] {
  const runs: Segment[][] = [];
  const most = (ROWS - 1) >> 1;
  let row = ROWS;
  pairs.forEach((count, base) => {
    for (let from = 0; from < count; from += most) {
      const to = Math.min(count, from + most);
      const rows = 1 + 2 * (to - from);
      if (row + rows > ROWS) {
        runs.push([]);
        row = 0;
      }
      runs.at(-1)?.push({ base, from, to, row });
      row += rows;
    }
  });
  return runs;
}

/**
 * Gives a null the impulses of a group and keeps its signatures: the odd part of each pair at the points of the grid, as `Gathering`
 * makes them of the network itself, for several bases in a run and without anything else that is stored of those.
 */
export async function nullSignatures(
  network: InstrumentedNetwork,
  group: NullGroup,
  context: ResponseContext,
): Promise<NullSignatures> {
  const sites = group.record.map((name) => network.site(name));
  const grid = gridOf(sites);
  const units = amplitudeUnits(network, { at: 'input', amplitudes: group.amplitudes }, context);
  const impulses = group.bases.map(({ positions }) => impulsesOf({ ...group, positions }, units));
  const pairs = impulses.map((own) => own.length / 2);
  const samples = sites.map((site) => new SiteSamples(site, grid, impulses.length, pairs[0] ?? 0));
  const values = [...new Set(sites.map(({ value }) => value))];
  const input = (network.graph.inputs[0] as { id: ValueId }).id;
  const name = `${network.graph.name} record ${values.join(',')}`;
  const program = await network.program(name, () => segment(network.graph, name, [input], values));
  const feed = program.feeds[0] as (typeof program.feeds)[number];
  for (const run of runsOf(pairs)) {
    context.signal?.throwIfAborted();
    const rows = network.engine.upload(rowsOf(run, group, impulses, context));
    const fetched = await program.run(new Map([[feed.name, rows]]), context.signal ? { signal: context.signal } : {});
    rows.dispose();
    for (const [value, tensor] of fetched) {
      const { data } = (await tensor.read()) as Tensor<'float32'>;
      for (const sample of samples) if (sample.site.value === value) for (const part of run) sample.add(part, data);
      tensor.dispose();
    }
  }
  return { tensors: tensorsOf(samples), impulses, grid: [grid.rows, grid.columns] };
}

/** What one run is fed. */
function rowsOf(
  run: readonly Segment[],
  group: NullGroup,
  impulses: NullSignatures['impulses'],
  context: ResponseContext,
): Tensor<'float32'> {
  const last = run.at(-1) as Segment;
  const count = last.row + 1 + 2 * (last.to - last.from);
  const shape = context.reference.shape.slice(1);
  const size = sizeOf(shape);
  const data = new Float32Array(count * size);
  for (const { base, from, to, row } of run) {
    const image = baseImage((group.bases[base] as NullGroup['bases'][number]).base, context).data;
    data.set(image, row * size);
    const given = impulses[base] as readonly ImpulseRecord[];
    for (let i = 2 * from; i < 2 * to; i++) {
      const start = (row + 1 + i - 2 * from) * size;
      const { channel, row: y, column: x, amplitude } = given[i] as ImpulseRecord;
      data.set(image, start);
      const at = start + context.layout.index(channel, y, x);
      data[at] = (data[at] as number) + amplitude;
    }
  }
  return { dtype: 'float32', shape: [count, ...shape], data };
}

function tensorsOf(samples: readonly SiteSamples[]): Map<string, Tensor> {
  const tensors = new Map<string, Tensor>();
  for (const { site, data } of samples) {
    const { mask, values } = toSparse(data);
    tensors.set(`mask/${site.name}`, { dtype: 'uint8', shape: [mask.length], data: mask });
    tensors.set(`values/${site.name}`, { dtype: 'float32', shape: [values.length], data: values });
  }
  return tensors;
}

/** Metadata of an object of signatures: what they are of. */
export function nullMetadata(
  group: NullGroup,
  { impulses, grid }: NullSignatures,
  key: Digest,
): Readonly<Record<string, string>> {
  return {
    key,
    null: printVariant(group.variant),
    bases: JSON.stringify(group.bases.map(({ base }) => printBase(base))),
    impulses: JSON.stringify(impulses),
    sites: JSON.stringify(group.record),
    grid: JSON.stringify(grid),
  };
}

/** Signatures by site: for each base, the parts of its positions, each [kernels × features]. */
export type BaseParts = ReadonlyMap<string, readonly (readonly Float32Array[])[]>;

/** Features of a kernel on one base. */
export function featuresOf({ channels, bases }: NullGroup, sites: readonly Site[]): number {
  const { rows, columns } = gridOf(sites);
  return channels.length * (bases[0]?.positions.length ?? 0) * rows * columns;
}

/** The signatures of stored tensors, by site and base: [kernels × features]. */
export function unpackedSignatures(
  tensors: ReadonlyMap<string, Tensor>,
  group: NullGroup,
  sites: readonly Site[],
): ReadonlyMap<string, readonly Float32Array[]> {
  const features = featuresOf(group, sites);
  return new Map(
    sites.map(({ name, channels }) => {
      const size = channels * features;
      const mask = tensors.get(`mask/${name}`) as Tensor<'uint8'>;
      const values = tensors.get(`values/${name}`) as Tensor<'float32'>;
      const dense = fromSparse({ mask: mask.data, values: values.data }, group.bases.length * size);
      return [name, group.bases.map((_, base) => dense.subarray(base * size, (base + 1) * size))];
    }),
  );
}
