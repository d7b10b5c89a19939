import { isAlias, isMap, isScalar, isSeq, LineCounter, parseDocument } from 'yaml';
import type { Alias, Document, Node, Pair, YAMLError, YAMLMap } from 'yaml';
import { limits } from '../limits.js';
import { nearestName } from '../select.js';
import type { Origin, Place } from './issue.js';

/** A value of a YAML document with its place; aliases and merge keys are resolved, so one node may be met many times. */
export type SpecNode = ScalarNode | ListNode | MapNode;

interface Placed extends Origin {}

export interface ScalarNode extends Placed {
  readonly kind: 'scalar';
  readonly value: string | number | boolean | null;
  /** As it is written, without quotes. */
  readonly source: string;
  /** Stands for an alias that means nothing, which has been said. */
  readonly broken?: true;
}

export interface ListNode extends Placed {
  readonly kind: 'list';
  readonly items: readonly SpecNode[];
}

export interface MapNode extends Placed {
  readonly kind: 'map';
  readonly entries: ReadonlyMap<string, Entry>;
}

export interface Entry {
  readonly key: Origin;
  readonly value: SpecNode;
}

/** Something wrong with the YAML itself. */
export interface TreeProblem {
  readonly place: Place;
  readonly message: string;
  readonly hint?: string;
  /** The parser lost its way: what it read from here on means nothing. */
  readonly lost: boolean;
}

/** Parses one YAML document. The tree is undefined for an empty one. */
export function parseTree(text: string): { readonly root: SpecNode | undefined; readonly problems: TreeProblem[] } {
  const document = parse(text);
  const tabs = document.errors.filter(({ code }) => code === 'TAB_AS_INDENT');
  if (tabs.length > 0) return parseTabbed(text, document, tabs);
  const builder = new TreeBuilder(document.lines);
  let lostAt = 0;
  if (document.versioned)
    builder.problem(builder.place(0, 5), 'the directive %YAML is not read', 'a spec is YAML 1.2; remove it');
  for (const { code, message, pos } of document.errors) {
    const place = builder.place(...pos);
    const second = code === 'MULTIPLE_DOCS';
    const problem = second
      ? 'a second document begins here; a spec is one document'
      : /call stack/.test(message)
        ? tooDeep
        : `not valid YAML: ${message}`;
    // What follows on the same line are consequences.
    if (place.line !== lostAt) builder.problem(place, problem, second ? 'remove the line ---' : undefined, true);
    lostAt = place.line;
  }
  for (const { message, pos } of document.warnings) {
    builder.problem(builder.place(...pos), message, 'a spec needs no tags and no directives');
  }
  return { root: builder.root(document), problems: builder.problems };
}

const tooDeep = `lists and mappings stand in one another more than ${limits.specNesting.value} levels deep (docs/limits.md)`;

interface Parsed extends Pick<Document.Parsed, 'contents' | 'errors' | 'warnings'> {
  readonly lines: LineCounter;
  /** It says which YAML it is, by which numbers might be read otherwise. */
  readonly versioned: boolean;
}

function parse(text: string): Parsed {
  const lines = new LineCounter();
  const { contents, errors, warnings, directives } = parseDocument(text, {
    lineCounter: lines,
    prettyErrors: false,
    uniqueKeys: false,
    merge: false,
    version: '1.2',
  });
  return { contents, errors, warnings, lines, versioned: directives.yaml.explicit === true };
}

/**
 * A file indented with tabs. So that its other mistakes are found too, the tabs are taken for so many spaces that the
 * rest is valid; columns are those of the file as it is.
 */
function parseTabbed(
  text: string,
  document: Parsed,
  tabs: readonly YAMLError[],
): { readonly root: SpecNode | undefined; readonly problems: TreeProblem[] } {
  const said = new TreeBuilder(document.lines);
  const message = 'a tab is used as indentation, which YAML forbids';
  for (const width of [2, 4, 8, 1, 3]) {
    const added: number[] = [];
    const lines = text.split('\n').map((line) => {
      const [indentation = ''] = /^[ \t]*/.exec(line) ?? [];
      const spaces = indentation.replaceAll('\t', ' '.repeat(width));
      added.push(spaces.length - indentation.length);
      return spaces + line.slice(indentation.length);
    });
    const expanded = parse(lines.join('\n'));
    if (expanded.errors.length > 0) continue;
    for (const { pos } of tabs) said.problem(said.place(...pos), message, 'indent with spaces');
    const builder = new TreeBuilder(expanded.lines, added);
    const root = builder.root(expanded);
    return { root, problems: [...said.problems, ...builder.problems] };
  }
  for (const { pos } of tabs) said.problem(said.place(...pos), message, 'indent with spaces', true);
  return { root: said.root(document), problems: said.problems };
}

/** What a node and the aliases of it have in common. */
const contentOf = (node: SpecNode): unknown =>
  node.kind === 'map' ? node.entries : node.kind === 'list' ? node.items : node;

type Range = readonly [number, number, ...number[]];

/**
 * Walks the parser's tree in the order of the document, so that an alias means the nearest anchor before it. A node that
 * an alias repeats is read once, however often it is used.
 */
class TreeBuilder {
  readonly problems: TreeProblem[] = [];
  readonly #anchors = new Map<string, SpecNode | 'open'>();
  /** Values in each list or mapping, with what aliases repeat. */
  readonly #sizes = new Map<unknown, number>();
  #depth = 0;
  #told = false;

  /** @param added how many characters each line has more than in the file. */
  constructor(
    private readonly lines: LineCounter,
    private readonly added: readonly number[] = [],
  ) {}

