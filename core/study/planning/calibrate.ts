import type { Engine } from '../../engine/engine.js';
import { anatomyOf } from '../../anatomy/anatomy.js';
import { graphCost, weightBytes } from '../../network/cost.js';
import type { Graph } from '../../network/graph.js';
import type { Condition } from '../../plan/condition.js';
import { defaultCost, type CostModel } from '../../plan/cost.js';
import { runLesionBatch } from '../../probe/lesion.js';
import { ReferenceSet } from '../../probe/reference-set.js';
import { InstrumentedNetwork } from '../../probe/instrumented-network.js';
import { chain, convolutions, network, uniform } from './calibration-graphs.js';
import { reachedShare } from './rehearsal.js';
import { workloadOf } from './workload.js';

/**
 * A measurement should last about so long, and is taken so often; the shortest counts, since others only add to it. Many
 * short ones, so that on a busy machine some are not interrupted.
 */
const LEAST_SECONDS = 0.004;
const TIMES = 16;
const MOST_ROWS = 64;
/** What one measurement may take in all; it is taken at least twice. */
const MOST_SECONDS = 0.25;
/** What the engine may take for one sweep of the host's measurement. */
const HOST_SECONDS = 0.05;
const HOST_TIMES = 5;

/** Convolutions as networks have them: wide maps of few channels, and small maps of many. [channels, side of the map] */
const CONVOLUTIONS = [
  [16, 32],
  [64, 16],
  [256, 8],
] as const;

/**
 * Measures what an engine does on this machine, in about a second: convolutions, element-wise operators, runs that do
 * next to nothing, what the host does for the rows of a lesion, and how much of all that a whole sweep reaches. What it gives is this machine's and this moment's:
 * it predicts times and is part of no identity.
 *
 * @param secondsPerProcess how long a process like those that compute takes until it is ready
 */
export async function calibrate(engine: Engine, secondsPerProcess = defaultCost.secondsPerProcess): Promise<CostModel> {
  const products = { macs: 0, seconds: 0 };
  for (const [channels, side] of CONVOLUTIONS) {
    const graph = convolutions(channels, side);
    const { rows, seconds } = await timed(engine, graph, [channels, side, side]);
    const cost = graphCost(graph);
    // Each shape counts alike, whatever number of rows it took to time it.
    products.macs += 1;
    products.seconds += seconds / (rows * cost.macs);
  }
  const additions = chain('Add', 6, [16, 32, 32]);
  const added = await timed(engine, additions, [16, 32, 32]);
  const idle = await timed(engine, chain('Add', 24, [1, 1, 1]), [1, 1, 1], 1);
  const macsPerSecond = products.macs / products.seconds;
  const secondsPerRun = idle.seconds;
  const bytes = added.rows * graphCost(additions).bytes;
  const [light, heavy] = [convolutions(...CONVOLUTIONS[0]), convolutions(...CONVOLUTIONS[2])];
  const made = { light: await compiling(engine, light), heavy: await compiling(engine, heavy) };
  const secondsPerByte = (made.heavy - made.light) / (weightBytes(heavy) - weightBytes(light));
  const model = {
    macsPerSecond,
    bytesPerSecond: bytes / Math.max(added.seconds - secondsPerRun / 4, added.seconds / 4),
    secondsPerRun,
    secondsPerNode: made.light / light.nodes.length,
    weightBytesPerSecond: 1 / Math.max(secondsPerByte, 1e-11),
    secondsPerProcess,
  };
  const parts = { ...model, ...(await hostCost(engine, model)) };
  return slowed(parts, await reachedShare(engine, parts));
}

/** A model of which so large a share is reached. */
function slowed(model: CostModel, share: number): CostModel {
  return {
    macsPerSecond: share * model.macsPerSecond,
    bytesPerSecond: share * model.bytesPerSecond,
    hostBytesPerSecond: share * model.hostBytesPerSecond,
    secondsPerRow: model.secondsPerRow / share,
    secondsPerRun: model.secondsPerRun / share,
    secondsPerNode: model.secondsPerNode / share,
    weightBytesPerSecond: share * model.weightBytesPerSecond,
    secondsPerProcess: model.secondsPerProcess,
  };
}

/** Counts how often a measurement is taken: `TIMES`, or fewer where that would last too long. */
function* repeats(): Generator<number> {
  const started = performance.now();
  for (let time = 0; time < TIMES; time++) {
    if (time >= 2 && performance.now() - started > 1000 * MOST_SECONDS) return;
    yield time;
  }
}

