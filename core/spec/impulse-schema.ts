import { defaults } from './defaults.js';
import { oneOf, type Schema, section, some, text, when, whole } from './schema-keyword.js';
import { keys, vocabulary } from './vocabulary.js';

const amplitude: Schema = { title: 'number other than 0', type: 'number', not: { const: 0 } };

/** One set of impulses; `models` is a list of names or globs. */
export const impulseSchema = (models: Schema): Schema =>
  section(
    keys.impulse,
    {
      models,
      at: some(
        text(
          'Where impulses are given: `input`, after preprocessing, or globs over inner sites. Default: input.',
          '`input` or glob',
        ),
      ),
      channels: {
        description: 'In which channels. Default: each.',
        title: '`each`, or channel numbers from 0',
        anyOf: [{ const: 'each' }, some(whole(0, 'A channel.'))],
      },
      positions: {
        description: 'Where in the map, row and column from 0. Default: `phases` on images, else `center`.',
        title: 'a word below, `{ phases: n }`, or pairs `[[row, column], …]`',
        anyOf: [
          { enum: vocabulary.positions },
          section(['phases'], { phases: whole(1, 'How many a base.') }, ['phases']),
          {
            type: 'array',
            minItems: 1,
            uniqueItems: true,
            items: { type: 'array', items: whole(0, 'Row, column.'), minItems: 2, maxItems: 2 },
          },
        ],
      },
      amplitudes: {
        description: `Input units after preprocessing, or standard deviations of the channel over the reference images (at the input only). +a with −a gives odd and even parts. Default: \`{ std: [${defaults.amplitudes.values.join(', ')}] }\`; at inner sites \`[${defaults.innerAmplitudes.values.join(', ')}]\`.`,
        title: 'numbers other than 0, or `{ std: numbers }`',
        anyOf: [some(amplitude), section(['std'], { std: some(amplitude) }, ['std'])],
      },
      base: {
        description: `What the impulses ride on: flat images, or each of the first n reference images. Default: \`{ images: ${defaults.bases.images} }\`, or as many as there are.`,
        title: 'a word below or a list of them, or `{ images: n }`',
        anyOf: [some({ enum: vocabulary.base }), section(['images'], { images: whole(1, 'How many.') }, ['images'])],
      },
      record: some(
        text('Where responses are recorded; only behind the place of the impulse. Default: `*`.', 'glob over sites'),
      ),
      keep: oneOf(vocabulary.keep, 'What is stored. Default: `responses` on flat bases, `signatures` on images.'),
    },
    [],
    {
      allOf: [
        when(
          { properties: { amplitudes: { type: 'object' } }, required: ['amplitudes'] },
          { properties: { at: { const: 'input' } } },
        ),
      ],
    },
  );
