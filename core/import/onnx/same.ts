import type { Attribute } from '../../network/graph.js';
import type { OperatorName } from '../../network/operators/table.js';
import type { Rule } from './translation.js';

/** An operator that is the same in every opset, with its float attributes and their defaults. */
export const same =
  (op: OperatorName, floats: Readonly<Record<string, number>> = {}): Rule =>
  (t) => {
    const attributes: Record<string, Attribute> = {};
    for (const [name, otherwise] of Object.entries(floats)) attributes[name] = t.attributes.float(name, otherwise);
    t.add(op, t.inputs, attributes, t.outputs.slice(0, 1));
  };
