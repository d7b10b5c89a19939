import { defaults } from './defaults.js';
import { above0, oneOf, type Schema, section, some, text, when, whole } from './schema-keyword.js';
import { fewestResolved } from './read-resolve.js';
import { keys, vocabulary } from './vocabulary.js';

const amplitude: Schema = { title: 'number other than 0', type: 'number', not: { const: 0 } };

/** When no more base images are added. */
const resolveSchema = section(
  keys.resolve,
  {
    r2: above0(
      'Most that the ends of the mean R² of a network’s kernels may be apart, of that from the same site and of that from far ones.',
    ),
    sr: above0('Most that systemic redundancy and its plug-in value may be apart.'),
    budget: section(
      keys.resolveBudget,
      {
        images: whole(
          1,
          `Base images at most, no fewer than those of \`base\`. Default: ${defaults.resolveWaves} times those, or as many as there are.`,
        ),
        positions: whole(
          1,
          'Seeded positions on each base at most: doubled once there are no more images to add. Default: those of `positions`.',
        ),
      },
      [],
      { description: 'What ends it where brackets stay wide.' },
    ),
  },
  [],
  {
    description:
      'The first wave is of the images of `base`; they are doubled, network by network, until brackets are as narrow as is wished (docs/science.md says what is promised). At least one of `r2` and `sr`. On reference images at the input, with amplitudes of both signs; of the first such set of a network. Nulls come last, with the images that it took. Default: none: the images of `base` and no more.',
    anyOf: [{ required: ['r2'] }, { required: ['sr'] }],
  },
);

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
      resolve: resolveSchema,
    },
    [],
    {
      allOf: [
        when(
          { required: ['resolve'] },
          {
            properties: {
              at: { const: 'input' },
              base: { type: 'object', properties: { images: { type: 'integer', minimum: fewestResolved } } },
            },
          },
        ),
        when(
          { properties: { amplitudes: { type: 'object' } }, required: ['amplitudes'] },
          { properties: { at: { const: 'input' } } },
        ),
      ],
    },
  );
