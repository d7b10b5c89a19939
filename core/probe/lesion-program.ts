import { buildGraph } from '../network/build.js';
import type { DeltaConv, DeltaPassage } from './delta-convolution.js';
import { DYNAMIC, type Graph, type GraphInput, type Node, type ValueId } from '../network/graph.js';
import { segment } from './segment.js';
import { unfolded } from './unfold.js';

/**
 * How a value of the cut comes to each condition. All are fed as they are in the network before the edit, [images, …].
 *
 * - `edited`: `Where(keep, x, shift)`; keep: bool [conditions, 1, C, 1, 1]; shift: float32, broadcast against
 *   [conditions, images, C, H, W].
 * - `patched`: one channel replaced: keep as above; `channel`: float32 [conditions, images, 1, H, W].
 * - `carried`: plus a convolution of `difference`, [conditions, images, H, W] of its input's changed channel, with `weights`,
 *   [conditions, 1, K, taps].
 * - `copied`: as it is.
 */
export type Entry =
  | { readonly kind: 'edited'; readonly value: ValueId; readonly keep: string; readonly shift: string }
  | { readonly kind: 'patched'; readonly value: ValueId; readonly keep: string; readonly channel: string }
  | {
      readonly kind: 'carried';
      readonly value: ValueId;
      readonly conv: DeltaConv;
      readonly weights: string;
      readonly difference: string;
    }
  | { readonly kind: 'copied'; readonly value: ValueId };

export interface LesionProgram {
  /** Its outputs are rows, condition-major and image-minor. */
  readonly graph: Graph;
  /** The network's values that its outputs are, by what these are called. */
  readonly outputs: ReadonlyMap<ValueId, string>;
  readonly entries: readonly Entry[];
  /** float32 zeros [conditions, 1, 1]: takes copied values along to every condition. Undefined where there are none. */
  readonly replicate: string | undefined;
  /** The way of a one-channel change, if the program takes only such. */
  readonly delta: DeltaPassage | undefined;
  /** Values of the network before the edit that are not alive at the cut but needed besides: once an image, not once a row. */
  readonly ahead: readonly ValueId[];
}

/**
 * The rest of a network behind a cut, for many conditions at once. Removed channels are selected away, never multiplied, so
 * that infinities do not turn into NaN.
 *
 * With `delta` it takes changes of one channel only, and starts behind the convolutions that it carries them through.
 */
export function lesionProgram(
  graph: Graph,
  name: string,
  cut: { readonly live: readonly ValueId[]; readonly first: ValueId },
  outputs: readonly ValueId[],
  delta?: DeltaPassage,
): LesionProgram {
  const entries = entriesOf(graph, cut, outputs, delta);
  const rest = segment(
    graph,
    name,
    entries.map(({ value }) => value),
    outputs,
  );
  const writer = new EntryWriter(graph);
  for (const entry of entries) writer.write(entry);
  const renamed = (value: ValueId): ValueId => writer.renamed.get(value) ?? value;
  return {
    graph: buildGraph({
      name,
      inputs: writer.inputs,
      outputs: outputs.map(renamed),
      nodes: [...writer.nodes, ...rest.nodes.map((node) => ({ ...node, inputs: node.inputs.map(renamed) }))],
      constants: rest.constants,
    }),
    outputs: new Map(outputs.map((value) => [value, renamed(value)])),
    entries,
    replicate: writer.replicates ? replicate : undefined,
    delta,
    ahead: [...new Set([...entries.map(({ value }) => value), ...(delta?.intact ?? [])])].filter(
      (value) => !cut.live.includes(value),
    ),
  };
}

const replicate = 'replicate';

function entriesOf(
  graph: Graph,
  cut: { readonly live: readonly ValueId[]; readonly first: ValueId },
  outputs: readonly ValueId[],
  delta: DeltaPassage | undefined,
): readonly Entry[] {
  const keep = `keep:${cut.first}`;
  const changed: readonly Entry[] = delta
    ? [
        ...delta.convs.map((conv) => ({
          kind: 'carried' as const,
          value: conv.output,
          conv,
          weights: `weights:${conv.output}`,
          difference: `difference:${conv.output}`,
        })),
        ...delta.patched.map((value) => ({ kind: 'patched' as const, value, keep, channel: `channel:${value}` })),
      ]
    : [{ kind: 'edited', value: cut.first, keep, shift: `shift:${cut.first}` }];
  const copied = untouched(
    graph,
    cut,
    changed.map(({ value }) => value),
    outputs,
  );
  return [...changed, ...copied.map((value) => ({ kind: 'copied' as const, value }))];
}

/**
 * Values that the edit does not reach, as far behind the cut as possible, that the way from the `changed` values to the
 * outputs reads besides them, or that are outputs themselves.
 */
