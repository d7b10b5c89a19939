import type { EngineTensor } from '../engine/engine.js';
import type { DeltaPassage } from './delta-convolution.js';
import type { Tensor } from '../tensor.js';
import { ChangedChannels } from './delta-rows.js';
import { imagesOf, type HostLive } from './live.js';
import { keepOf, shiftOf, type LesionRows, type PreparedEdit } from './selection.js';
import type { CompiledLesion, InstrumentedNetwork } from './instrumented-network.js';

/**
 * Runs one lesion program on live values before the edits, and on what the program's delta convolutions need ahead of them. Resolves to
 * outputs [rows × classes] on the host.
 */
export async function runLesions(
  network: InstrumentedNetwork,
  lesion: CompiledLesion,
  live: HostLive,
  rows: LesionRows,
  signal?: AbortSignal,
): Promise<Float32Array> {
  const { edits, from, to } = rows;
  const feeds = new Map<string, EngineTensor>();
  const feed = (name: string, tensor: Tensor): void => void feeds.set(name, network.engine.upload(tensor));
  const intact = imagesOf(live, from, to);
  if (lesion.replicate) {
    feed(lesion.replicate, { dtype: 'float32', shape: [edits.length, 1, 1], data: new Float32Array(edits.length) });
  }
  const changed = lesion.delta && changedChannels(network, lesion, intact, rows);
  for (const entry of lesion.entries) {
    feed(entry.value, intact.get(entry.value) as Tensor);
    const map = (network.graph.shapes.get(entry.value) as readonly number[]).slice(1);
    if (entry.kind === 'edited' || entry.kind === 'patched') feed(entry.keep, keepOf(map, edits));
    if (entry.kind === 'edited') feed(entry.shift, shiftOf(map, rows));
    if (entry.kind === 'patched') feed(entry.channel, (changed as ChangedChannels).channel(entry.value));
    if (entry.kind !== 'carried') continue;
    feed(entry.weights, (changed as ChangedChannels).weights(entry.conv));
    feed(entry.difference, (changed as ChangedChannels).difference(entry.conv));
  }
  const fetched = await lesion.program.run(feeds, signal ? { signal } : {});
  for (const tensor of feeds.values()) tensor.dispose();
  const output = await network.finish(lesion, fetched, signal);
  const data = (await output.read()).data as Float32Array;
  output.dispose();
  if (data.length !== edits.length * (to - from) * network.classes) {
    throw new RangeError(
      `lesion program gave ${data.length} outputs for ${edits.length} conditions on ${to - from} images`,
    );
  }
  return data;
}

function changedChannels(
  network: InstrumentedNetwork,
  lesion: CompiledLesion,
  intact: HostLive,
  { edits, from, to, tileStart }: LesionRows,
): ChangedChannels {
  const single = edits.map(([edit]) => edit as PreparedEdit);
  return new ChangedChannels(network.graph, lesion.delta as DeltaPassage, intact, {
    value: (single[0] as PreparedEdit).value,
    edits: single,
    images: to - from,
    start: tileStart + from,
  });
}
