import type { Tensor } from '../tensor.js';
import type { Operation, Shape, ValueId } from './operation.js';
import type { OperatorName } from './operators/table.js';

export { DYNAMIC } from './operation.js';
export type { Attribute, Shape, ValueId } from './operation.js';

/**
 * One operation. Names and attributes are those of ONNX opset 14 after import has made them explicit (defaults filled,
 * `auto_pad` turned into pads, BatchNormalization in its inference form, constant inputs such as a Reshape's shape turned
 * into attributes), so that nothing downstream knows which format or opset a network came from.
 */
export interface Node extends Operation {
  readonly op: OperatorName;
  /** Other names by which people know it: node name, weight name, output name. */
  readonly aliases: readonly string[];
}

export interface GraphInput {
  readonly id: ValueId;
  readonly shape: Shape;
  readonly dtype: 'float32' | 'bool';
}

/**
 * A network, or a part of one, as an immutable graph. `nodes` are in topological order; every value is a graph input, a
 * constant, or an output of exactly one node. Nothing is shared with the importer's buffers that could change.
 */
export interface Graph {
  readonly name: string;
  readonly inputs: readonly GraphInput[];
  readonly outputs: readonly ValueId[];
  readonly nodes: readonly Node[];
  readonly constants: ReadonlyMap<ValueId, Tensor>;
  /** Shape of every value, inferred on import. */
  readonly shapes: ReadonlyMap<ValueId, Shape>;
  /** Values whose elements are true or false; all others are numbers. */
  readonly truths: ReadonlySet<ValueId>;
}

/** The node that writes a value, and the nodes that read it, in topological order. */
export interface Wiring {
  readonly producer: ReadonlyMap<ValueId, Node>;
  readonly consumers: ReadonlyMap<ValueId, readonly Node[]>;
}

/** Who writes and who reads each value. */
export function wiringOf(graph: Graph): Wiring {
  const producer = new Map<ValueId, Node>();
  const consumers = new Map<ValueId, Node[]>();
  for (const node of graph.nodes) {
    for (const output of node.outputs) producer.set(output, node);
    for (const input of new Set(node.inputs)) {
      if (input === '') continue;
      const readers = consumers.get(input);
      if (readers) readers.push(node);
      else consumers.set(input, [node]);
    }
  }
  return { producer, consumers };
}
