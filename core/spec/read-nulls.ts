import { wordsOf } from '../word-table.js';
import { describe, fieldsOf, type Reader } from './cursor.js';
import { defaultAnalysis } from './defaults.js';
import { readModelNames } from './read-ablation.js';
import { count } from './value.js';
import { keys } from './vocabulary.js';
import { madeNulls, type MadeNullName, type NullsSpec } from './words/nulls.js';

/** The key `nulls` of a study with these networks. */
export const nullsReader =
  (models: readonly string[]): Reader<NullsSpec> =>
  (cursor) => {
    if (cursor.node.kind !== 'map') {
      const { shuffled } = defaultAnalysis.nulls;
      const given = cursor.node.kind === 'scalar' ? Number(cursor.node.value ?? shuffled) : shuffled;
      return cursor.fail(
        `expected how many nulls of which kind, got ${describe(cursor.node)}`,
        `write { shuffled: ${Number.isInteger(given) && given >= 0 ? given : shuffled} }`,
      );
    }
    const fields = fieldsOf(cursor, keys.nulls);
    if (!fields) return undefined;
    const made = wordsOf(madeNulls).map(
      (kind) => [kind, fields.optional(kind, count(0), defaultAnalysis.nulls[kind])] as const,
    );
    return {
      ...(Object.fromEntries(made) as { readonly [N in MadeNullName]: number }),
      unrelated: readModelNames(fields, models, { key: 'unrelated', usual: defaultAnalysis.nulls.unrelated }),
    };
  };
