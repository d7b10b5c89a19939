import { canonicalJson, type Json } from '../canonical.js';
import type { Digest } from '../digest.js';
import { PercussError } from '../errors.js';
import type { ValueId } from '../network/graph.js';
import type { CellKey, Condition } from '../plan/condition.js';
import type { OutputKind } from '../spec/words/output-kinds.js';
import type { Tensor } from '../tensor.js';
import type { Cell } from './cell.js';
import { BaselineGathering, type ChunkBaseline } from './chunk-baseline.js';
import type { CutPoint } from './cut-point.js';
import { effectWithin } from './effect.js';
import { EarlierValues } from './earlier-values.js';
import { fillValues, readsOf } from './fill.js';
import { IntactValues } from './intact-values.js';
import type { LesionPath, LesionStep } from './lesion-path.js';
import { runPaths } from './lesion-paths.js';
import { heldTogether, measuredAt } from './measured-paths.js';
import type { PreparedEdit } from './selection.js';
import { onHost } from './live.js';
import { imageMetrics, type MetricsContext } from './metrics.js';
import type { ReferenceSet } from './reference-set.js';
import type { Optimum } from '../plan/optimum.js';
import { Substituting, type MomentsSource } from './substituting.js';
import type { InstrumentedNetwork } from './instrumented-network.js';

/** A chunk of images as a network takes them. */
export interface ProbeChunk {
  readonly digest: Digest;
  /** Preprocessed, [n, …]. */
  readonly images: Tensor;
  readonly labels: Uint16Array;
}

/** Where finished cells go, in the order of the conditions asked for, with their outputs [images × classes]. */
export interface ResultSink {
  cell(index: number, cell: Cell, outputs: Float32Array): void;
}

export interface LesionBatch {
  readonly network: InstrumentedNetwork;
  readonly chunk: ProbeChunk;
  readonly conditions: readonly { readonly key: CellKey; readonly condition: Condition }[];
  readonly reference: ReferenceSet;
  /** Where substitutes are fitted from; needed where some condition has one. */
  readonly moments?: MomentsSource;
  /** Where best constants of a site's channels come from; needed where some condition has them. */
  readonly optima?: (optimum: Optimum) => Promise<Float64Array>;
  readonly output: { readonly kind: OutputKind; readonly classOffset: number };
  /** The intact network on this chunk, if it has been run before. */
  readonly baseline?: ChunkBaseline;
  readonly signal?: AbortSignal;
  /** Called with the number of conditions whose first edit lies behind the walk. */
  readonly onDone?: (done: number) => void;
}

interface Prepared extends LesionPath {
  readonly edits: readonly PreparedEdit[];
  /** Whether only a walk can tell its effect, since what it puts in differs by position or image. */
  readonly measured: boolean;
  effect: number;
}

/**
 * Runs conditions on one chunk: the intact beginning once for each tile of images, then every condition from its first
 * edit on. A condition that changes nothing at any of its sites is `no-op` and equals the baseline exactly.
 */
