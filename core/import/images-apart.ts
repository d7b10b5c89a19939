import { nodeInputs } from '../network/build.js';
import { DYNAMIC, wiringOf, type Graph, type Node, type Shape, type ValueId } from '../network/graph.js';
import { elementsPerImage } from '../network/operators/layout.js';
import type { Role } from '../network/operators/operator.js';
import { operatorOf } from '../network/operators/table.js';

/** How many rows of its open axis a value has for each image. */
type Rows = ReadonlyMap<ValueId, number>;

const openAxes = (shape: Shape): readonly number[] => shape.flatMap((dim, axis) => (dim === DYNAMIC ? [axis] : []));

/** What slides along the axes behind the channels. */
const sliding: ReadonlySet<Role> = new Set<Role>(['convolution', 'pooling']);

/** Nodes that lead to `outputs`, in order. */
function leadingTo(graph: Graph, outputs: readonly ValueId[]): readonly Node[] {
  const { producer } = wiringOf(graph);
  const values = new Set(outputs);
  const nodes = new Set<Node>();
  for (const value of values) {
    const node = producer.get(value);
    if (node === undefined || nodes.has(node)) continue;
    nodes.add(node);
    for (const input of node.inputs) if (input !== '') values.add(input);
  }
  return graph.nodes.filter((node) => nodes.has(node));
}

/** Rows of each output for an image; undefined where images meet in the node. */
function rowsBehind(graph: Graph, node: Node, rows: Rows): readonly number[] | undefined {
  const inputs = nodeInputs(graph, node);
  const { imagesMeet, role, arithmetic } = operatorOf(node);
  let own: number | undefined;
  let perImage: number | undefined;
  for (const [at, input] of node.inputs.entries()) {
    const before = rows.get(input);
    if (before === undefined) continue;
    const shape = graph.shapes.get(input) ?? [];
    const [axis] = openAxes(shape);
    const slides = axis !== undefined && axis > 1 && sliding.has(role(node, inputs));
    if (axis === undefined || slides || imagesMeet?.(node, inputs, at, axis)) return undefined;
    if (own !== undefined && own !== before) return undefined;
    own = before;
    perImage = elementsPerImage(shape) * before;
  }
  return node.outputs.flatMap((output) => {
    const shape = graph.shapes.get(output) ?? [];
    if (own === undefined || perImage === undefined || openAxes(shape).length !== 1) return [];
    const after = arithmetic === 'reshape' ? perImage / elementsPerImage(shape) : own;
    return Number.isInteger(after) ? [after] : [];
  });
}

/**
 * The first node in which the answers to several images come to depend on one another, or change places: a mean over the
 * batch, a softmax along it, images joined behind one another. Images are the only open axis of the inputs, so every value
 * computed from them must keep exactly one.
 *
 * @param outputs only what leads to these counts.
 * @returns undefined where each image is computed for itself, and where the number of images is fixed.
 */
export function whereImagesMeet(graph: Graph, outputs: readonly ValueId[]): Node | undefined {
  const rows = new Map<ValueId, number>();
  for (const { id, shape } of graph.inputs) if (openAxes(shape).length === 1) rows.set(id, 1);
  let last: Node | undefined;
  for (const node of leadingTo(graph, outputs)) {
    if (!node.inputs.some((input) => rows.has(input))) continue;
    const behind = rowsBehind(graph, node, rows);
    if (behind?.length !== node.outputs.length) return node;
    node.outputs.forEach((output, i) => rows.set(output, behind[i] as number));
    last = node;
  }
  return outputs.some((output) => (rows.get(output) ?? 1) !== 1) ? last : undefined;
}

/**
 * Whether a network whose file fixes the number of images at `batch` gives one answer for each image when it is left open.
 * @param otherOpen whether something else is open, so that outputs may have open axes of their own.
 */
export function opensTo(graph: Graph, batch: number, otherOpen: boolean): boolean {
  const free = graph.outputs.every((output) => {
    const [images, ...rest] = graph.shapes.get(output) ?? [];
    return images === DYNAMIC && (otherOpen || !rest.includes(DYNAMIC));
  });
  // Of one image alone a mean over the batch is the image itself: such a file stays as it is.
  return free && (batch !== 1 || whereImagesMeet(graph, graph.outputs) === undefined);
}
