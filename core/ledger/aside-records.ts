import { z } from 'zod';
import { isKey } from '../store/key.js';
import type { Key, ObjectStore, StoreOptions } from '../store/object-store.js';

/** What was set aside: from where, why, and when. */
export interface AsideRecord {
  readonly key: Key;
  readonly reason: string;
  readonly written: number;
}

const schema = z.object({ key: z.string().refine(isKey), reason: z.string() });
/** Bytes of a record of a reason, well above any that percuss writes. */
const MOST_BYTES = 2 ** 16;

/** What of a store was ever set aside, as far as the reasons can be read; at most so many. */
export async function asideRecords(
  store: ObjectStore,
  most: number,
  options: StoreOptions = {},
): Promise<readonly AsideRecord[]> {
  const found: AsideRecord[] = [];
  for await (const { key, written } of store.list('aside/', undefined, options)) {
    if (found.length >= most) break;
    if (!/\/reason-[0-9a-f]+\.json$/.test(key)) continue;
    const bytes = await store.get(key, { from: 0, to: MOST_BYTES }, options);
    const record = schema.safeParse(asJson(bytes));
    if (record.success) found.push({ ...record.data, written });
  }
  return found;
}

function asJson(bytes: Uint8Array | undefined): unknown {
  try {
    return JSON.parse(new TextDecoder().decode(bytes));
  } catch {
    return undefined;
  }
}
