/** What every word that a spec may use has, whatever it is a word for. */
export interface Word {
  /** What it means, for docs/spec.md: a clause without a full stop. */
  readonly meaning: string;
  /** What `percuss init` puts in brackets behind it, where the word alone doesn't say enough. */
  readonly hint?: string;
}

/**
 * A table with one row a word, in the order in which people read them. Its keys are the type of the word: whoever has
 * something to say of every word says it in a table by the same keys, so that a row that is missing there does not compile.
 */
export const wordTable =
  <Row extends Word>() =>
  <Key extends string>(rows: { readonly [K in Key]: Row }): { readonly [K in Key]: Row } =>
    rows;

/** The words of a table, in its order. */
export const wordsOf = <Key extends string>(table: { readonly [K in Key]: unknown }): readonly Key[] =>
  Object.keys(table) as Key[];

/** Words of a table whose rows have something in common, in its order. */
export const wordsWhere = <Key extends string, Row>(
  table: { readonly [K in Key]: Row },
  holds: (row: Row) => boolean,
): readonly Key[] => wordsOf(table).filter((word) => holds(table[word]));

/** Words as a choice in a sentence: `zero, mean or resample`. */
export const choice = (words: readonly string[]): string =>
  words.length < 2 ? words.join('') : `${words.slice(0, -1).join(', ')} or ${words.at(-1)}`;
