import { imageFormat, imageFormatNames } from '../data/image-formats.js';
import { limits } from '../limits.js';
import { choice } from '../word-table.js';
import { absent, has, oneOf, section, some, text, when, whole } from './schema-keyword.js';
import { keys, vocabulary } from './vocabulary.js';

const formatsThat = (fact: 'labelsApart' | 'differInSize', value: boolean): readonly string[] =>
  imageFormatNames.filter((name) => imageFormat(name)[fact] === value);

const apart = formatsThat('labelsApart', true);
const listed = (words: readonly string[]): string => words.map((one) => `\`${one}\``).join(', ');

/** An image set. */
export const dataSchema = section(
  keys.data,
  {
    format: oneOf(
      vocabulary.format,
      `How the files hold images and labels. Those of all but ${choice(formatsThat('differInSize', true).map((one) => `\`${one}\``))} may be gzipped.`,
    ),
    files: some(text('Files of images, relative to the spec, or s3:// URLs; `folder`: the folder.', 'path')),
    labels: some(
      text(
        `${listed(apart)}: files of labels, one for each of \`files\`; must be given. The other formats hold them. Default: none.`,
        'path',
      ),
    ),
    classes: {
      title: 'list of names, or path of a file',
      description:
        'The classes in the order of the network’s outputs (behind `class-offset`): a list, or a file with one a line. `folder`: each sub-folder with pictures must be one of them, and a class may have none. `idx`, `npy`: names of the labels 0, 1, …. Not with `cifar10`. See below. Default: `folder`: the names of the sub-folders, sorted.',
      anyOf: [
        text('A file, one class a line.'),
        { type: 'array', items: text('A class.'), minItems: 1, uniqueItems: true },
      ],
    },
    images: whole(1, 'How many to use, of the order below. A larger number keeps the earlier images. Default: all.'),
    order: oneOf(vocabulary.imageOrder, 'Of which `images` takes the first.', 'seeded'),
    resize: whole(1, '`folder`: pixels of the shorter side.', undefined, limits.pictureSide.value),
    crop: whole(1, '`folder`: side of a central square.', undefined, limits.pictureSide.value),
  },
  ['format', 'files'],
  {
    allOf: [
      when(has('format', apart), { required: ['labels'] }),
      when(has('format', formatsThat('labelsApart', false)), absent('labels')),
      when(
        has(
          'format',
          imageFormatNames.filter((name) => imageFormat(name).ownClasses !== undefined),
        ),
        absent('classes'),
      ),
      when(has('format', formatsThat('differInSize', false)), absent('resize', 'crop')),
    ],
  },
);
