import { canonicalJson, type Json } from '../../core/canonical.js';
import { sha256 } from '../../core/digest.js';
import type { ResolvedStudy } from '../../core/spec/resolved-study.js';
import type { ObjectStore } from '../../core/store/object-store.js';

/** The least that a study can be. */
export function resolvedStudy(name: string, more: Partial<Record<keyof ResolvedStudy, unknown>> = {}): ResolvedStudy {
  const analysis = {
    confidence: 0.95,
    fdr: 0.05,
    bootstrap: 100,
    far: 0.25,
    nulls: { shuffled: 0, reinitialised: 0, unrelated: [] },
    rarefy: { kernels: 1, sites: 1 },
  };
  const parts = { data: [], models: [], ablations: [], impulses: [] };
  return { version: 1, semantics: 1, study: name, seed: 7, ...parts, analysis, ...more } as unknown as ResolvedStudy;
}

/** JSON that states its own hash, as whoever knows the format can write it: also of text that is none. */
export function stated(text: string): Uint8Array {
  return Buffer.from(`{"sha256":"${sha256(text)}","value":${text}}`);
}

/** Puts a record in a store, whatever it is; canonical JSON of a value, or text as it stands. */
export async function plant(store: ObjectStore, key: string, value: Json, text = canonicalJson(value)): Promise<void> {
  await store.remove(key);
  await store.putIfAbsent(key, stated(text));
}

/** JSON that no record is: as text, since some of it is not to be written otherwise. */
export const otherJson: readonly (readonly [what: string, text: string])[] = [
  ['null', 'null'],
  ['a number', '7'],
  ['a text', '"x"'],
  ['true', 'true'],
  ['a list', '[]'],
  ['a list of lists', '[[[]]]'],
  ['an empty object', '{}'],
  ['an object of nulls', '{"id":null,"study":null,"created":null,"engine":null,"outputs":null}'],
  [
    'wrong types',
    '{"id":7,"study":["x"],"created":{},"engine":[],"state":1,"outputs":"x","advance":[],"scores":[],"groups":{}}',
  ],
  ['the keys of prototypes', '{"__proto__":{"id":"x"},"constructor":{"name":"x"},"toString":1}'],
  ['a depth of 100,000', `${'['.repeat(100_000)}${']'.repeat(100_000)}`],
  ['no JSON', '{"id":'],
  ['nothing', ''],
];
