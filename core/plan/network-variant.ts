import { nulls, type NullName } from '../spec/words/nulls.js';
import { wordsOf } from '../word-table.js';

/** A null by its kind and number, as it stands in the identity of its responses: `{ shuffled: 0 }`. */
export type NullVariant = { [N in NullName]: { readonly [K in N]: number } }[NullName];

/** Which network responds: the intact one, or a null. */
export type NetworkVariant = 'intact' | NullVariant;

/** Kind and number of a null. */
export function nullOf(variant: NullVariant): { readonly kind: NullName; readonly index: number } {
  const [[kind, index] = []] = Object.entries(variant) as [NullName, number][];
  return { kind: kind as NullName, index: index as number };
}

/** Readable name of a variant: `intact`, `shuffled 0`. */
export function printVariant(variant: NetworkVariant): string {
  if (variant === 'intact') return 'intact';
  const { kind, index } = nullOf(variant);
  return `${kind} ${index}`;
}

/** Number `index` of the nulls of a kind. */
const variantOf = (kind: NullName, index: number): NullVariant => Object.fromEntries([[kind, index]]) as NullVariant;

/** The nulls of a study that asks for so many, kind by kind. */
export const nullVariants = (asked: number): readonly NullVariant[] =>
  wordsOf(nulls).flatMap((kind) =>
    Array.from({ length: nulls[kind].count(asked) }, (_, index) => variantOf(kind, index)),
  );

/** How many nulls a study has that asks for so many: by arithmetic, since any number may be asked for. */
export const nullCount = (asked: number): number =>
  wordsOf(nulls).reduce((sum, kind) => sum + nulls[kind].count(asked), 0);
