import { PercussError } from '../errors.js';
import type { Tensor } from '../tensor.js';
import { misshapen } from './budget.js';
import { type Attribute, type Graph, type GraphInput, type Node, type Shape, type ValueId } from './graph.js';
import { mistyped, typeBehind } from './element-type.js';
import { invalidNode } from './operators/attribute.js';
import type { ElementType, NodeInputs } from './operators/operator.js';
import { operatorOf, type OperatorName } from './operators/table.js';

/** A node as builders write it: path and aliases may be left out. */
export interface NodeDraft {
  readonly id: string;
  readonly op: OperatorName;
  readonly inputs: readonly ValueId[];
  readonly outputs: readonly ValueId[];
  readonly attributes?: Readonly<Record<string, Attribute>>;
  /** Default: the id. */
  readonly path?: string;
  readonly aliases?: readonly string[];
}

export interface GraphDraft {
  readonly name: string;
  readonly inputs: readonly GraphInput[];
  readonly outputs: readonly ValueId[];
  /** In topological order. */
  readonly nodes: readonly NodeDraft[];
  readonly constants: ReadonlyMap<ValueId, Tensor>;
}

/** Shapes and constants of what a node reads. */
export function nodeInputs(graph: Pick<Graph, 'shapes' | 'constants'>, node: Node): NodeInputs {
  return {
    shapes: node.inputs.map((input) => (input === '' ? undefined : graph.shapes.get(input))),
    constants: node.inputs.map((input) => graph.constants.get(input)),
  };
}

/** Output shapes of a node, in order. */
export function nodeOutputs(graph: Pick<Graph, 'shapes'>, node: Node): readonly Shape[] {
  return node.outputs.map((output) => graph.shapes.get(output) as Shape);
}

/**
 * Makes a graph: checks that every value has one source and stands before its readers, leaves out nodes and constants
 * that no output needs, and infers all shapes. Inputs may have any rank and open dimensions anywhere; all inputs are
 * kept, also those that nothing reads.
 *
 * @throws PercussError MODEL_INVALID naming graph and node.
 */
export function buildGraph(draft: GraphDraft): Graph {
  const invalid = (complaint: string): PercussError =>
    new PercussError('MODEL_INVALID', `graph "${draft.name}": ${complaint}`, { details: { graph: draft.name } });
  if (draft.outputs.length === 0) throw invalid('it has no outputs');

  const nodes = neededNodes(draft);
  const read = new Set([...draft.outputs, ...nodes.flatMap((node) => node.inputs)]);
  const constants = new Map([...draft.constants].filter(([id]) => read.has(id)));
  const shapes = new Map<ValueId, Shape>();
  const define = (id: ValueId, shape: Shape): void => {
    if (id === '') throw invalid('a value has no name');
    if (shapes.has(id)) throw invalid(`the value "${id}" has two sources`);
    const complaint = misshapen(shape);
    if (complaint !== undefined) throw invalid(`value "${id}": ${complaint}`);
    shapes.set(id, shape);
  };
  for (const input of draft.inputs) define(input.id, input.shape);
  for (const [id, constant] of constants) define(id, constant.shape);
  const truths = new Set<ValueId>(draft.inputs.flatMap(({ id, dtype }) => (dtype === 'bool' ? [id] : [])));
  for (const [id, { dtype }] of constants) if (dtype === 'bool') truths.add(id);
  const ids = new Set<string>();
  for (const node of nodes) {
    if (ids.has(node.id)) throw invalid(`two nodes are called "${node.id}"`);
    ids.add(node.id);
    for (const input of node.inputs) {
      if (input !== '' && !shapes.has(input))
        throw invalid(`node "${node.id}" reads "${input}" before anything writes it`);
    }
    if (typeOf(node, truths) === 'bool') for (const output of node.outputs) truths.add(output);
    const outputs = operatorOf(node).infer(node, nodeInputs({ shapes, constants }, node));
    if (outputs.length < node.outputs.length) throw invalid(`node "${node.id}" has too many outputs`);
    node.outputs.forEach((output, i) => define(output, outputs[i] as Shape));
  }
  for (const output of draft.outputs) {
    if (!shapes.has(output)) throw invalid(`nothing writes the output "${output}"`);
  }
  return { name: draft.name, inputs: draft.inputs, outputs: draft.outputs, nodes, constants, shapes, truths };
}

/** What the outputs of a node hold. @throws PercussError MODEL_INVALID if it reads truth values where it needs numbers, or the other way round. */
function typeOf(node: Node, truths: ReadonlySet<ValueId>): ElementType {
  const type = typeBehind(node, truths);
  if (type !== undefined) return type;
  const read = node.inputs.map((input) => `"${input}" ${truths.has(input) ? 'of truth values' : 'of numbers'}`);
  throw invalidNode(node, `it reads ${read.join(', ')}; ${mistyped}`);
}

function neededNodes(draft: GraphDraft): readonly Node[] {
  const needed = new Set<ValueId>(draft.outputs);
  const kept: Node[] = [];
  for (const node of draft.nodes.toReversed()) {
    if (!node.outputs.some((output) => needed.has(output))) continue;
    for (const input of node.inputs) needed.add(input);
    kept.push({ ...node, attributes: node.attributes ?? {}, path: node.path ?? node.id, aliases: node.aliases ?? [] });
  }
  return kept.reverse();
}