export async function runLesionBatch(batch: LesionBatch, sink: ResultSink): Promise<ChunkBaseline> {
  const { network, chunk, output } = batch;
  const held: Held = { intact: heldOf(batch), earlier: new EarlierValues() };
  const prepared = await prepare(batch, held);
  const lesions = prepared.filter(({ edits }) => edits.length > 0);
  const done = doneOf(batch, lesions.length);
  let baseline = batch.baseline;
  let ran: ReadonlySet<Prepared> = new Set();
  if (!baseline) {
    const gathering = new BaselineGathering(network, chunk.labels.length);
    // While lesions run the walk holds the values of all cuts of a segment, since a baseline sees them all; where these are
    // many, two walks take less memory.
    const alongside = network.stopsAtEveryCut && heldTogether(lesions, network.tile).length === 1;
    ran = await walkLesions(batch, alongside ? lesions : [], held, done, gathering);
    baseline = gathering.gathered(output.kind);
  }
  for (const lesion of lesions) {
    const { extremes } = baseline;
    if (!lesion.measured) lesion.effect = Math.max(...lesion.edits.map((edit) => effectWithin(edit, extremes)));
  }
  const left = lesions.filter((lesion) => !ran.has(lesion) && (lesion.measured || lesion.effect !== 0));
  for (const part of heldTogether(left, network.tile)) await walkLesions(batch, part, held, done);
  batch.reference.dropPlanes();
  const context: MetricsContext = {
    classes: network.classes,
    classOffset: output.classOffset,
    kind: output.kind,
    labels: chunk.labels,
    baseline: baseline.log,
  };
  const intact = { outputs: baseline.outputs, metrics: imageMetrics(baseline.outputs, context) };
  prepared.forEach((condition, index) => {
    const { key } = batch.conditions[index] as { key: CellKey };
    const idle = condition.effect === 0;
    const { outputs, metrics } = idle
      ? intact
      : { outputs: condition.outputs, metrics: imageMetrics(condition.outputs, context) };
    const state = idle && condition.edits.length > 0 ? 'no-op' : 'ok';
    sink.cell(index, { key, state, effect: condition.effect, ...metrics }, outputs);
  });
  return baseline;
}

/** Values that some edit puts back as they are in the intact network. */
function heldOf({ network, conditions }: LesionBatch): IntactValues {
  const edits = conditions.flatMap(({ condition }) => condition.edits.filter(({ fill }) => readsOf(fill) === 'intact'));
  return new IntactValues(new Set(edits.map(({ site }) => network.site(site).value)));
}

/** What is known of the intact network on a tile, besides what a walk passes. */
interface Held {
  readonly intact: IntactValues;
  readonly earlier: EarlierValues;
}

/** Substitutes of all conditions, fitted. */
async function fitted({ conditions, moments }: LesionBatch): Promise<Substituting> {
  const edits = conditions.flatMap(({ condition }) =>
    condition.edits.filter(({ fill }) => readsOf(fill) === 'moments'),
  );
  const substituting = new Substituting();
  if (edits.length === 0) return substituting;
  if (!moments) throw new PercussError('BUG', 'conditions have substitutes, but nothing is known to fit them to');
  await substituting.fit(edits, moments);
  return substituting;
}

/** Best constants of the sites at which conditions put them. */
async function optimaOf({ conditions, optima }: LesionBatch): Promise<ReadonlyMap<string, Float64Array>> {
  const known = new Map<string, Float64Array>();
  for (const { condition } of conditions) {
    for (const { site, fill } of condition.edits) {
      if (fill.kind !== 'optimal' || known.has(site)) continue;
      if (!optima)
        throw new PercussError('BUG', 'conditions have best constants, but nothing is known to look for them');
      known.set(site, await optima({ site, fill }));
    }
  }
  return known;
}

async function prepare(batch: LesionBatch, { intact, earlier }: Held): Promise<Prepared[]> {
  const { network, chunk, reference } = batch;
  const reads = new Set(batch.conditions.flatMap(({ condition }) => condition.edits.map(({ fill }) => readsOf(fill))));
  const statistics = reads.has('statistics') ? await reference.statistics() : new Map();
  const planes = new Map<ValueId, Set<number>>();
  for (const { condition } of batch.conditions) {
    for (const edit of condition.edits) {
      if (readsOf(edit.fill) !== 'planes') continue;
      const { value } = network.site(edit.site);
      const channels = planes.get(value) ?? new Set<number>();
      for (const channel of edit.channels) channels.add(channel);
      planes.set(value, channels);
    }
  }
  await reference.loadPlanes(planes);
  const images = chunk.labels.length;
  const substituting = await fitted(batch);
  const optima = await optimaOf(batch);
  const source = { reference, statistics, intact, substituting, earlier, optima, chunk: chunk.digest, images };
  return batch.conditions.map(({ condition }) => {
    const edits = condition.edits.map((edit): PreparedEdit => {
      const { value } = network.site(edit.site);
      return { value, channels: edit.channels, fill: fillValues(edit, value, source) };
    });
    return {
      edits,
      steps: stepsOf(network, condition, edits),
      measured: edits.some((edit) => edit.fill.reach !== 'channel'),
      effect: 0,
      outputs: new Float32Array(images * network.classes),
    };
  });
}

