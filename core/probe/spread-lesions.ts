import type { EngineTensor } from '../engine/engine.js';
import { rows, type Tensor } from '../tensor.js';
import type { LesionPath, Station } from './lesion-path.js';
import { uploaded } from './live.js';
import { keepOf, shiftOf } from './selection.js';
import type { TappedNetwork } from './tapped-network.js';

/** Runs conditions that begin at a station and edit at many cuts, each from there to the outputs in one program. */
export async function runSpread(
  network: TappedNetwork,
  station: Station,
  paths: readonly LesionPath[],
  signal?: AbortSignal,
): Promise<void> {
  const { program, selected } = await network.spread(station.cut);
  const images = (station.live.values().next().value as Tensor).shape[0] as number;
  const atOnce = network.rowsAt(station.cut);
  for (let from = 0; from < images; from += atOnce) {
    const to = Math.min(images, from + atOnce);
    const part = new Map([...station.live].map(([value, tensor]) => [value, rows(tensor, from, to)]));
    const live = uploaded(network.engine, part);
    for (const { steps, outputs } of paths) {
      signal?.throwIfAborted();
      const edits = new Map(steps.map((step) => [network.cuts[step.cut]?.value, step.edits]));
      const own = new Map<string, EngineTensor>();
      for (const { value, keep, shift } of selected) {
        const map = (network.graph.shapes.get(value) as readonly number[]).slice(1);
        const removed = { edits: [edits.get(value) ?? []], from, to, tileStart: station.start };
        own.set(keep, network.engine.upload(ofOneCondition(keepOf(map, removed.edits))));
        own.set(shift, network.engine.upload(ofOneCondition(shiftOf(map, removed))));
      }
      const feeds = new Map(
        [...program.feeds].map(({ name }) => [name, (own.get(name) ?? live.get(name)) as EngineTensor]),
      );
      const fetched = await program.run(feeds, signal ? { signal } : {});
      const data = (await fetched.get(network.output)?.read())?.data as Float32Array;
      outputs.set(data, (station.start + from) * network.classes);
      for (const tensor of [...own.values(), ...fetched.values()]) tensor.dispose();
    }
    for (const tensor of live.values()) tensor.dispose();
  }
}

/** Without its first axis, that of conditions. */
const ofOneCondition = <T extends Tensor>(tensor: T): T => ({ ...tensor, shape: tensor.shape.slice(1) });
