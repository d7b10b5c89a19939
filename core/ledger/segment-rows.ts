import { z } from 'zod';
import type { Key, ObjectStore, StoreOptions } from '../store/object-store.js';
import { readAhead } from './read-ahead.js';

/** Bytes of a segment in which its header ends. */
const HEADER_BYTES = 4_096;
/** Segments that are looked at: percuss keeps them few. */
const MOST_SEGMENTS = 10_000;

const header = z.object({ key: z.object({ shape: z.tuple([z.number().int().min(0), z.literal(32)]) }) });

/**
 * About how many cells, or kept outputs, the index and the news of a folder tell of, by the headers of their segments. What stands in two objects may
 * be told twice, and what was removed since is still told.
 */
export async function rowsTold(store: ObjectStore, folder: string, options: StoreOptions = {}): Promise<number> {
  const keys: Key[] = [];
  let indexed = 0;
  for await (const { key, written } of store.list(`index/${folder}`, undefined, options)) {
    keys.push(key);
    indexed = Math.max(indexed, written);
  }
  // Those of before are in the index by now.
  for await (const { key, written } of store.list(`news/${folder}`, undefined, options))
    if (written > indexed && keys.length < MOST_SEGMENTS) keys.push(key);
  let rows = 0;
  for await (const told of readAhead(keys, 8, async (key) => store.get(key, { from: 0, to: HEADER_BYTES }, options)))
    rows += rowsOf(told);
  return rows;
}

/** 0 for what is no segment. */
function rowsOf(start: Uint8Array | undefined): number {
  if (start === undefined || start.length < 8) return 0;
  const length = Number(new DataView(start.buffer, start.byteOffset).getBigUint64(0, true));
  if (8 + length > start.length) return 0;
  try {
    return header.parse(JSON.parse(new TextDecoder().decode(start.subarray(8, 8 + length)))).key.shape[0];
  } catch {
    return 0;
  }
}
