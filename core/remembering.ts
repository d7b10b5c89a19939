/**
 * A function that remembers what it gave for the last `most` arguments, about: of a million conditions most ask for the same. What it
 * gives must be a function of its arguments, and nobody may change it.
 */
export function remembering<A extends readonly (number | string)[], R>(
  most: number,
  of: (...values: A) => R,
): (...values: A) => R {
  const known = new Map<string, { readonly result: R }>();
  return (...values) => {
    const name = values.join(' ');
    const found = known.get(name);
    if (found) return found.result;
    if (known.size >= most) known.clear();
    const result = of(...values);
    known.set(name, { result });
    return result;
  };
}
