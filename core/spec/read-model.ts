import { endingFormat, readableNetworks } from '../import/network-formats.js';
import { limits } from '../limits.js';
import { trainingName } from '../training-name.js';
import { describe, fieldsOf, suggestion, type Cursor, type Fields, type Reader } from './cursor.js';
import { defaults } from './defaults.js';
import { pathReader, type Surroundings } from './paths.js';
import type { InputSpec, ModelSpec, OutputSpec } from './study-spec.js';
import { count, fraction, listOf, number, oneOf, text } from './value.js';
import { keys, vocabulary } from './vocabulary.js';

const positive = number('a number above 0', (value) => value > 0);

const input: Reader<InputSpec> = (cursor) => {
  const fields = fieldsOf(cursor, keys.input, {
    resize: 'resize and crop belong to the image set, under data',
    crop: 'resize and crop belong to the image set, under data',
  });
  if (!fields) return undefined;
  const spec: InputSpec = {
    divide: fields.optional('divide', positive, defaults.input.divide),
    mean: fields.optional('mean', listOf(number('a number'), { repeats: true }), defaults.input.mean),
    std: fields.optional('std', listOf(positive, { repeats: true }), defaults.input.std),
    order: fields.optional('order', oneOf(vocabulary.channelOrder), defaults.input.order),
  };
  const [means, stds] = [spec.mean.length, spec.std.length];
  if (means > 1 && stds > 1 && means !== stds) {
    fields.get('std')?.fail(`${stds} numbers, but mean has ${means}`, 'give one, or one for each channel');
  }
  return spec;
};

const output: Reader<OutputSpec> = (cursor) => {
  const fields = fieldsOf(cursor, keys.output);
  return (
    fields && {
      kind: fields.optional('kind', oneOf(vocabulary.output), defaults.output.kind),
      name: fields.optional<string | undefined>('name', text, undefined),
      classOffset: fields.optional('class-offset', count(0), defaults.output.classOffset),
    }
  );
};

/** What `percuss init` writes where the author's own measurement belongs. */
const unfilled = '???';

const expectedAccuracy: Reader<number> = (cursor) =>
  cursor.node.kind === 'scalar' && cursor.node.value === unfilled
    ? cursor.fail(
        `${unfilled} is to be filled in: the share of its images that the intact network gets right`,
        'write what its author measured (0.91 for 91 %); where that is not known, delete the line expect',
      )
    : fraction(cursor);

const expect: Reader<NonNullable<ModelSpec['expect']>> = (cursor) => {
  const fields = fieldsOf(cursor, keys.expect);
  return (
    fields && {
      accuracy: fields.required(
        'accuracy',
        expectedAccuracy,
        1,
        'the share of images that the intact network gets right',
      ),
      within: fields.optional('within', fraction, defaults.within),
    }
  );
};

function setName(names: readonly string[]): Reader<string> {
  return (cursor) => {
    const name = text(cursor);
    // That there are no sets at all is told where they belong.
    if (name === undefined || names.length === 0 || names.includes(name)) return name;
    return cursor.fail(`no image set "${name}" is declared under data`, suggestion(name, names, 'declared'));
  };
}

const commonReaders = (names: readonly string[]) => ({
  data: setName(names),
  reference: setName(names),
  input,
  output,
  after: oneOf(vocabulary.after),
});

/** The section `defaults`, checked even where every model overrides it. */
export function readDefaults(cursor: Cursor | undefined, names: readonly string[]): Fields | undefined {
  if (!cursor || cursor.isNothing) return undefined;
  const fields = fieldsOf(cursor, keys.defaults, {
    expect: 'expect differs from model to model: it belongs under models.NAME',
    file: 'file belongs under models.NAME',
    trainings: 'trainings belong under models.NAME',
  });
  for (const [key, reader] of Object.entries(commonReaders(names))) {
    const given = fields?.get(key);
    if (given) reader(given);
  }
  return fields;
}

/** Names of the networks under `models`, also where what else is said of them could not be read. */
export function networkNames(models: Cursor | undefined): readonly string[] {
  return (models?.keys ?? []).flatMap((name) => {
    const trainings = models?.child(name)?.child('trainings')?.items() ?? [];
    return trainings.length === 0 ? [name] : trainings.map((_, place) => trainingName(name, place));
  });
}

/** One entry of `models`: a network, or the trainings of one architecture. A key that it lacks is taken whole from `defaults`. */
export function readModel(
  name: string,
  entry: Cursor,
  context: {
    readonly surroundings: Surroundings;
    readonly names: readonly string[];
    readonly defaults: Fields | undefined;
  },
): readonly ModelSpec[] | undefined {
  const shorthand = entry.node.kind === 'scalar' && typeof entry.node.value === 'string';
  if (shorthand) return entry.fail(`expected a mapping, got ${describe(entry.node)}`, 'write { file: … }');
  const fields = fieldsOf(entry, keys.model, {}, context.defaults);
  if (!fields) return undefined;
  const { names } = context;
  const readers = commonReaders(names);
  const declared = names.length === 0 ? 'declare an image set under data' : `declared: ${names.join(', ')}`;
  const data = fields.required('data', readers.data, '', `name an image set here or under defaults; ${declared}`);
  const shared = {
    data,
    reference: fields.optional('reference', readers.reference, data),
    input: fields.optional('input', readers.input, defaults.input),
    output: fields.optional('output', readers.output, defaults.output),
    after: fields.optional('after', readers.after, defaults.after),
    expect: fields.optional<ModelSpec['expect']>('expect', expect, undefined),
  };
  const reader = modelFile(context.surroundings);
  const trainings = entry.child('trainings');
  if (!trainings) return [{ name, file: fields.required('file', reader, '', readableNetworks), ...shared }];
  if (entry.child('file'))
    fields.failAtKey('file', '"file" is one network and "trainings" are several', 'keep one of the two');
  return trainingFiles(trainings, reader).map((file, place) => ({
    name: trainingName(name, place),
    file,
    ...shared,
  }));
}

/** Files of several trainings, in their order; '' for one that could not be read. */
function trainingFiles(cursor: Cursor, reader: Reader<string>): readonly string[] {
  const items = cursor.items();
  if (items.length < 2) {
    const list = items.length === 0 ? 'an empty list' : 'a list of one';
    const given = cursor.node.kind === 'list' ? list : describe(cursor.node);
    cursor.fail(`expected files of at least two trainings, got ${given}`, 'one network is written { file: … }');
  }
  const most = limits.trainings.value;
  if (items.length > most) {
    cursor.fail(
      `${items.length} trainings are above the limit of ${most}`,
      'docs/limits.md',
      undefined,
      'LIMIT_EXCEEDED',
    );
  }
  const met = new Set<string>();
  return items.slice(0, most).map((item) => {
    const file = reader(item);
    if (file !== undefined && met.has(file)) item.fail('this file stands in the list twice');
    if (file !== undefined) met.add(file);
    return file ?? '';
  });
}

function modelFile(surroundings: Surroundings): Reader<string> {
  const path = pathReader(surroundings);
  return (cursor) => {
    const file = path(cursor);
    if (file === undefined || endingFormat(file) !== undefined) return file;
    const written = cursor.node.kind === 'scalar' ? String(cursor.node.value) : file;
    return cursor.fail(
      `not a format that is read; expected ${readableNetworks}`,
      /[.][^./]+$/.test(file)
        ? 'PyTorch: torch.onnx.export(model.eval(), images, "model.onnx"); Keras: model.save("model.h5")'
        : `of a folder, name the file in it: ${written.replace(/\/$/, '')}/model.json`,
    );
  };
}
