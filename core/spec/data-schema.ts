import { imageFormat, imageFormatNames } from '../data/image-formats.js';
import { absent, has, oneOf, section, some, text, when, whole } from './schema-keyword.js';
import { keys, vocabulary } from './vocabulary.js';

const formatsThat = (fact: 'labelsApart' | 'differInSize', value: boolean): readonly string[] =>
  imageFormatNames.filter((name) => imageFormat(name)[fact] === value);

/** The schema of an image set. */
export const dataSchema = section(
  keys.data,
  {
    format: oneOf(vocabulary.format, 'How the files hold images and labels.'),
    files: some(
      text(
        'Files of images, relative to the spec, or s3:// URLs; folder: one folder with a sub-folder for each class.',
      ),
    ),
    labels: some(text('idx and npy: files of labels, one for each of files.')),
    classes: {
      description:
        'folder, idx, npy: the names of the classes in the order of the outputs, or a file with one a line. Default: folders by name.',
      anyOf: [
        text('A file, one class a line.'),
        { type: 'array', items: text('A class.'), minItems: 1, uniqueItems: true },
      ],
    },
    images: whole(1, 'How many images to use; a larger number keeps the earlier ones. Default: all.'),
    order: oneOf(vocabulary.imageOrder, 'seeded: stratified by class; file: as they stand.', 'seeded'),
    resize: whole(1, 'folder: scale the shorter side to this many pixels.'),
    crop: whole(1, 'folder: then cut a central square of this many pixels.'),
  },
  ['format', 'files'],
  {
    allOf: [
      when(has('format', formatsThat('labelsApart', true)), { required: ['labels'] }),
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
