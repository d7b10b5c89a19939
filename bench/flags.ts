import { PercussError } from '../core/errors.js';

/** What is wrong with a flag. */
export const mistake = (message: string): PercussError => new PercussError('USAGE', message);

// Whoever mistypes a flag needs its message, not where in a bench it was thrown.
process.on('uncaughtException', (error: Error & { readonly code?: unknown }) => {
  const known = error instanceof PercussError || String(error.code).startsWith('ERR_PARSE_ARGS');
  process.stderr.write(`${known ? error.message : (error.stack ?? error.message)}\n`);
  process.exit(known ? 2 : 1);
});

/** A flag that counts something. */
export function wholeNumber<K extends string>(flags: { readonly [name in K]?: unknown }, name: K): number {
  const value = Number(flags[name]);
  if (!Number.isInteger(value) || value < 1) throw mistake(`--${name} is a whole number, at least 1`);
  return value;
}

/** One element in so many, the first one among them. */
export const oneIn = <T>(list: readonly T[], every: number): readonly T[] => list.filter((_, i) => i % every === 0);

/** So many elements, evenly spread; all where there are no more. */
export function sampleOf<T>(list: readonly T[], most: number): readonly T[] {
  if (most >= list.length) return list;
  return Array.from({ length: most }, (_, i) => list[Math.floor(((i + 0.5) * list.length) / most)] as T);
}
