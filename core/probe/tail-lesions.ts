import type { EngineTensor } from '../engine/engine.js';
import type { ValueId } from '../network/graph.js';
import type { Tensor } from '../tensor.js';
import { imagesAt, type LesionPath, type Station } from './lesion-path.js';
import { dispose, imagesOf, uploaded, type Live } from './live.js';
import { keepOf, shiftOf, type PreparedEdit } from './selection.js';
import type { TailStage, InstrumentedNetwork } from './instrumented-network.js';

/** Runs conditions that begin at a station and edit at many cuts, each from there to the output. */
export async function runTails(
  network: InstrumentedNetwork,
  station: Station,
  paths: readonly LesionPath[],
  signal?: AbortSignal,
): Promise<void> {
  const stages = network.spread(station.cut);
  const images = imagesAt(station);
  const atOnce = network.rowsAt(station.cut);
  for (let from = 0; from < images; from += atOnce) {
    const to = Math.min(images, from + atOnce);
    const intact = uploaded(network.engine, imagesOf(station.live, from, to));
    for (const { steps, outputs } of paths) {
      signal?.throwIfAborted();
      const edits = new Map(steps.flatMap((step) => step.edits.map(({ value }) => [value, step.edits] as const)));
      let live = intact;
      for (const stage of stages) {
        const next = await through(network, stage, live, { edits, from, to, start: station.start }, signal);
        if (live !== intact) dispose(live);
        live = next;
      }
      const data = (await live.get(network.output)?.read())?.data as Float32Array;
      outputs.set(data, (station.start + from) * network.classes);
      dispose(live);
    }
    dispose(intact);
  }
}

interface Removed {
  readonly edits: ReadonlyMap<ValueId, readonly PreparedEdit[]>;
  /** Images [from, to) of the tile, which begins at image `start` of the chunk. */
  readonly from: number;
  readonly to: number;
  readonly start: number;
}

/** Runs one program; all tensors given stay the caller's. */
async function through(
  { engine, graph }: InstrumentedNetwork,
  stage: TailStage,
  live: Live,
  { edits, from, to, start }: Removed,
  signal: AbortSignal | undefined,
): Promise<Live> {
  const program = await stage.program();
  const own = new Map<string, EngineTensor>();
  for (const { value, keep, shift } of stage.selected) {
    const map = (graph.shapes.get(value) as readonly number[]).slice(1);
    const removed = { edits: [edits.get(value) ?? []], from, to, tileStart: start };
    own.set(keep, engine.upload(ofOneCondition(keepOf(map, removed.edits))));
    own.set(shift, engine.upload(ofOneCondition(shiftOf(map, removed))));
  }
  const feeds = new Map(program.feeds.map(({ name }) => [name, (own.get(name) ?? live.get(name)) as EngineTensor]));
  const fetched = await program.run(feeds, signal ? { signal } : {});
  dispose(own);
  return new Map([...stage.outputs].map(([value, name]) => [value, fetched.get(name) as EngineTensor]));
}

/** Without its first axis, that of conditions. */
const ofOneCondition = <T extends Tensor>(tensor: T): T => ({ ...tensor, shape: tensor.shape.slice(1) });
