import { canonicalJson, type Json } from '../canonical.js';
import { wordsOf } from '../word-table.js';
import { studyJsonSchema } from './json-schema.js';
import type { Schema } from './schema-keyword.js';
import { wordTables } from './vocabulary.js';

/** Sections of the spec as docs/spec.md has them, and where their schemas stand below the whole one's. */
const sections = {
  study: [],
  data: ['data', 'NAME'],
  models: ['models', 'NAME'],
  ablations: ['ablations', 'NAME'],
  impulses: ['impulses', 'NAME'],
  analysis: ['analysis'],
  run: ['run'],
} as const satisfies { readonly [section: string]: readonly string[] };

export type KeySection = keyof typeof sections;

/** One key of the spec, as docs/spec.md has it. */
interface KeyRow {
  readonly key: string;
  readonly type: string;
  readonly fallback: string;
  readonly meaning: string;
}

const isSchema = (value: Json | undefined): value is Schema =>
  typeof value === 'object' && value !== null && !Array.isArray(value);
const partOf = (schema: Schema, keyword: string): Schema => {
  const part = schema[keyword];
  return isSchema(part) ? part : {};
};
const listOf = (value: Json | undefined): readonly Json[] => (Array.isArray(value) ? (value as readonly Json[]) : []);
const choices = (schema: Schema): readonly Schema[] => listOf(schema['anyOf']).filter(isSchema);
const textOf = (value: Json | undefined): string => (typeof value === 'string' ? value : '');

/** Where a schema refers to a definition, or to nothing as well, what it stands for; what it says of itself remains. */
function resolved(schema: Schema, definitions: Schema): Schema {
  const name = textOf(schema['$ref']).split('/').at(-1);
  if (name) return { ...partOf(definitions, name), ...schema };
  const [first, second, ...more] = choices(schema);
  return first && second?.['type'] === 'null' && more.length === 0 ? { ...first, ...schema, anyOf: [] } : schema;
}

const written = (value: Json | undefined): string => (typeof value === 'string' ? value : canonicalJson(value ?? null));

const tabled = new Set(Object.values(wordTables).map(({ words }) => wordsOf<string>(words).join()));

/** What may be written, in words. */
function typeOf(schema: Schema): string {
  const title = textOf(schema['title']);
  if (title) return title;
  if (schema['const'] !== undefined) return `\`${canonicalJson(schema['const'])}\``;
  const words = listOf(schema['enum']);
  if (words.length > 0)
    return tabled.has(words.map(written).join())
      ? 'a word below'
      : words.map((word) => `\`${written(word)}\``).join(', ');
  const [item, list] = choices(schema);
  if (item && list?.['type'] === 'array') return `${typeOf(item)}, or a list`;
  const { minimum, maximum, exclusiveMinimum, exclusiveMaximum } = schema;
  if (schema['type'] === 'integer')
    return `whole number from ${written(minimum)}${maximum === undefined ? '' : ` to ${written(maximum)}`}`;
  if (schema['type'] === 'number') {
    if (exclusiveMinimum === undefined) return 'number';
    if (maximum === 1) return 'fraction';
    return exclusiveMaximum === undefined ? `number above ${written(exclusiveMinimum)}` : 'above 0, below 1';
  }
  return schema['type'] === 'object' ? 'mapping' : 'text';
}

/** The last sentence of what a schema says of itself may be what holds where the key is missing. */
const spoken = /^([\s\S]*?)\s*Default: ([\s\S]+)\.$/;

function rowsOf(section: Schema, definitions: Schema, prefix: string, deep: boolean): KeyRow[] {
  const required = listOf(section['required']);
  return Object.entries(partOf(section, 'properties')).flatMap(([key, value]): KeyRow[] => {
    const schema = resolved(isSchema(value) ? value : {}, definitions);
    const description = textOf(schema['description']);
    const [, meaning = description, missing] = spoken.exec(description) ?? [];
    const { default: given } = schema;
    const none = schema['properties'] === undefined ? 'none' : 'that of its keys';
    const usual = given === undefined ? (missing ?? none) : `\`${written(given)}\``;
    const fallback = required.includes(key) ? '–' : usual;
    const row = { key: `${prefix}${key}`, type: typeOf(schema), fallback, meaning };
    return [row, ...(deep ? rowsOf(schema, definitions, `${prefix}${key}.`, deep) : [])];
  });
}

/** The rows of one section of docs/spec.md: key, type, what holds where it is missing, and what it means. */
export function keyRows(name: KeySection): readonly KeyRow[] {
  const whole = studyJsonSchema();
  const definitions = partOf(whole, '$defs');
  const section = sections[name].reduce<Schema>(
    (schema, step) =>
      step === 'NAME'
        ? partOf(schema, 'additionalProperties')
        : resolved(partOf(partOf(schema, 'properties'), step), definitions),
    whole,
  );
  return rowsOf(section, definitions, '', name !== 'study');
}

export const isKeySection = (name: string): name is KeySection => Object.hasOwn(sections, name);
