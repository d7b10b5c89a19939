/** A small cache: the least recently used entry makes room. */
export function remembered<V>(
  cache: Map<string, Promise<V>>,
  key: string,
  most: number,
  make: () => Promise<V>,
  drop?: (value: Promise<V>) => Promise<void>,
): Promise<V> {
  const known = cache.get(key);
  if (known) {
    cache.delete(key);
    cache.set(key, known);
    return known;
  }
  for (const [oldest, value] of cache) {
    if (cache.size < most) break;
    cache.delete(oldest);
    void drop?.(value);
  }
  const made = make();
  cache.set(key, made);
  made.catch(() => cache.delete(key));
  return made;
}
