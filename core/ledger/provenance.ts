import { z } from 'zod';
import { canonicalJson } from '../canonical.js';
import type { Provenance } from '../probe/cell.js';
import type { Key, ObjectStore, StoreOptions } from '../store/object-store.js';
import { readAhead } from './read-ahead.js';

const text = z.string().max(200);
const build = z.object({ engine: text, version: text, device: text, processor: text, percuss: text });
const header = z.object({
  __metadata__: z.object({ provenance: z.string() }),
  state: z.object({ shape: z.tuple([z.number().int().min(0)]) }),
});

/** As it stands in an object's metadata. */
export function printProvenance(provenance: Provenance): string {
  return canonicalJson({ ...provenance });
}

/** How many cells were computed by one kind of build and machine. */
export interface ProvenanceLine {
  readonly text: string;
  readonly cells: number;
}

/** The builds and machines that computed the cells below a folder, from the objects' headers; sorted by text. */
export async function provenanceBelow(
  store: ObjectStore,
  folder: string,
  options: StoreOptions,
): Promise<ProvenanceLine[]> {
  const keys: Key[] = [];
  for await (const { key } of store.list(folder, undefined, options)) keys.push(key);
  const counts = new Map<string, number>();
  for await (const header of readAhead(keys, 8, (key) => readHeader(store, key, options))) {
    if (header) counts.set(header.text, (counts.get(header.text) ?? 0) + header.cells);
  }
  return [...counts].map(([text, cells]) => ({ text, cells })).sort((a, b) => (a.text < b.text ? -1 : 1));
}

/** The build and machine that computed an object of cells, as people read it; undefined for what has no header of ours. */
export async function provenanceOfObject(
  store: ObjectStore,
  key: Key,
  options: StoreOptions,
): Promise<string | undefined> {
  return (await readHeader(store, key, options))?.text;
}

/** Undefined for what has no header of ours: whoever reads the cells sets such objects aside. */
async function readHeader(store: ObjectStore, key: Key, options: StoreOptions): Promise<ProvenanceLine | undefined> {
  const start = await store.get(key, { from: 0, to: 4096 }, options);
  if (start === undefined || start.length < 8) return undefined;
  const length = Number(new DataView(start.buffer, start.byteOffset).getBigUint64(0, true));
  if (length > 2 ** 20) return undefined;
  const whole = start.length < 8 + length ? await store.get(key, { from: 0, to: 8 + length }, options) : start;
  try {
    const { __metadata__: metadata, state } = header.parse(
      JSON.parse(new TextDecoder().decode(whole?.subarray(8, 8 + length))),
    );
    const { engine, version, device, processor, percuss } = build.parse(JSON.parse(metadata.provenance));
    return { text: `${engine} ${version} on ${device} (${processor}), percuss ${percuss}`, cells: state.shape[0] };
  } catch {
    return undefined;
  }
}
