import { readableNetworks } from '../import/network-formats.js';
import { limits } from '../limits.js';
import { defaults } from './defaults.js';
import { above0, fraction, oneOf, ref, type Schema, section, some, text, whole } from './schema-keyword.js';
import { keys, vocabulary } from './vocabulary.js';

/** How images become a network's input. */
export const inputSchema = section(keys.input, {
  divide: above0('Pixels are divided by this first.', defaults.input.divide),
  mean: some(
    {
      type: 'number',
      description:
        'Then this is subtracted: one number, or one for each channel in the network’s own channel order. Default: `0`.',
    },
    { repeats: true },
  ),
  std: some(above0('Then it is divided by this, likewise. Default: `1`.'), { repeats: true }),
  order: oneOf(vocabulary.channelOrder, 'How the network wants the channels of the images.', defaults.input.order),
});

/** How a network's output is read. */
export const outputSchema = section(keys.output, {
  kind: oneOf(
    vocabulary.output,
    'How the output is read. What the intact network gives is held against it before anything is ablated: rows that are probabilities are not read as logits, nor the other way round.',
    defaults.output.kind,
  ),
  name: text(
    'Which output, where there are several. Only what leads to it must be supported, from one input of images of one size; it has one position an image. Default: the last output.',
  ),
  'class-offset': whole(0, 'Added to a label to find its output: 1 where output 0 is `background`.', 0),
});

const common = {
  data: text('The images on which the network is evaluated. Needed here or under `defaults`.', 'name of an image set'),
  reference: text(
    'Means, donors, channel statistics, bases of impulses, recalibration of nulls. Default: as `data`.',
    'name of an image set',
  ),
  input: ref('input', '(pixel / `divide` − `mean`) / `std`, by channel. Default: pixels as they are.'),
  output: ref('output', 'How the output is read.'),
  after: oneOf(vocabulary.after, 'How far a kernel’s site follows its convolution.', defaults.after),
};

/** What holds for every network that does not say otherwise. */
export const defaultsSchema = section(keys.defaults, common);

/** One network. */
export const modelSchema: Schema = section(
  keys.model,
  {
    ...common,
    file: text(`Relative to the spec, or an s3:// URL: ${readableNetworks}. Needed, or \`trainings\`.`, 'path'),
    trainings: {
      type: 'array',
      title: 'list of paths',
      items: text('As `file`.', 'path'),
      minItems: 2,
      maxItems: limits.trainings.value,
      uniqueItems: true,
      description:
        'Instead of `file`: networks of one architecture that were trained apart. Each is a network of its own, by the names `NAME@01`, `NAME@02`, …; everything else here holds for all of them.',
    },
    expect: section(
      keys.expect,
      {
        accuracy: fraction(
          'The intact network’s accuracy. Nothing is ablated if any network misses its own. `percuss init` writes `???`, which is to be filled in, or the line deleted.',
        ),
        within: fraction('How far it may be off.', defaults.within),
      },
      ['accuracy'],
      { description: 'What the intact network is known to reach. Not under `defaults`. Default: none.' },
    ),
  },
  [],
  { oneOf: [{ required: ['file'] }, { required: ['trainings'] }] },
);
