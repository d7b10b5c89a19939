import { describe, fieldsOf, type Cursor, type Fields, type Reader } from './cursor.js';
import { defaults } from './defaults.js';
import { readModelNames } from './read-ablation.js';
import { readResolve } from './read-resolve.js';
import type { ImpulseSpec } from './study-spec.js';
import { count, listOf, number, oneOf, text } from './value.js';
import { keys, vocabulary } from './vocabulary.js';

type Pair = readonly [number, number];

const word = (cursor: Cursor): string | undefined =>
  cursor.node.kind === 'scalar' && typeof cursor.node.value === 'string' ? cursor.node.value : undefined;

const at: Reader<ImpulseSpec['at']> = (cursor) => (word(cursor) === 'input' ? 'input' : listOf(text)(cursor));

const channels: Reader<ImpulseSpec['channels']> = (cursor) => {
  const given = word(cursor);
  if (given === 'each') return 'each';
  if (given !== undefined) return cursor.fail(`expected each, or channel numbers from 0, got ${describe(cursor.node)}`);
  return listOf(count(0))(cursor);
};

const pair: Reader<Pair> = (cursor) => {
  const [row, column, ...more] = cursor.items();
  if (!row || !column || more.length > 0)
    return cursor.fail(`expected a pair [row, column], got ${describe(cursor.node)}`);
  const [r, c] = [count(0)(row), count(0)(column)];
  return r === undefined || c === undefined ? undefined : [r, c];
};

const positions: Reader<ImpulseSpec['positions']> = (cursor) => {
  if (cursor.node.kind === 'map') {
    const phases = fieldsOf(cursor, ['phases'])?.required('phases', count(1), 1, 'how many positions a base');
    return phases === undefined || phases === 1 ? 'phases' : { phases };
  }
  if (cursor.node.kind !== 'list') return oneOf(vocabulary.positions)(cursor);
  const items = cursor.items();
  if (items.length === 0) return cursor.fail('the list is empty');
  if (items.every((item) => item.node.kind === 'scalar')) {
    return cursor.fail('expected pairs [row, column]', 'write [[row, column], …], also for a single one');
  }
  const pairs = items.map(pair);
  const known = new Set<string>();
  pairs.forEach((one, i) => {
    const twice = one && known.has(one.join());
    if (one) known.add(one.join());
    if (twice) items[i]?.fail(`the position [${one.join(', ')}] stands in the list twice`);
  });
  return pairs.every((one) => one !== undefined) ? pairs : undefined;
};

const values = listOf(number('a number other than 0', (value) => value !== 0));

const amplitudes: Reader<ImpulseSpec['amplitudes']> = (cursor) => {
  if (cursor.node.kind !== 'map') {
    const given = values(cursor);
    return given && { unit: 'input', values: given };
  }
  const fields = fieldsOf(cursor, ['std']);
  const given = fields?.required('std', values, [], 'write { std: [0.1, -0.1] }, or plain numbers without { }');
  return given && { unit: 'std', values: given };
};

const bases: Reader<ImpulseSpec['bases']> = (cursor) => {
  if (cursor.node.kind !== 'map') return listOf(oneOf(vocabulary.base))(cursor);
  const images = fieldsOf(cursor, ['images'])?.required('images', count(1), 1, 'how many reference images');
  return images === undefined ? undefined : { images };
};

/** One entry of `impulses`. */
export function readImpulse(name: string, entry: Cursor, models: readonly string[]): ImpulseSpec | undefined {
  const fields = fieldsOf(entry, keys.impulse);
  if (!fields) return undefined;
  const place = fields.optional('at', at, 'input');
  const base = fields.optional<ImpulseSpec['bases']>('base', bases, defaults.bases);
  const spec: ImpulseSpec = {
    name,
    models: readModelNames(fields, models),
    at: place,
    channels: fields.optional('channels', channels, 'each'),
    positions: fields.optional<ImpulseSpec['positions']>(
      'positions',
      positions,
      'images' in base ? 'phases' : 'center',
    ),
    amplitudes: fields.optional<ImpulseSpec['amplitudes']>(
      'amplitudes',
      amplitudes,
      place === 'input' ? defaults.amplitudes : defaults.innerAmplitudes,
    ),
    bases: base,
    record: fields.optional('record', listOf(text), ['*']),
    keep: fields.optional('keep', oneOf(vocabulary.keep), 'images' in base ? 'signatures' : 'responses'),
  };
  checkAmplitudes(spec, fields);
  const resolve = readResolve(fields, spec);
  return resolve ? { ...spec, resolve } : spec;
}

function checkAmplitudes({ at: place, amplitudes: { unit } }: ImpulseSpec, fields: Fields): void {
  const cursor = fields.get('amplitudes');
  if (!cursor) return;
  if (unit === 'std' && place !== 'input') {
    cursor.fail(
      'standard deviations are those of the input; impulses at inner sites take plain numbers',
      'write [1, -1]',
    );
  }
}
