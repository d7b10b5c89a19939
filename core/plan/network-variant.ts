import { madeNulls, type MadeNullName, type NullsSpec } from '../spec/words/nulls.js';
import { wordsOf } from '../word-table.js';

/** A null that is made, by its kind and number, as it stands in the identity of its responses: `{ shuffled: 0 }`. */
export type NullVariant = { [N in MadeNullName]: { readonly [K in N]: number } }[MadeNullName];

/** Which network responds: the intact one, or a null. */
export type NetworkVariant = 'intact' | NullVariant;

/** Kind and number of a null. */
export function nullOf(variant: NullVariant): { readonly kind: MadeNullName; readonly index: number } {
  const [[kind, index] = []] = Object.entries(variant) as [MadeNullName, number][];
  return { kind: kind as MadeNullName, index: index as number };
}

/** Readable name of a variant: `intact`, `shuffled 0`. */
export function printVariant(variant: NetworkVariant): string {
  if (variant === 'intact') return 'intact';
  const { kind, index } = nullOf(variant);
  return `${kind} ${index}`;
}

/** Number `index` of the nulls of a kind. */
const variantOf = (kind: MadeNullName, index: number): NullVariant =>
  Object.fromEntries([[kind, index]]) as NullVariant;

/** The nulls that a study has made of each network, kind by kind. */
export const nullVariants = (asked: NullsSpec): readonly NullVariant[] =>
  wordsOf(madeNulls).flatMap((kind) => Array.from({ length: asked[kind] }, (_, index) => variantOf(kind, index)));

/** How many these are: by arithmetic, since any number may be asked for. */
export const nullCount = (asked: NullsSpec): number => wordsOf(madeNulls).reduce((sum, kind) => sum + asked[kind], 0);
