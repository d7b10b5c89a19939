import { tensor } from '../../tensor.js';
import { invalidNode, shapeAt, tensorAt } from './attribute.js';
import { ownChannels } from './layout.js';
import type { Operator } from './operator.js';

/** Of truth values. */
export const not: Operator = {
  role: () => 'choice',
  rectifies: () => true,
  range(_, [x]) {
    const { implied } = x ?? {};
    const turned = implied && { value: implied.value, where: implied.elsewhere, elsewhere: implied.where };
    return { low: 0, high: 1, ...(turned ? { implied: turned } : {}) };
  },
  types: ([x]) => (x === 'bool' ? 'bool' : undefined),
  infer: (node, inputs) => [shapeAt(node, inputs, 0)],
  macs: () => 0,
  adjoint: { nothing: 'it gives truth values' },
  channels: (_, __, outputs) => ownChannels(outputs[0]),
  emit: () => ({ opType: 'Not', attributes: {} }),
  evaluate(node, inputs) {
    const x = tensorAt(node, inputs, 0);
    if (x.dtype !== 'bool') throw invalidNode(node, `it must read truth values, got ${x.dtype}`);
    return [
      tensor(
        'bool',
        x.shape,
        Uint8Array.from(x.data as Uint8Array, (value) => 1 - value),
      ),
    ];
  },
};