  place(from: number, to: number): Place {
    const start = this.lines.linePos(from);
    const end = this.lines.linePos(to);
    const length = end.line === start.line ? end.col - start.col : Infinity;
    const column = start.col - (this.added[start.line - 1] ?? 0);
    return { line: Math.max(1, start.line), column: Math.max(1, column), length: Math.max(1, length) };
  }

  root({ contents }: Parsed): SpecNode | undefined {
    const empty = contents === null || (isScalar(contents) && contents.value === null);
    if (empty) return undefined;
    const root = this.node(contents, [0, 0]);
    if (this.sizeOf(root) <= limits.specNodes.value) return root;
    const most = limits.specNodes.value;
    const message = `with what its aliases repeat the spec has more than ${most} values (docs/limits.md)`;
    this.problem(root.place, message, 'repeat less by aliases', true);
    return undefined;
  }

  /** Values of a node, with those that aliases in it repeat. */
  sizeOf(node: SpecNode): number {
    return (node.kind === 'scalar' ? undefined : this.#sizes.get(contentOf(node))) ?? 1;
  }

  #sized<T extends SpecNode>(node: T, parts: Iterable<SpecNode>): T {
    let size = 1;
    for (const part of parts) size += this.sizeOf(part);
    this.#sizes.set(contentOf(node), size);
    return node;
  }

  problem(place: Place, message: string, hint?: string, lost = false): void {
    this.problems.push({ place, message, lost, ...(hint === undefined ? {} : { hint }) });
  }

  node(node: Node | null, around: Range): SpecNode {
    if (isAlias(node)) return this.#alias(node, around);
    if (this.#depth >= limits.specNesting.value) {
      const place = this.place(...((node?.range ?? around) as [number, number]));
      if (!this.#told) this.problem(place, tooDeep, undefined, true);
      this.#told = true;
      return { kind: 'scalar', value: null, source: '', place, broken: true };
    }
    this.#depth++;
    try {
      return this.#anchored(node, around);
    } finally {
      this.#depth--;
    }
  }

  #anchored(node: Node | null, around: Range): SpecNode {
    const anchor = node && 'anchor' in node ? node.anchor : undefined;
    if (anchor !== undefined) this.#anchors.set(anchor, 'open');
    const built = this.#build(node, around);
    if (anchor !== undefined) this.#anchors.set(anchor, built);
    return built;
  }

  #build(node: Node | null, around: Range): SpecNode {
    const range = node?.range ?? around;
    const place = this.place(range[0], range[1]);
    if (isMap(node)) {
      const entries = this.#entries(node);
      return this.#sized(
        { kind: 'map', entries, place },
        [...entries.values()].map(({ value }) => value),
      );
    }
    if (isSeq(node)) {
      const items = node.items.map((item) => this.node(item as Node, range));
      return this.#sized({ kind: 'list', items, place }, items);
    }
    const value = isScalar(node) ? node.value : null;
    if (value === null || value === undefined) {
      return { kind: 'scalar', value: null, source: '', place: this.place(around[0], around[1]) };
    }
    const source = isScalar(node) ? (node.source ?? '') : '';
    const plain = typeof value === 'number' || typeof value === 'boolean' || typeof value === 'string';
    return { kind: 'scalar', value: plain ? value : source, source, place };
  }

  #alias(alias: Alias, around: Range): SpecNode {
    const via = this.place(...((alias.range ?? around) as [number, number]));
    const target = this.#anchors.get(alias.source);
    if (target !== undefined && target !== 'open') return { ...target, via };
    if (target === 'open') {
      this.problem(via, `the alias *${alias.source} stands within what it repeats: that has no end`);
    } else {
      const nearest = nearestName(alias.source, this.#anchors.keys());
      this.problem(
        via,
        `no anchor &${alias.source} stands before this alias`,
        nearest === undefined ? undefined : `did you mean *${nearest}?`,
      );
    }
    return { kind: 'scalar', value: null, source: '', place: via, broken: true };
  }

  #entries(map: YAMLMap): Map<string, Entry> {
    const own = new Map<string, Entry>();
    const merged = new Map<string, Entry>();
    for (const { key, value } of map.items as Pair<Node, Node | null>[]) {
      const range = key.range ?? [0, 0];
      const place = this.place(range[0], range[1]);
      const name = isScalar(key) ? (key.source ?? '') : '';
      const read = this.node(value, range);
      if (!isScalar(key)) {
        this.problem(place, 'a key must be a name, not a list, a mapping or an alias');
      } else if (name === '<<' && key.type === 'PLAIN') {
        this.#merge(merged, read, place);
      } else if (own.has(name)) {
        const first = (own.get(name) as Entry).key.place;
        this.problem(place, `"${name}" is given twice`, `first at line ${first.line}; rename or remove one of them`);
      } else {
        own.set(name, { key: { place }, value: read });
      }
    }
    for (const [name, entry] of merged) if (!own.has(name)) own.set(name, entry);
    return own;
  }

  #merge(into: Map<string, Entry>, value: SpecNode, place: Place): void {
    for (const source of value.kind === 'list' ? value.items : [value]) {
      if (source.kind !== 'map') {
        this.problem(source.via ?? source.place, 'the merge key << takes a mapping, or a list of mappings');
        continue;
      }
      const via = source.via ?? place;
      for (const [name, { key, value: inner }] of source.entries) {
        if (!into.has(name)) into.set(name, { key: { ...key, via }, value: { ...inner, via: inner.via ?? via } });
      }
    }
  }
}
