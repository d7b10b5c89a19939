import type { Engine, EngineTensor } from '../engine/engine.js';
import type { ValueId } from '../network/graph.js';
import { rows, type Tensor } from '../tensor.js';

/** Values alive at one place of a network, on the engine: [images, …]. */
export type Live = ReadonlyMap<ValueId, EngineTensor>;

/** The same on the host. */
export type HostLive = ReadonlyMap<ValueId, Tensor>;

export function pick(live: Live, values: readonly ValueId[]): Live {
  return new Map(values.map((value) => [value, live.get(value) as EngineTensor]));
}

/** What is alive at the next place, of what was alive before and what was found; the rest, but what is spared, is disposed of. */
export function moveOn(live: Live, found: Live, wanted: readonly ValueId[], spared?: ReadonlySet<EngineTensor>): Live {
  const next = pick(new Map([...live, ...found]), wanted);
  for (const [value, tensor] of [...live, ...found]) {
    if (!next.has(value) && !spared?.has(tensor)) tensor.dispose();
  }
  return next;
}

/** Gives back what lies on the engine. */
export function dispose(live: Live): void {
  for (const tensor of live.values()) tensor.dispose();
}

/** Images [from, to) of the values. */
export function imagesOf(host: HostLive, from: number, to: number): HostLive {
  return new Map([...host].map(([value, tensor]) => [value, rows(tensor, from, to)]));
}

/** Values of the host on the engine; the caller's to dispose of. */
export function uploaded(engine: Engine, host: HostLive): Live {
  return new Map([...host].map(([value, tensor]) => [value, engine.upload(tensor)]));
}

/** Reads values that are alive on the engine. */
export async function onHost(live: Live): Promise<HostLive> {
  const host = new Map<ValueId, Tensor>();
  for (const [value, tensor] of live) host.set(value, await tensor.read());
  return host;
}

/** Runs something on values of the host: they are uploaded, what it gives is read, and nothing stays on the engine. */
export async function throughEngine(
  engine: Engine,
  host: HostLive,
  run: (live: Live) => Promise<Live>,
): Promise<HostLive> {
  const given = uploaded(engine, host);
  const fetched = await run(given);
  const values = await onHost(fetched);
  for (const tensor of [...given.values(), ...fetched.values()]) tensor.dispose();
  return values;
}
