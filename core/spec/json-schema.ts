import { ablationSchema, screenSchema, stopSchema } from './ablation-schema.js';
import { analysisSchema } from './analysis-schema.js';
import { dataSchema } from './data-schema.js';
import { defaults } from './defaults.js';
import { impulseSchema } from './impulse-schema.js';
import { defaultsSchema, inputSchema, modelSchema, outputSchema } from './model-schema.js';
import { runSchema } from './run-schema.js';
import { named, orNothing, type Schema, section, some, text, whole } from './schema-keyword.js';
import { keys } from './vocabulary.js';

const models = some(text('The networks it concerns. Default: all.', 'name or glob'));

/**
 * The spec as JSON Schema (draft 2020-12), for editors that complete and check YAML, and for the tables of keys in
 * docs/spec.md. It knows shapes and words; that names, files and layers exist, only `percuss validate` knows.
 */
export function studyJsonSchema(): Schema {
  return {
    $schema: 'https://json-schema.org/draft/2020-12/schema',
    title: 'percuss study',
    ...section(
      keys.study,
      {
        version: { const: 1, description: 'Version of this format.' },
        study: {
          ...text('Name of the study. It is part of the study’s identity, but of no cell’s.', 'name'),
          pattern: '^[A-Za-z0-9][A-Za-z0-9._-]{0,99}$',
        },
        seed: whole(
          0,
          'From it follows all chance: order of images, draws of ablations, positions of impulses, nulls, resampling.',
          defaults.seed,
        ),
        data: named(dataSchema, 'Image sets by name, at least one.', { minProperties: 1 }),
        defaults: orNothing(defaultsSchema, 'What holds for every network that does not say otherwise. Default: none.'),
        models: named(modelSchema, 'Networks by name, at least one.', { minProperties: 1 }),
        ablations: orNothing(named(ablationSchema(models), 'By name.'), 'What is removed, by name.'),
        impulses: orNothing(named(impulseSchema(models), 'By name.'), 'Unit impulses, by name.'),
        analysis: orNothing(analysisSchema, 'How results are analysed.'),
        run: orNothing(runSchema, 'How to run. No part of the study’s identity.'),
      },
      ['version', 'study', 'data', 'models'],
    ),
    $defs: { input: inputSchema, output: outputSchema, screen: screenSchema, stop: stopSchema },
  };
}
