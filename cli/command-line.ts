/** A word as a shell takes it: quoted where it holds more than letters, digits and what no shell reads. */
function quoted(word: string): string {
  return /^[\w@%+=:,./-]+$/.test(word) ? word : `'${word.replaceAll("'", String.raw`'\''`)}'`;
}

/** A command to be typed, with every word quoted as a shell needs it. */
const written = (words: readonly string[]): string => ['percuss', ...words].map(quoted).join(' ');

/** This command, to be typed again: with the store, the profile and all else that was typed, so that it means the same. */
export function sameCommand(typed: readonly string[] = process.argv.slice(2)): string {
  return written(typed);
}

/** What of a command holds for the next one, too. */
export interface Typed {
  readonly store?: string | undefined;
  readonly temporal?: string | undefined;
}

/** Another command about the same things: with the store and the profile that were typed for this one. */
export function nextCommand(words: readonly string[], { store, temporal }: Typed): string {
  return written([
    ...words,
    ...(store === undefined ? [] : ['--store', store]),
    ...(temporal === undefined ? [] : ['--temporal', temporal]),
  ]);
}
