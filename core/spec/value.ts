import { limits, type LimitName } from '../limits.js';
import { describe, suggestion, type Cursor, type Reader } from './cursor.js';

/** A text. Numbers are not turned into texts: `layers: 3` is more often a slip than a name. */
export const text: Reader<string> = (cursor) => {
  const { node } = cursor;
  if (node.kind === 'scalar' && typeof node.value === 'string') {
    return node.value === '' ? cursor.fail('expected a text, got an empty one') : node.value;
  }
  const scalar = node.kind === 'scalar' && node.value !== null;
  return cursor.fail(`expected a text, got ${describe(node)}`, scalar ? `write it as "${node.source}"` : undefined);
};

/** @param what is expected, in words: `a fraction above 0 and at most 1`. */
export function number(what: string, accepts: (value: number) => boolean = () => true): Reader<number> {
  return (cursor) => {
    const { node } = cursor;
    const value = node.kind === 'scalar' ? node.value : undefined;
    if (typeof value === 'number' && Number.isFinite(value) && accepts(value)) return value;
    const quoted =
      typeof value === 'string' && value.trim() !== '' && Number.isFinite(Number(value)) && accepts(Number(value));
    const percent =
      typeof value === 'number' && value > 1 && value <= 100 && accepts(value / 100) && what.startsWith('a fraction');
    const share = typeof value === 'string' ? /^(\d+(?:\.\d+)?)\s*%$/.exec(value)?.[1] : undefined;
    const written =
      share !== undefined && accepts(Number(share) / 100) ? Number((Number(share) / 100).toPrecision(12)) : undefined;
    return cursor.fail(
      `expected ${what}, got ${describe(node)}`,
      quoted
        ? `write ${Number(value)} without quotes`
        : written !== undefined
          ? `write ${written}`
          : percent
            ? `${value} % is ${Number((value / 100).toPrecision(12))}`
            : undefined,
    );
  };
}

/** A whole number of at least `least`, and at most what one of percuss's limits allows. */
export function count(least: number, limit?: LimitName): Reader<number> {
  const whole = number(
    `a whole number of at least ${least}`,
    (value) => Number.isInteger(value) && value >= least && (limit !== undefined || value <= Number.MAX_SAFE_INTEGER),
  );
  return (cursor) => {
    const value = whole(cursor);
    if (value === undefined || limit === undefined || value <= limits[limit].value) return value;
    const { value: most, unit } = limits[limit];
    return cursor.fail(
      `${value} ${unit} are above the limit of ${most}`,
      'docs/limits.md',
      undefined,
      'LIMIT_EXCEEDED',
    );
  };
}

export const fraction = number('a fraction above 0 and at most 1', (value) => value > 0 && value <= 1);

/** One of a few words. */
export function oneOf<T extends string>(words: readonly T[]): Reader<T> {
  return (cursor) => {
    const { node } = cursor;
    const typed = node.kind === 'scalar' ? node.value : undefined;
    const word = words.find((candidate) => candidate === typed);
    if (word !== undefined) return word;
    const hint = typeof typed === 'string' ? suggestion(typed, words, 'choose from') : undefined;
    return cursor.fail(`expected one of ${words.join(', ')}, got ${describe(node)}`, hint);
  };
}

/** A list of at least one value, none twice unless `repeats`; a single value may stand without brackets. */
export function listOf<T extends string | number>(
  item: Reader<T>,
  { repeats = false, empty = 'the list is empty' } = {},
): Reader<readonly T[]> {
  return (cursor) => {
    if (cursor.node.kind !== 'list') {
      const single = item(cursor);
      return single === undefined ? undefined : [single];
    }
    const items = cursor.items();
    if (items.length === 0) return cursor.fail(empty);
    const values = new Set<T>();
    const listed: T[] = [];
    let whole = true;
    for (const each of items) {
      const value = item(each);
      whole &&= value !== undefined;
      if (value === undefined) continue;
      if (!repeats && values.has(value)) {
        each.fail(`${JSON.stringify(value)} stands in the list twice`);
        whole = false;
      }
      values.add(value);
      listed.push(value);
    }
    return whole ? listed : undefined;
  };
}

const NAME = /^[A-Za-z0-9][A-Za-z0-9._-]{0,99}$/;

/** Whether a name can stand in tables, keys and names of folders. */
export function isName(name: string): boolean {
  return NAME.test(name);
}

const MODEL_NAME = /^[A-Za-z0-9][A-Za-z0-9._-]{0,99}(@(0[1-9]|[1-9][0-9]))?$/;

/** Whether a network can have this name: any name, or that of one of several trainings (`core/training-name.ts`). */
export function isModelName(name: string): boolean {
  return MODEL_NAME.test(name);
}

/** As `isName`; says so if not. */
export function checkName(name: string, cursor: Cursor, at = cursor.origin): boolean {
  if (isName(name)) return true;
  cursor.fail(
    `"${name}" cannot serve as a name`,
    'names begin with a letter or digit and consist of at most 100 letters, digits, ".", "_" and "-"',
    at,
  );
  return false;
}

/** Named entries of a section, in the order of the file. Nothing at all is an empty section. */
export function entriesOf<T>(
  cursor: Cursor | undefined,
  what: string,
  read: (name: string, entry: Cursor) => T | undefined,
): T[] {
  if (!cursor || cursor.isNothing) return [];
  if (cursor.node.kind !== 'map') {
    const hint = cursor.node.kind === 'list' ? 'write NAME: { … } instead of - …' : undefined;
    cursor.fail(`expected ${what} by name, got ${describe(cursor.node)}`, hint);
    return [];
  }
  return cursor.keys.flatMap((name) => {
    const entry = cursor.child(name) as Cursor;
    checkName(name, entry, cursor.keyOrigin(name));
    const value = read(name, entry);
    return value === undefined ? [] : [value];
  });
}
