import { isAlias, isMap, isScalar, isSeq, LineCounter, parseDocument } from 'yaml';
import type { Alias, Node, Pair, YAMLMap } from 'yaml';
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
  const lines = new LineCounter();
  const document = parseDocument(text, {
    lineCounter: lines,
    keepSourceTokens: true,
    prettyErrors: false,
    uniqueKeys: false,
    merge: false,
    version: '1.2',
  });
  const builder = new TreeBuilder(lines);
  const tabs = document.errors.filter(({ code }) => code === 'TAB_AS_INDENT');
  for (const { pos } of tabs) {
    // What else the parser says of a file with tabs are consequences of them.
    const lost = tabs.length < document.errors.length;
    builder.problem(
      builder.place(...pos),
      'a tab is used as indentation, which YAML forbids',
      'indent with spaces',
      lost,
    );
  }
  for (const { code, message, pos } of tabs.length > 0 ? [] : document.errors) {
    const second = code === 'MULTIPLE_DOCS';
    const text = second ? 'a second document begins here; a spec is one document' : `not valid YAML: ${message}`;
    builder.problem(builder.place(...pos), text, second ? 'remove the line ---' : undefined, true);
  }
  for (const { message, pos } of document.warnings) {
    builder.problem(builder.place(pos[0], pos[1]), message, 'a spec needs no tags and no directives');
  }
  const { contents } = document;
  const empty = contents === null || (isScalar(contents) && contents.value === null);
  return { root: empty ? undefined : builder.node(contents, [0, 0]), problems: builder.problems };
}

type Range = readonly [number, number, ...number[]];

/**
 * Walks the parser's tree in the order of the document, so that an alias means the nearest anchor before it. A node that
 * an alias repeats is read once, however often it is used.
 */
class TreeBuilder {
  readonly problems: TreeProblem[] = [];
  readonly #anchors = new Map<string, SpecNode | 'open'>();

  constructor(private readonly lines: LineCounter) {}

  place(from: number, to: number): Place {
    const start = this.lines.linePos(from);
    const end = this.lines.linePos(to);
    const length = end.line === start.line ? end.col - start.col : Infinity;
    return { line: Math.max(1, start.line), column: Math.max(1, start.col), length: Math.max(1, length) };
  }

  problem(place: Place, message: string, hint?: string, lost = false): void {
    this.problems.push({ place, message, lost, ...(hint === undefined ? {} : { hint }) });
  }

  node(node: Node | null, around: Range): SpecNode {
    if (isAlias(node)) return this.#alias(node, around);
    const anchor = node && 'anchor' in node ? node.anchor : undefined;
    if (anchor !== undefined) this.#anchors.set(anchor, 'open');
    const built = this.#build(node, around);
    if (anchor !== undefined) this.#anchors.set(anchor, built);
    return built;
  }

  #build(node: Node | null, around: Range): SpecNode {
    const range = node?.range ?? around;
    const place = this.place(range[0], range[1]);
    if (isMap(node)) return { kind: 'map', entries: this.#entries(node), place };
    if (isSeq(node)) return { kind: 'list', items: node.items.map((item) => this.node(item as Node, range)), place };
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
    return { kind: 'scalar', value: null, source: '', place: via };
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