/** The shortest run of a graph, on as many rows as make it last long enough. */
async function timed(
  engine: Engine,
  graph: Graph,
  image: readonly number[],
  most = MOST_ROWS,
): Promise<{ readonly rows: number; readonly seconds: number }> {
  const program = await engine.compile(graph);
  const one = uniform('image', [1, ...image]).data;
  const once = async (rows: number): Promise<number> => {
    const data = new Float32Array(rows * one.length);
    for (let row = 0; row < rows; row++) data.set(one, row * one.length);
    const x = engine.upload({ dtype: 'float32', shape: [rows, ...image], data });
    const started = performance.now();
    const fetched = await program.run(new Map([['x', x]]));
    // What stays on a device is ready only once it is read.
    for (const tensor of fetched.values()) await tensor.read();
    const seconds = (performance.now() - started) / 1000;
    for (const tensor of [x, ...fetched.values()]) tensor.dispose();
    return seconds;
  };
  try {
    let rows = 1;
    await once(rows);
    while (rows < most && (await once(rows)) < LEAST_SECONDS) rows *= 2;
    let seconds = Infinity;
    for (const _ of repeats()) seconds = Math.min(seconds, await once(rows));
    return { rows, seconds };
  } finally {
    await program.dispose();
  }
}

/** The shortest time in which a graph is compiled. */
async function compiling(engine: Engine, graph: Graph): Promise<number> {
  let seconds = Infinity;
  for (const _ of repeats()) {
    const started = performance.now();
    const program = await engine.compile(graph);
    seconds = Math.min(seconds, (performance.now() - started) / 1000);
    await program.dispose();
  }
  return seconds;
}

/**
 * What the host does for the rows of lesions: a small network's conditions are run, and what the engine took is left out.
 * Changes of one channel are fed as differences for each row; those of two are not.
 */
async function hostCost(
  engine: Engine,
  model: Pick<CostModel, 'macsPerSecond' | 'bytesPerSecond'>,
): Promise<Pick<CostModel, 'hostBytesPerSecond' | 'secondsPerRow'>> {
  const watch = watched(engine);
  const channels = 16;
  const graph = network('host', [3, 32, 32], [channels, channels, channels], 10);
  const tapped = new InstrumentedNetwork(graph, anatomyOf(graph, { after: 'activation' }), watch.engine);
  try {
    const [site] = tapped.anatomy.sites;
    if (!site) throw new RangeError('the network of the calibration has no site');
    const workload = workloadOf(graph, tapped.anatomy);
    // Slow engines get few rows: what the host takes is then little against them, and need not be known well.
    const affordable = (HOST_SECONDS * model.macsPerSecond) / workload.behind(site.name, false).macs / channels;
    const images = Math.max(4, Math.min(MOST_ROWS, Math.floor(affordable)));
    const chunk = {
      digest: 'calibration',
      images: uniform('images', [images, 3, 32, 32]),
      labels: new Uint16Array(images),
    };
    const reference = new ReferenceSet(tapped, 'calibration', chunk.images);
    const sweep = async (width: number): Promise<number> => {
      const conditions = Array.from({ length: channels }, (_, c) => {
        const removed = Array.from({ length: width }, (__, i) => (c + i) % channels).sort((a, b) => a - b);
        const condition: Condition = { edits: [{ site: site.name, channels: removed, fill: { kind: 'zero' } }] };
        return { key: `${c}`, condition };
      });
      let least = Infinity;
      for (let time = 0; time <= HOST_TIMES; time++) {
        watch.take();
        const started = processorSeconds();
        const output = { kind: 'logits' as const, classOffset: 0 };
        await runLesionBatch({ network: tapped, chunk, reference, output, conditions, baseline }, { cell: () => {} });
        const host = processorSeconds() - started - watch.take();
        // The first time compiles, and so does the host's own code.
        if (time > 0) least = Math.min(least, host);
      }
      return least;
    };
    const output = { kind: 'logits' as const, classOffset: 0 };
    const baseline = await runLesionBatch(
      { network: tapped, chunk, reference, output, conditions: [] },
      { cell: () => {} },
    );
    const rows = channels * images;
    const [plain, carried] = [await sweep(2), await sweep(1)];
    const fed = rows * workload.behind(site.name, true).hostBytes;
    return {
      secondsPerRow: plain / rows,
      hostBytesPerSecond: Math.min(1e11, fed / Math.max(carried - plain, fed / 1e11)),
    };
  } finally {
    await tapped.close();
  }
}

/** Of this process: what the host does is no more than what it computes, and others' work is not counted. */
function processorSeconds(): number {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1e6;
}

/** An engine that tells how much of this process's time its runs took. */
function watched(engine: Engine): { readonly engine: Engine; take(): number } {
  let seconds = 0;
  return {
    engine: {
      mode: engine.mode,
      provenance: engine.provenance,
      upload: (tensor) => engine.upload(tensor),
      close: () => engine.close(),
      async compile(graph, own) {
        const program = await engine.compile(graph, own);
        return {
          feeds: program.feeds,
          outputs: program.outputs,
          bytes: program.bytes,
          dispose: () => program.dispose(),
          async run(feeds, options) {
            const started = processorSeconds();
            const fetched = await program.run(feeds, options);
            seconds += processorSeconds() - started;
            return fetched;
          },
        };
      },
    },
    take() {
      const taken = seconds;
      seconds = 0;
      return taken;
    },
  };
}
