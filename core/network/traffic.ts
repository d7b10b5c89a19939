import { nodeInputs, nodeOutputs } from './build.js';
import { wiringOf, type Graph, type Node, type Shape, type ValueId } from './graph.js';
import { elementsPerImage } from './operators/layout.js';
import { fusibleRoles, type Operator, type Role } from './operators/operator.js';
import { operatorOf } from './operators/table.js';

/** Gives its input another shape, and moves nothing. */
const isFree = ({ op }: Node): boolean => op === 'Reshape' || op === 'Flatten';

/** A normalisation is folded by what was measured in training; one that measures each map reads it and writes it again. */
const isFolded = ({ statistics }: Operator, role: Role): boolean =>
  fusibleRoles.has(role) && (role !== 'normalisation' || statistics !== undefined);

/**
 * Bytes of activations that an engine reads and writes for one image at each node, by its id. Into sums of products it folds
 * what follows: a normalisation or bias, another map that is added, an activation.
 */
export function trafficOf(graph: Graph): ReadonlyMap<string, number> {
  const { consumers } = wiringOf(graph);
  const bytesOf = (values: readonly ValueId[]): number =>
    values.reduce((sum, id) => sum + 4 * elementsPerImage(graph.shapes.get(id) as Shape), 0);
  /** Sums of products, normalised or not; and such that another map was added to. */
  const inHand = new Map<ValueId, 'sum' | 'added'>();
  const addendOf = (a: ValueId, b: ValueId): ValueId | undefined => {
    const takes = (id: ValueId): boolean =>
      inHand.get(id) === 'sum' && consumers.get(id)?.length === 1 && !graph.outputs.includes(id);
    if (bytesOf([a]) !== bytesOf([b])) return undefined;
    return takes(a) ? b : takes(b) ? a : undefined;
  };

  const traffic = new Map<string, number>();
  for (const node of graph.nodes) {
    const operator = operatorOf(node);
    const inputs = nodeInputs(graph, node);
    const role = operator.role(node, inputs);
    const read = node.inputs.filter((id) => id !== '' && !graph.constants.has(id));
    const [first = '', second] = read;
    const before = inHand.get(first);
    const addend = node.op === 'Add' && second !== undefined ? addendOf(first, second) : undefined;
    let moved: readonly ValueId[] = isFree(node) ? [] : [...read, ...node.outputs];
    let after: 'sum' | 'added' | undefined;
    if (operator.macs(node, inputs, nodeOutputs(graph, node)) > 0) after = 'sum';
    else if (addend !== undefined) [moved, after] = [[addend], 'added'];
    else if (role === 'activation' && before !== undefined) moved = [];
    else if (isFolded(operator, role) && before === 'sum') [moved, after] = [[], 'sum'];
    traffic.set(node.id, bytesOf(moved));
    if (after !== undefined) for (const output of node.outputs) inHand.set(output, after);
  }
  return traffic;
}
