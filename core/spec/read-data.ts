import type { DataSpec } from '../data/data-spec.js';
import { imageFormat } from '../data/image-formats.js';
import { fieldsOf, type Cursor, type Fields, type Reader } from './cursor.js';
import { pathReader, type Surroundings } from './paths.js';
import { count, listOf, oneOf, text } from './value.js';
import { keys, vocabulary } from './vocabulary.js';

/** One entry of `data`. */
export function readData(name: string, entry: Cursor, surroundings: Surroundings): DataSpec | undefined {
  const fields = fieldsOf(entry, keys.data);
  if (!fields) return undefined;
  const path = pathReader(surroundings);
  const format = fields.required<DataSpec['format'] | undefined>(
    'format',
    oneOf(vocabulary.format),
    undefined,
    `one of ${vocabulary.format.join(', ')}`,
  );
  const spec: DataSpec = {
    name,
    format: format ?? 'cifar10',
    files: fields.required('files', listOf(path), [], 'the files of images, relative to the spec'),
    labels: fields.optional('labels', listOf(path), []),
    classes: fields.optional<DataSpec['classes']>('classes', classes(path), undefined),
    images: fields.optional<number | undefined>('images', count(1), undefined),
    order: fields.optional('order', oneOf(vocabulary.imageOrder), 'seeded'),
    resize: fields.optional<number | undefined>('resize', count(1, 'pictureSide'), undefined),
    crop: fields.optional<number | undefined>('crop', count(1, 'pictureSide'), undefined),
  };
  if (format !== undefined) checkFormat(spec, fields);
  return spec;
}

/** Names in a list, or the path of a file that has them. */
const classes =
  (path: Reader<string>): Reader<string | readonly string[]> =>
  (cursor) =>
    cursor.node.kind === 'list' ? listOf(text)(cursor) : path(cursor);

function checkFormat({ format, files, labels, resize, crop }: DataSpec, fields: Fields): void {
  const { labelsApart: paired, differInSize, ownClasses: own } = imageFormat(format);
  if (paired && !fields.has('labels')) {
    fields.cursor.fail(
      '"labels" is missing',
      `format ${format} keeps labels in files of their own: one for each of files`,
    );
  } else if (paired && files.length > 0 && labels.length > 0 && files.length !== labels.length) {
    fields.get('labels')?.fail(`${files.length} files of images, but ${labels.length} of labels`);
  } else if (!paired) {
    fields.failAtKey('labels', `labels is of no use with format ${format}, which holds the labels itself`, 'remove it');
  }
  if (own !== undefined) {
    fields.failAtKey('classes', `classes is of no use with format ${format}, which has ${own} of its own`, 'remove it');
  }
  if (differInSize) {
    if (files.length > 1)
      fields.get('files')?.fail(`format ${format} takes one folder`, 'with a sub-folder for each class');
    if (resize !== undefined && crop !== undefined && crop > resize) {
      fields.get('crop')?.fail(`a crop of ${crop} does not fit into a shorter side of ${resize}`);
    }
  } else {
    for (const key of ['resize', 'crop']) {
      fields.failAtKey(key, `${key} is of no use with format ${format}, whose images agree in size`, 'remove it');
    }
  }
}
