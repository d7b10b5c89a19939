import { float32 } from '../../tensor.js';
import type { Node } from '../graph.js';
import { floatsAt, numberOf, shapeAt } from './attribute.js';
import { ownChannels } from './layout.js';
import type { Operator } from './operator.js';

interface UnaryDefinition {
  /** Names of its attributes, all numbers. */
  readonly attributes?: readonly string[];
  rectifies(node: Node): boolean;
  /** Whether numbers that are not negative stay so; by default they do. */
  keepsSign?(node: Node): boolean;
  readonly since?: number;
  /** The function, for the attributes of one node. */
  at(node: Node): (x: number) => number;
}

/** An activation function: float32 in, float32 of the same shape out. */
export function unary(definition: UnaryDefinition): Operator {
  return {
    role: () => 'activation',
    ...(definition.since === undefined ? {} : { since: definition.since }),
    rectifies: (node) => definition.rectifies(node),
    keepsSign: (node) => definition.keepsSign?.(node) ?? true,
    infer: (node, inputs) => [shapeAt(node, inputs, 0)],
    macs: () => 0,
    channels: (_, __, outputs) => ownChannels(outputs[0]),
    emit: (node) => ({
      opType: node.op,
      attributes: Object.fromEntries((definition.attributes ?? []).map((name) => [name, numberOf(node, name)])),
    }),
    evaluate(node, inputs) {
      const x = floatsAt(node, inputs, 0);
      const result = new Float32Array(x.data.length);
      const apply = definition.at(node);
      for (let i = 0; i < result.length; i++) result[i] = apply(x.data[i] as number);
      return [float32(x.shape, result)];
    },
  };
}