function untouched(
  graph: Graph,
  cut: { readonly live: readonly ValueId[]; readonly first: ValueId },
  changed: readonly ValueId[],
  outputs: readonly ValueId[],
): readonly ValueId[] {
  const reached = new Set<ValueId>([cut.first]);
  for (const node of segment(graph, 'behind', cut.live, outputs).nodes) {
    // Copies are sums, which truth values have not: they are computed for every condition from the numbers before them.
    const copied = !node.outputs.some((output) => graph.truths.has(output));
    if (!copied || node.inputs.some((input) => reached.has(input)))
      for (const output of node.outputs) reached.add(output);
  }
  const others = cut.live.filter((value) => value !== cut.first && !changed.includes(value));
  const { nodes } = segment(graph, 'rest', [...changed, ...others], outputs);
  const touched = nodes.filter((node) => node.outputs.some((output) => reached.has(output)));
  const read = new Set([...touched.flatMap((node) => node.inputs), ...outputs]);
  return [...read].filter(
    (value) => value !== '' && !reached.has(value) && !graph.constants.has(value) && !changed.includes(value),
  );
}

/** Writes the nodes by which the values of a cut enter, each copied for every condition. */
class EntryWriter {
  readonly inputs: GraphInput[] = [];
  readonly nodes: Omit<Node, 'path' | 'aliases'>[] = [];
  readonly renamed = new Map<ValueId, ValueId>();
  replicates = false;
  readonly #graph: Graph;

  constructor(graph: Graph) {
    this.#graph = graph;
  }

  write(entry: Entry): void {
    const { value } = entry;
    const map = this.#map(value);
    this.#feed(value, [DYNAMIC, ...map]);
    const raised = `${value}|raised`;
    const open = [DYNAMIC, DYNAMIC];
    switch (entry.kind) {
      case 'edited': {
        this.#reshape(value, raised, [1, DYNAMIC, ...map]);
        this.#feedOnce(entry.keep, [DYNAMIC, 1, map[0] as number, ...map.slice(1).map(() => 1)], 'bool');
        this.#feed(entry.shift, [...open, map[0] as number, ...map.slice(1).map(() => DYNAMIC)]);
        this.#enter('Where', value, [entry.keep, raised, entry.shift]);
        break;
      }
      case 'patched': {
        this.#reshape(value, raised, [1, DYNAMIC, ...map]);
        this.#feedOnce(entry.keep, [DYNAMIC, 1, map[0] as number, ...map.slice(1).map(() => 1)], 'bool');
        this.#feed(entry.channel, [...open, 1, ...map.slice(1)]);
        this.#enter('Where', value, [entry.keep, raised, entry.channel]);
        break;
      }
      case 'carried': {
        const [kernels, ...space] = map as [number, ...number[]];
        const positions = space.reduce((product, size) => product * size, 1);
        this.#reshape(value, raised, [1, DYNAMIC, kernels, positions]);
        this.#feed(entry.weights, [DYNAMIC, 1, kernels, DYNAMIC]);
        this.#feed(entry.difference, [...open, ...this.#map(entry.conv.input).slice(1)]);
        const windows = unfolded(this.#graph, entry.conv, entry.difference);
        this.nodes.push(...windows.nodes);
        this.#node('MatMul', `${value}|contribution`, [entry.weights, windows.output]);
        this.#enter('Add', value, [raised, `${value}|contribution`]);
        break;
      }
      case 'copied': {
        const zeros = `${value}|zeros`;
        this.#feedOnce(replicate, [DYNAMIC, 1, 1]);
        this.replicates = true;
        this.#reshape(value, raised, [1, DYNAMIC, ...map]);
        this.#reshape(replicate, zeros, [DYNAMIC, 1, ...map.map(() => 1)]);
        this.#enter('Add', value, [raised, zeros]);
        break;
      }
    }
  }

  #map(value: ValueId): readonly number[] {
    return (this.#graph.shapes.get(value) as readonly number[]).slice(1);
  }

  #feed(id: string, shape: readonly number[], dtype: GraphInput['dtype'] = 'float32'): void {
    this.inputs.push({ id, shape, dtype });
  }

  #feedOnce(id: string, shape: readonly number[], dtype: GraphInput['dtype'] = 'float32'): void {
    if (!this.inputs.some((input) => input.id === id)) this.#feed(id, shape, dtype);
  }

  #node(op: Node['op'], output: ValueId, inputs: readonly ValueId[], attributes: Node['attributes'] = {}): void {
    this.nodes.push({ id: `entry:${output}`, op, inputs, outputs: [output], attributes });
  }

  #reshape(from: ValueId, to: ValueId, shape: readonly number[]): void {
    this.#node('Reshape', to, [from], { shape });
  }

  /** The last node before the rest of the network; from conditions × images to rows. */
  #enter(op: Node['op'], value: ValueId, inputs: readonly ValueId[]): void {
    this.#node(op, `${value}|entered`, inputs);
    this.#reshape(`${value}|entered`, `${value}|rows`, [DYNAMIC, ...this.#map(value)]);
    this.renamed.set(value, `${value}|rows`);
  }
}
