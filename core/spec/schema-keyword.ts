import type { Json } from '../canonical.js';

/** A JSON Schema, or a part of one. */
export type Schema = { readonly [keyword: string]: Json };

/** The meaning of a word, as a description. */
export const sentence = (meaning: string): string => `${meaning.charAt(0).toUpperCase()}${meaning.slice(1)}.`;

/**
 * A text that is not empty; `noun`: what kind of text. As everywhere here, a last sentence `Default: ….` says what holds
 * where the key is missing, if that is no fixed value: docs/spec.md has a column for it.
 */
export const text = (description: string, noun?: string): Schema => ({
  type: 'string',
  minLength: 1,
  ...(noun === undefined ? {} : { title: noun }),
  description,
});
/** A whole number from `minimum` to `most`, if there is a most. */
export const whole = (minimum: number, description: string, fallback?: number, most?: number): Schema => ({
  type: 'integer',
  minimum,
  ...(most === undefined ? {} : { maximum: most }),
  description,
  ...(fallback === undefined ? {} : { default: fallback }),
});
/** A number above 0. */
export const above0 = (description: string, fallback?: number): Schema => ({
  type: 'number',
  exclusiveMinimum: 0,
  description,
  ...(fallback === undefined ? {} : { default: fallback }),
});
/** A number above 0 and at most 1. */
export const fraction = (description: string, fallback?: number): Schema => ({
  ...above0(description, fallback),
  maximum: 1,
});
/** A number above 0 and below 1. */
export const share = (description: string, fallback: number): Schema => ({
  ...above0(description, fallback),
  exclusiveMaximum: 1,
});
/** One of a few words. */
export const oneOf = (words: readonly string[], description: string, fallback?: string): Schema => ({
  enum: words,
  description,
  ...(fallback === undefined ? {} : { default: fallback }),
});
/** One of a few words, as a part of a condition. */
export const word = (words: readonly string[]): Schema =>
  words.length === 1 ? { const: words[0] as string } : { enum: words };
/** A list of these words and no other, as a part of a condition. */
export const wordList = (words: readonly string[]): Schema =>
  words.length === 1 ? { const: words } : { type: 'array', items: word(words) };
/** One value, or a list of at least one. */
export const some = (item: Schema, { repeats = false } = {}): Schema => ({
  ...(typeof item['description'] === 'string' ? { description: item['description'] } : {}),
  anyOf: [item, { type: 'array', items: item, minItems: 1, ...(repeats ? {} : { uniqueItems: true }) }],
});
/** A mapping with these keys and no other, in their order; `more` may say what it is. */
export const section = (
  known: readonly string[],
  properties: Readonly<Record<string, Schema>>,
  required: readonly string[] = [],
  more: Schema = {},
): Schema => ({
  type: 'object',
  additionalProperties: false,
  properties: Object.fromEntries(known.map((key) => [key, properties[key] as Schema])),
  ...(required.length === 0 ? {} : { required }),
  ...more,
});
/** Entries by name. */
export const named = (entry: Schema, description: string, more: Schema = {}): Schema => ({
  type: 'object',
  description,
  propertyNames: { pattern: '^[A-Za-z0-9][A-Za-z0-9._-]{0,99}$' },
  additionalProperties: entry,
  ...more,
});
/** A section that may be left empty. */
export const orNothing = (schema: Schema, description: string): Schema => ({
  description,
  anyOf: [schema, { type: 'null' }],
});
/** A schema that is defined once and used in several places. */
export const ref = (name: string, description: string): Schema => ({ description, $ref: `#/$defs/${name}` });

/** None of these keys. */
export const absent = (...names: string[]): Schema => ({
  properties: Object.fromEntries(names.map((name) => [name, false])),
});
/** What follows from a condition. */
export const when = (condition: Schema, consequence: Schema): Schema => ({ anyOf: [{ not: condition }, consequence] });
/** A key with one of these words. */
export const has = (key: string, words: readonly string[]): Schema => ({
  properties: { [key]: { enum: words } },
  required: [key],
});
