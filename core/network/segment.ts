import type { Tensor } from '../tensor.js';
import { buildGraph } from './build.js';
import { wiringOf, DYNAMIC, type Graph, type GraphInput, type Node, type ValueId } from './graph.js';

/**
 * Values that are alive behind node number `index`: written by it, by an earlier node or by the graph's inputs, and read
 * by a later node or fetched at `until`. Together they are a cut: whoever has them can go on without the beginning.
 */
export function liveBehind(graph: Graph, index: number, until: readonly ValueId[]): readonly ValueId[] {
  const written = new Set<ValueId>(graph.inputs.map((input) => input.id));
  for (const node of graph.nodes.slice(0, index + 1)) for (const output of node.outputs) written.add(output);
  const live = new Set<ValueId>();
  const needed = neededNodes(graph, written, until);
  for (const node of needed) for (const input of node.inputs) if (written.has(input)) live.add(input);
  for (const value of until) if (written.has(value)) live.add(value);
  return [...live];
}

function neededNodes(graph: Graph, given: ReadonlySet<ValueId>, wanted: readonly ValueId[]): Node[] {
  const { producer } = wiringOf(graph);
  const needed = new Set<Node>();
  const visit = [...wanted];
  for (let value = visit.pop(); value !== undefined; value = visit.pop()) {
    const node = producer.get(value);
    if (given.has(value) || node === undefined || needed.has(node)) continue;
    needed.add(node);
    visit.push(...node.inputs);
  }
  return graph.nodes.filter((node) => needed.has(node));
}

/** The part of a graph that computes `outputs` from `inputs`, with its constants. Shapes are those of the whole graph. */
export function segment(graph: Graph, name: string, inputs: readonly ValueId[], outputs: readonly ValueId[]): Graph {
  const nodes = neededNodes(graph, new Set(inputs), outputs);
  return buildGraph({
    name,
    inputs: inputs.map((id) => inputOf(graph, id)),
    outputs,
    nodes,
    constants: constantsOf(graph, nodes),
  });
}

function inputOf(graph: Graph, id: ValueId): GraphInput {
  const own = graph.inputs.find((input) => input.id === id);
  return own ?? { id, shape: graph.shapes.get(id) as readonly number[], dtype: 'float32' };
}

function constantsOf(graph: Graph, nodes: readonly Node[]): Map<ValueId, Tensor> {
  const constants = new Map<ValueId, Tensor>();
  for (const node of nodes) {
    for (const input of node.inputs) {
      const constant = graph.constants.get(input);
      if (constant) constants.set(input, constant);
    }
  }
  return constants;
}

/** Feeds of a lesion program for one edited value. */
export interface EditFeeds {
  readonly value: ValueId;
  /** bool; first site: [conditions, 1, C, 1, 1]; later sites: [rows, C, 1, 1]. */
  readonly keep: string;
  /** float32, broadcast against the value: first site [conditions, 1|images, C, 1|H, 1|W]; later [rows, C, 1|H, 1|W]. */
  readonly shift: string;
}

export interface LesionProgram {
  readonly graph: Graph;
  /** Live values of the cut, fed as they come from the intact network: [images, …]. */
  readonly live: readonly ValueId[];
  readonly edits: readonly EditFeeds[];
  /** float32 zeros [conditions, 1, …]: carries the other live values along to every condition. Undefined where there are none. */
  readonly replicate: string | undefined;
}

const feedName = (role: string, value: ValueId): string => `${role}:${value}`;

/**
 * The rest of a network behind a cut, for many conditions at once. The value at `first` is copied for each condition and
 * edited by `Where(keep, x, shift)`: removed channels are selected away, never multiplied, so infinities do not turn into
 * NaN. Values in `later` are edited the same way, row by row. Rows of the output: condition-major, image-minor.
 */
export function lesionProgram(
  graph: Graph,
  name: string,
  cut: { readonly live: readonly ValueId[]; readonly first: ValueId },
  later: readonly ValueId[],
  outputs: readonly ValueId[],
): LesionProgram {
  const rest = segment(graph, name, cut.live, outputs);
  const nodes: Node[] = [];
  const inputs: GraphInput[] = rest.inputs.map((input) => input);
  const renamed = new Map<ValueId, ValueId>();
  const add = (
    op: Node['op'],
    inputs_: readonly ValueId[],
    output: ValueId,
    attributes: Node['attributes'] = {},
  ): void => {
    nodes.push({ id: `edit:${output}`, op, inputs: inputs_, outputs: [output], attributes, path: output, aliases: [] });
  };
  const spread = (value: ValueId, edit: (raised: ValueId) => ValueId): void => {
    const shape = graph.shapes.get(value) as readonly number[];
    add('Reshape', [value], `${value}|raised`, { shape: [1, DYNAMIC, ...shape.slice(1)] });
    add('Reshape', [edit(`${value}|raised`)], `${value}|rows`, { shape: [DYNAMIC, ...shape.slice(1)] });
    renamed.set(value, `${value}|rows`);
  };
  const feed = (id: string, shape: readonly number[], dtype: 'float32' | 'bool'): string => {
    inputs.push({ id, shape, dtype });
    return id;
  };
  const ones = (value: ValueId): number[] => (graph.shapes.get(value) as readonly number[]).slice(2).map(() => 1);
  const open = (value: ValueId): number[] => (graph.shapes.get(value) as readonly number[]).slice(2).map(() => DYNAMIC);
  const channelsOf = (value: ValueId): number => (graph.shapes.get(value) as readonly number[])[1] as number;

  const edits: EditFeeds[] = [];
  const first = cut.first;
  spread(first, (raised) => {
    const keep = feed(feedName('keep', first), [DYNAMIC, 1, channelsOf(first), ...ones(first)], 'bool');
    const shift = feed(feedName('shift', first), [DYNAMIC, DYNAMIC, channelsOf(first), ...open(first)], 'float32');
    edits.push({ value: first, keep, shift });
    add('Where', [keep, raised, shift], `${first}|edited`);
    return `${first}|edited`;
  });
  const others = cut.live.filter((value) => value !== first);
  const replicate = others.length > 0 ? 'replicate' : undefined;
  if (replicate) {
    feed(replicate, [DYNAMIC, 1, 1], 'float32');
    for (const value of others) {
      const rank = (graph.shapes.get(value) as readonly number[]).length;
      const ones_ = `${value}|zeros`;
      add('Reshape', [replicate], ones_, { shape: [DYNAMIC, ...Array.from({ length: rank }, () => 1)] });
      spread(value, (raised) => {
        add('Add', [raised, ones_], `${value}|copied`);
        return `${value}|copied`;
      });
    }
  }
  for (const node of rest.nodes) {
    nodes.push({ ...node, inputs: node.inputs.map((input) => renamed.get(input) ?? input) });
    for (const value of node.outputs) {
      if (!later.includes(value)) continue;
      const keep = feed(feedName('keep', value), [DYNAMIC, channelsOf(value), ...ones(value)], 'bool');
      const shift = feed(feedName('shift', value), [DYNAMIC, channelsOf(value), ...open(value)], 'float32');
      edits.push({ value, keep, shift });
      add('Where', [keep, value, shift], `${value}|edited`);
      renamed.set(value, `${value}|edited`);
    }
  }
  return {
    graph: buildGraph({
      name,
      inputs,
      outputs: outputs.map((output) => renamed.get(output) ?? output),
      nodes,
      constants: rest.constants,
    }),
    live: cut.live,
    edits,
    replicate,
  };
}
