import type { ErrorCode } from '../errors.js';
import { limits } from '../limits.js';
import { nearestName } from '../select.js';
import type { Origin, Positions, SpecIssue } from './issue.js';
import type { ScalarNode, SpecNode } from './tree.js';

/** Turns a value into what it means; undefined where it means nothing, after having said why. */
export type Reader<T> = (cursor: Cursor) => T | undefined;

/** A value of a spec in the hands of a reader: knows its path, takes note of mistakes. */
export class Cursor {
  readonly origin: Origin;

  constructor(
    private readonly positions: Positions,
    private readonly issues: SpecIssue[],
    readonly node: SpecNode,
    readonly path: string,
    /** Where people look for a mistake about the whole value: the key of a mapping, else the value itself. */
    key?: Origin,
    /** The alias that something around it was read through. */
    private readonly via?: Origin['via'],
  ) {
    const { place } = node.kind === 'map' && key ? key : node;
    const through = node.via ?? key?.via ?? via;
    this.origin = { place, ...(through ? { via: through } : {}) };
    if (path !== '') positions.record(path, this.origin);
  }

  fail(message: string, hint?: string, origin: Origin = this.origin, code?: ErrorCode): undefined {
    const said = this.node.kind === 'scalar' && this.node.broken === true;
    if (!said && this.issues.length < limits.specMistakes.value)
      this.issues.push(this.positions.issue(this.path, message, hint, origin, code));
    return undefined;
  }

  /** The same value as seen from another path: a default of all models, read for one of them. */
  as(path: string): Cursor {
    return new Cursor(this.positions, this.issues, this.node, path, this.origin, this.origin.via ?? this.via);
  }

  get keys(): readonly string[] {
    return this.node.kind === 'map' ? [...this.node.entries.keys()] : [];
  }

  child(key: string): Cursor | undefined {
    const entry = this.node.kind === 'map' ? this.node.entries.get(key) : undefined;
    const path = this.path === '' ? key : `${this.path}.${key}`;
    const via = this.origin.via;
    return entry && new Cursor(this.positions, this.issues, entry.value, path, entry.key, via);
  }

  /** The place of a key, rather than of its value. */
  keyOrigin(key: string): Origin {
    const entry = this.node.kind === 'map' ? this.node.entries.get(key) : undefined;
    const via = entry?.key.via ?? this.origin.via;
    return entry ? { place: entry.key.place, ...(via ? { via } : {}) } : this.origin;
  }

  items(): readonly Cursor[] {
    if (this.node.kind !== 'list') return [];
    const via = this.origin.via;
    return this.node.items.map(
      (item, i) => new Cursor(this.positions, this.issues, item, `${this.path}[${i}]`, undefined, via),
    );
  }

  get isNothing(): boolean {
    return this.node.kind === 'scalar' && this.node.value === null;
  }
}

/** A value in words: `the text "abc"`, `a list`. */
export function describe(node: SpecNode): string {
  if (node.kind === 'list') return 'a list';
  if (node.kind === 'map') return 'a mapping';
  return describeScalar(node);
}

function describeScalar({ value, source }: ScalarNode): string {
  if (value === null) return 'nothing';
  if (typeof value === 'string') return value.length > 60 ? 'a long text' : `the text "${value}"`;
  return typeof value === 'number' ? `the number ${source}` : source;
}

/** `did you mean …?`, or the names to choose from. */
export function suggestion(typed: string, names: readonly string[], what: string): string {
  const nearest = nearestName(typed, names);
  if (nearest !== undefined) return `did you mean "${nearest}"?`;
  const listed = names.length > 12 ? `${names.slice(0, 12).join(', ')}, … (${names.length})` : names.join(', ');
  return `${what}: ${listed}`;
}

/** The keys of a mapping, each read once, and where it lacks one, those of another mapping. */
export class Fields {
  constructor(
    readonly cursor: Cursor,
    private readonly fallback?: Fields,
  ) {}

  get(key: string): Cursor | undefined {
    const own = this.cursor.child(key);
    if (own || !this.fallback) return own;
    return this.fallback.get(key)?.as(`${this.cursor.path}.${key}`);
  }

  has(key: string): boolean {
    return this.get(key) !== undefined;
  }

  /** The key's meaning, or the default where it is not given. */
  optional<T>(key: string, reader: Reader<T>, fallback: T): T {
    const given = this.get(key);
    return (given && reader(given)) ?? fallback;
  }

  /** The key's meaning; a stand-in, and a mistake, where it is not given. */
  required<T>(key: string, reader: Reader<T>, standIn: T, hint?: string): T {
    const given = this.get(key);
    if (!given) this.cursor.fail(`"${key}" is missing`, hint);
    return (given && reader(given)) ?? standIn;
  }

  /** A mistake about a key itself, not its value. */
  failAtKey(key: string, message: string, hint?: string): void {
    const own = this.cursor.child(key);
    if (own) own.fail(message, hint, this.cursor.keyOrigin(key));
  }
}

/**
 * Reads a mapping with these keys and no other.
 * @param elsewhere for keys that people may expect here: what to do instead.
 */
export function fieldsOf(
  cursor: Cursor,
  known: readonly string[],
  elsewhere: Readonly<Record<string, string>> = {},
  fallback?: Fields,
): Fields | undefined {
  if (cursor.node.kind !== 'map') {
    return cursor.fail(`expected a mapping with ${known.join(', ')}, got ${describe(cursor.node)}`);
  }
  for (const key of cursor.keys) {
    if (known.includes(key)) continue;
    cursor
      .child(key)
      ?.fail(
        `unknown key "${key}"`,
        (Object.hasOwn(elsewhere, key) ? elsewhere[key] : undefined) ?? suggestion(key, known, 'known keys'),
        cursor.keyOrigin(key),
      );
  }
  return new Fields(cursor, fallback);
}
