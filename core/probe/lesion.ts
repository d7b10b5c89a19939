import { canonicalJson, type Json } from '../canonical.js';
import type { Digest } from '../digest.js';
import type { ValueId } from '../network/graph.js';
import type { CellKey, Condition } from '../plan/condition.js';
import { sizeOf, type Tensor } from '../tensor.js';
import type { Cell } from './cell.js';
import { chunkBaseline, type ChunkBaseline } from './chunk-baseline.js';
import type { CutPoint } from './cut-point.js';
import { fillValues } from './fill.js';
import { runPaths, type LesionPath, type LesionStep } from './lesion-paths.js';
import type { PreparedEdit } from './lesion-run.js';
import { onHost } from './live.js';
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

interface Prepared extends LesionPath {
  readonly edits: readonly PreparedEdit[];
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
  return batch.conditions.map(({ condition }) => {
    const edits = condition.edits.map((edit): PreparedEdit => {
      const { value } = network.site(edit.site);
      return { value, channels: edit.channels, fill: fillValues(edit, value, source) };
    });
    const effect = edits.reduce((largest, edit) => Math.max(largest, knownEffect(edit, baseline)), 0);
    return {
      edits,
      steps: stepsOf(network, condition, edits),
      effect,
      outputs: new Float32Array(effect === 0 ? 0 : images * network.classes),
    };
  });
}

/** Edits by the cut at which they are made, in the order in which the network computes. */
function stepsOf(network: TappedNetwork, condition: Condition, edits: readonly PreparedEdit[]): readonly LesionStep[] {
  const byCut = new Map<number, { edits: PreparedEdit[]; keys: string[] }>();
  edits.forEach((edit, i) => {
    const cut = cutOfValue(network, edit.value);
    const step = byCut.get(cut) ?? { edits: [], keys: [] };
    byCut.set(cut, step);
    step.edits.push(edit);
    step.keys.push(canonicalJson(condition.edits[i] as unknown as Json));
  });
  return [...byCut]
    .sort(([a], [b]) => a - b)
    .map(([cut, step]) => ({ cut, edits: step.edits, key: step.keys.join('\n') }));
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
  const cuts = new Set([
    ...conditions.map(firstCut),
    ...unknown.flatMap(({ edits }) => edits.map(({ value }) => cutOfValue(network, value))),
  ]);
  const until = Math.max(...cuts);
  const from = Math.min(...conditions.map(firstCut));
  const tiles = Math.ceil(chunk.labels.length / network.tile);
  let walked = 0;
  for (const tile of network.tiles(chunk.images)) {
    let behind = 0;
    await network.walk(
      tile.images,
      async (cut, live) => {
        const { value } = network.cuts[cut] as CutPoint;
        if (unknown.length > 0) {
          const activation = (await live.get(value)?.read()) as Tensor<'float32'>;
          for (const condition of unknown) measureEffect(condition, value, activation, tile.from);
        }
        const here = conditions.filter((condition) => firstCut(condition) === cut);
        if (here.length === 0) return;
        const host = await onHost(live);
        await runPaths(network, { cut, live: host, start: tile.from }, here, signal);
        behind += here.length;
        batch.onDone?.(Math.floor(((walked + behind / conditions.length) / tiles) * batch.conditions.length));
      },
      { until, cuts, resume: { chunk: chunk.digest, tile: tile.from, from }, ...(signal ? { signal } : {}) },
    );
    walked++;
  }
}

const firstCut = ({ steps }: LesionPath): number => (steps[0] as LesionStep).cut;

const cutOfValue = (network: TappedNetwork, value: ValueId): number =>
  network.cuts.findIndex((cut) => cut.value === value);

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
