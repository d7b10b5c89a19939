import type { Node, ValueId } from './graph.js';
import type { ElementType } from './operators/operator.js';
import { operatorOf } from './operators/table.js';

/** What the outputs of a node hold; undefined where its operator is not made for what it reads. */
export function typeBehind(node: Pick<Node, 'op' | 'inputs'>, truths: ReadonlySet<ValueId>): ElementType | undefined {
  const types = node.inputs.flatMap((input): ElementType[] =>
    input === '' ? [] : [truths.has(input) ? 'bool' : 'float32'],
  );
  const { types: typesOf } = operatorOf(node);
  if (typesOf) return typesOf(types);
  return types.includes('bool') ? undefined : 'float32';
}

export const mistyped = 'expected truth values where it decides by them, and numbers everywhere else';
