/** A flag that counts something. */
export function wholeNumber<K extends string>(flags: { readonly [name in K]?: unknown }, name: K): number {
  const value = Number(flags[name]);
  if (!Number.isInteger(value) || value < 1) throw new Error(`--${name} is a whole number, at least 1`);
  return value;
}

/** So many elements, evenly spread; all where there are no more. */
export function sampleOf<T>(list: readonly T[], most: number): readonly T[] {
  if (most >= list.length) return list;
  return Array.from({ length: most }, (_, i) => list[Math.floor(((i + 0.5) * list.length) / most)] as T);
}
