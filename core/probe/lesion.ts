import type { Digest } from '../digest.js';
import type { EngineTensor } from '../engine/engine.js';
import type { ValueId } from '../network/graph.js';
import type { CellKey, Condition } from '../plan/condition.js';
import { sizeOf, type Tensor } from '../tensor.js';
import type { Cell } from './cell.js';
import { chunkBaseline, type ChunkBaseline } from './chunk-baseline.js';
import { fillValues, reachOf, type FillReach } from './fill.js';
import { runLesions, type PreparedEdit } from './lesion-run.js';
import { imageMetrics, type MetricsContext, type OutputKind } from './metrics.js';
import type { ReferenceSet } from './reference-set.js';
import type { TappedNetwork } from './tapped-network.js';

/** A chunk of images as a network takes them. */
export interface ProbeChunk {
  readonly digest: Digest;
  /** Preprocessed, [n, …]. */
  readonly images: Tensor;
  readonly labels: Uint16Array;
}

/** Where finished cells go, in the order of the conditions asked for. */
export interface ResultSink {
  cell(index: number, cell: Cell): void;
}

export interface LesionBatch {
  readonly network: TappedNetwork;
  readonly chunk: ProbeChunk;
  readonly conditions: readonly { readonly key: CellKey; readonly condition: Condition }[];
  readonly reference: ReferenceSet;
  readonly output: { readonly kind: OutputKind; readonly classOffset: number };
  /** The intact network on this chunk, if it has been run before. */
  readonly baseline?: ChunkBaseline;
  readonly signal?: AbortSignal;
  /** Called with the number of conditions whose first edit lies behind the walk. */
  readonly onDone?: (done: number) => void;
}

interface Prepared {
  readonly index: number;
  readonly edits: readonly PreparedEdit[];
  readonly first: number;
  readonly reach: FillReach;
  /** Images × classes, written tile by tile. */
  readonly outputs: Float32Array;
  effect: number;
}

/**
 * Runs conditions on one chunk: the intact beginning once for each tile of images, then every condition from its first
 * edit on. A condition that changes nothing at any of its sites is `no-op` and equals the baseline exactly.
 */
export async function runLesionBatch(batch: LesionBatch, sink: ResultSink): Promise<ChunkBaseline> {
  const { network, chunk } = batch;
  const baseline = batch.baseline ?? (await chunkBaseline(network, chunk.images, batch.output.kind, batch.signal));
  const context: MetricsContext = {
    classes: network.classes,
    classOffset: batch.output.classOffset,
    kind: batch.output.kind,
    labels: chunk.labels,
    baseline: baseline.log,
  };
  const intact = imageMetrics(baseline.outputs, context);
  const prepared = await prepare(batch, baseline);
  await walkLesions(
    batch,
    prepared.filter((condition) => condition.effect !== 0),
  );
  batch.reference.dropPlanes();
  prepared.forEach((condition, index) => {
    const { key } = batch.conditions[index] as { key: CellKey };
    const idle = condition.effect === 0;
    const metrics = idle ? intact : imageMetrics(condition.outputs, context);
    const state = idle && condition.edits.length > 0 ? 'no-op' : 'ok';
    sink.cell(index, { key, state, effect: condition.effect, ...metrics });
  });
  return baseline;
}

/** NaN marks an effect that only the walk can tell. */
async function prepare(batch: LesionBatch, baseline: ChunkBaseline): Promise<Prepared[]> {
  const { network, chunk, reference } = batch;
  const kinds = new Set(batch.conditions.flatMap(({ condition }) => condition.edits.map((edit) => edit.fill.kind)));
  const statistics = kinds.has('mean') ? await reference.statistics() : new Map();
  const planes = new Map<ValueId, Set<number>>();
  for (const { condition } of batch.conditions) {
    for (const edit of condition.edits) {
      if (edit.fill.kind !== 'resample') continue;
      const { value } = network.site(edit.site);
      const channels = planes.get(value) ?? new Set<number>();
      for (const channel of edit.channels) channels.add(channel);
      planes.set(value, channels);
    }
  }
  await reference.loadPlanes(planes);
  const images = chunk.labels.length;
  const source = { reference, statistics, chunk: chunk.digest, images };
  return batch.conditions.map(({ condition }, index) => {
    const edits = condition.edits.map((edit): PreparedEdit => {
      const { value } = network.site(edit.site);
      return { value, channels: edit.channels, fill: fillValues(edit, value, source) };
    });
    const reaches = condition.edits.map(reachOf);
    const reach = reaches.includes('image') ? 'image' : reaches.includes('position') ? 'position' : 'channel';
    const effect = edits.reduce((largest, edit) => Math.max(largest, knownEffect(edit, baseline)), 0);
    const first = Math.min(...condition.edits.map((edit) => network.cutOf(edit.site)));
    return {
      index,
      edits,
      first,
      reach,
      effect,
      outputs: new Float32Array(effect === 0 ? 0 : images * network.classes),
    };
  });
}

