import { memoryStore } from './memory-store.js';
import type { Key, ObjectInfo, ObjectStore } from './object-store.js';

/**
 * A store that is looked at but not written to: what is written stays in memory and is read from there, what is removed
 * is gone from view only. So plans, which decide things once and write them down, can be made without deciding anything.
 */
export function withoutWriting(store: ObjectStore): ObjectStore {
  const written = memoryStore();
  const removed = new Set<Key>();
  return {
    url: store.url,
    get: async (key, range, options) =>
      (await written.get(key, range, options)) ?? (removed.has(key) ? undefined : store.get(key, range, options)),
    putIfAbsent: async (key, bytes, options) =>
      !removed.has(key) && (await store.head(key, options)) ? false : written.putIfAbsent(key, bytes, options),
    async *list(prefix, after, options) {
      // What is written in between is little: it is held against what the store lists, in order.
      const more: ObjectInfo[] = [];
      for await (const info of written.list(prefix, after, options)) more.push(info);
      for await (const info of store.list(prefix, after, options)) {
        if (removed.has(info.key)) continue;
        for (let next = more[0]; next && next.key < info.key; next = more[0]) {
          yield next;
          more.shift();
        }
        yield info;
      }
      yield* more;
    },
    head: async (key, options) =>
      (await written.head(key, options)) ?? (removed.has(key) ? undefined : store.head(key, options)),
    remove: async (key, options) => {
      await written.remove(key, options);
      removed.add(key);
    },
    close: () => store.close(),
  };
}