/** Edits by the cut at which they are made, in the order in which the network computes. */
function stepsOf(
  network: InstrumentedNetwork,
  condition: Condition,
  edits: readonly PreparedEdit[],
): readonly LesionStep[] {
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

/**
 * Runs conditions on all tiles. With `gathering`, the walk gathers the baseline, and conditions are left out of which the first
 * tile does not show that they change something. Resolves to those that ran.
 */
async function walkLesions(
  batch: LesionBatch,
  conditions: readonly Prepared[],
  held: Held,
  done: (runs: number) => void,
  gathering?: BaselineGathering,
): Promise<ReadonlySet<Prepared>> {
  const { network, chunk, signal } = batch;
  const ran = new Set<Prepared>();
  const measured = conditions.filter((condition) => condition.measured);
  // Beyond the last first edit only those need the intact activations whose effect is measured on them.
  const cuts = new Set([
    ...conditions.map(firstCut),
    ...measured.flatMap(({ edits }) => edits.map(({ value }) => cutOfValue(network, value))),
  ]);
  const told = new Set(conditions.flatMap(({ edits }) => edits.map(({ fill }) => fill)));
  const shows = (lesion: Prepared): boolean =>
    !gathering ||
    lesion.measured ||
    (lesion.steps[0] as LesionStep).edits.some((edit) => effectWithin(edit, gathering.extremes) !== 0);
  for (const tile of network.tiles(chunk.images)) {
    if (conditions.length > 0) {
      await held.intact.load(network, tile.images, tile.from, signal);
      await held.earlier.load(network, tile, told, signal);
    }
    const output = await network.walk(
      tile.images,
      async (cut, live) => {
        await gathering?.see(cut, live);
        const { value } = network.cuts[cut] as CutPoint;
        const knowing =
          measured.length > 0
            ? measuredAt(measured, value, (await live.get(value)?.read()) as Tensor<'float32'>, tile.from)
            : undefined;
        const reaching = conditions.filter((condition) => firstCut(condition) === cut);
        const here = reaching.filter((condition) => (tile.from === 0 ? shows(condition) : ran.has(condition)));
        if (here.length === 0) return;
        for (const condition of here) ran.add(condition);
        const host = await onHost(live);
        const paths = here.map((condition) => knowing?.get(condition) ?? condition);
        await runPaths(network, { cut, live: host, start: tile.from }, paths, signal);
        done(here.length);
      },
      {
        ...(gathering ? { beyond: true } : { cuts }),
        ...(conditions.length === 0
          ? {}
          : {
              until: Math.max(...cuts),
              // A baseline is gathered from the input on.
              resume: {
                chunk: chunk.digest,
                tile: tile.from,
                from: gathering ? -1 : Math.min(...conditions.map(firstCut)),
              },
            }),
        ...(signal ? { signal } : {}),
      },
    );
    if (output) gathering?.finish(tile.from, output);
  }
  return ran;
}

/** Takes how many conditions ran on a tile, and reports what part of the batch is done. */
function doneOf({ network, chunk, conditions, onDone }: LesionBatch, lesions: number): (runs: number) => void {
  const all = lesions * Math.ceil(chunk.labels.length / network.tile);
  let done = 0;
  return (runs) => {
    done += runs;
    onDone?.(Math.floor((done / all) * conditions.length));
  };
}

const firstCut = ({ steps }: LesionPath): number => (steps[0] as LesionStep).cut;

const cutOfValue = (network: InstrumentedNetwork, value: ValueId): number =>
  network.cuts.findIndex((cut) => cut.value === value);