/** Largest change that an edit makes to the intact activations, from their extremes; NaN where those don't tell. */
function knownEffect(edit: PreparedEdit, baseline: ChunkBaseline): number {
  if (edit.fill.reach !== 'channel') return Number.NaN;
  const range = baseline.extremes.get(edit.value) as { low: Float32Array; high: Float32Array };
  return edit.channels.reduce((largest, channel) => {
    const fill = edit.fill.values(channel, 0)[0] as number;
    const change = Math.max(
      Math.abs((range.low[channel] as number) - fill),
      Math.abs((range.high[channel] as number) - fill),
    );
    return Math.max(largest, change);
  }, 0);
}

async function walkLesions(batch: LesionBatch, conditions: readonly Prepared[]): Promise<void> {
  const { network, chunk, signal } = batch;
  if (conditions.length === 0) return;
  const unknown = conditions.filter((condition) => Number.isNaN(condition.effect));
  for (const condition of unknown) condition.effect = 0;
  // Beyond the last first edit only those need the intact activations whose effect is measured on them.
  const until = Math.max(
    ...conditions.map(({ first }) => first),
    ...unknown.flatMap(({ edits }) => edits.map(({ value }) => cutOfValue(network, value))),
  );
  const from = Math.min(...conditions.map(({ first }) => first));
  const tiles = Math.ceil(chunk.labels.length / network.tile);
  let walked = 0;
  for (const tile of network.tiles(chunk.images)) {
    let behind = 0;
    await network.walk(
      tile.images,
      async (cut, live) => {
        const point = network.cuts[cut] as { value: ValueId; live: readonly ValueId[] };
        if (unknown.length > 0) {
          const activation = (await live.get(point.value)?.read()) as Tensor<'float32'>;
          for (const condition of unknown) measureEffect(condition, point.value, activation, tile.from);
        }
        const here = conditions.filter((condition) => condition.first === cut);
        if (here.length === 0) return;
        const host = await readLive(point.live, live);
        await runHere(batch, cut, here, host, tile);
        behind += here.length;
        batch.onDone?.(Math.floor(((walked + behind / conditions.length) / tiles) * batch.conditions.length));
      },
      { until, resume: { chunk: chunk.digest, tile: tile.from, from }, ...(signal ? { signal } : {}) },
    );
    walked++;
  }
}

const cutOfValue = (network: TappedNetwork, value: ValueId): number =>
  network.cuts.findIndex((cut) => cut.value === value);

async function readLive(
  values: readonly ValueId[],
  live: ReadonlyMap<ValueId, EngineTensor>,
): Promise<Map<ValueId, Tensor>> {
  const host = new Map<ValueId, Tensor>();
  for (const value of values) host.set(value, await (live.get(value) as EngineTensor).read());
  return host;
}

/** Conditions of one cut on one tile, as many in a run as its rows allow. */
async function runHere(
  batch: LesionBatch,
  cut: number,
  conditions: readonly Prepared[],
  live: ReadonlyMap<ValueId, Tensor>,
  tile: { readonly from: number; readonly to: number },
): Promise<void> {
  const { network, signal } = batch;
  const images = tile.to - tile.from;
  const rows = network.rowsAt(cut);
  const perRun = Math.min(images, Math.max(8, Math.floor(rows / 4)));
  const together = Math.max(1, Math.floor(rows / perRun));
  const groups = new Map<string, Prepared[]>();
  for (const condition of conditions) {
    const name = `${condition.edits.length > 1} ${condition.reach}`;
    groups.set(name, [...(groups.get(name) ?? []), condition]);
  }
  for (const group of groups.values()) {
    const lesion = await network.lesion(cut, (group[0] as Prepared).edits.length > 1);
    for (let start = 0; start < group.length; start += together) {
      const run = group.slice(start, start + together);
      for (let from = 0; from < images; from += perRun) {
        signal?.throwIfAborted();
        const to = Math.min(images, from + perRun);
        const data = await runLesions(
          network,
          lesion,
          live,
          { conditions: run.map((condition) => condition.edits), from, to, tileStart: tile.from },
          signal,
        );
        const block = (to - from) * network.classes;
        run.forEach((condition, c) =>
          condition.outputs.set(data.subarray(c * block, (c + 1) * block), (tile.from + from) * network.classes),
        );
      }
    }
  }
}

/** Elementwise, for fills that differ by position or image. */
function measureEffect(condition: Prepared, value: ValueId, activation: Tensor<'float32'>, tileStart: number): void {
  for (const edit of condition.edits) {
    if (edit.value !== value) continue;
    const [images, channels] = activation.shape as [number, number];
    const positions = sizeOf(activation.shape.slice(2));
    for (const channel of edit.channels) {
      for (let i = 0; i < images; i++) {
        const fill = edit.fill.values(channel, tileStart + i);
        const start = (i * channels + channel) * positions;
        for (let p = 0; p < positions; p++) {
          const replaced = fill.length === 1 ? fill[0] : fill[p];
          const change = Math.abs((activation.data[start + p] as number) - (replaced as number));
          if (change > condition.effect) condition.effect = change;
        }
      }
    }
  }
}
