import { float32, type Tensor } from '../../tensor.js';
import { DYNAMIC, type Operation, type Shape } from '../operation.js';
import { floatsAt, inputsOf, invalidNode, numberOf, printShape, shapeAt } from './attribute.js';
import { broadcastIndices, broadcastShape } from './broadcast.js';
import { along } from './narrow.js';
import type { NodeInputs, Operator } from './operator.js';
import { constantAt, cotangentOf, NoAdjoint, type Term } from './term.js';

interface Extents {
  readonly rows: number;
  readonly inner: number;
  readonly columns: number;
}

function extentsOf(node: Operation, inputs: NodeInputs): Extents {
  const turned = (index: 0 | 1, flag: string): readonly [number, number] => {
    const [first, second, ...rest] = shapeAt(node, inputs, index);
    if (first === undefined || second === undefined || rest.length > 0) {
      throw invalidNode(node, `input ${index} must be a matrix, got ${printShape(inputs.shapes[index])}`);
    }
    return numberOf(node, flag) === 1 ? [second, first] : [first, second];
  };
  const [rows, inner] = turned(0, 'transA');
  const [same, columns] = turned(1, 'transB');
  if (inner !== same && inner !== DYNAMIC && same !== DYNAMIC) {
    throw invalidNode(node, `cannot multiply ${printShape(inputs.shapes[0])} by ${printShape(inputs.shapes[1])}`);
  }
  const bias = inputs.shapes[2];
  if (bias !== undefined && (bias.length > 2 || broadcastShape([[rows, columns], bias]) === undefined)) {
    throw invalidNode(node, `a bias of shape ${printShape(bias)} does not fit ${printShape([rows, columns])}`);
  }
  return { rows, inner: inner === DYNAMIC ? same : inner, columns };
}

/** alpha·A·B + beta·C with A and B transposed on demand and C broadcast; each element summed in float64 over the inner index. */
export const gemm: Operator = {
  role: (_, inputs) => (inputs.constants[1] === undefined ? 'other' : 'dense'),
  rectifies: () => false,
  infer(node, inputs) {
    const { rows, columns } = extentsOf(node, inputs);
    return [[rows, columns]];
  },
  macs(node, inputs) {
    const { inner, columns } = extentsOf(node, inputs);
    return Math.abs(inner * columns);
  },
  work(node, inputs) {
    const { rows, inner, columns } = extentsOf(node, inputs);
    return rows * inner * columns;
  },
  adjoint(passage) {
    const { node, inputs, write, wanted } = passage;
    if (numberOf(node, 'transA') === 1) throw new NoAdjoint('its images stand in columns (transA)');
    const cotangent = cotangentOf(passage);
    const attributes = { alpha: numberOf(node, 'alpha'), beta: 1, transA: 0, transB: 1 - numberOf(node, 'transB') };
    const back = (): Term => {
      const { shape, data } = constantAt(passage, 1, 'weights');
      return write.apply('Gemm', [cotangent, write.constant(shape, data)], attributes);
    };
    if (wanted[1] === true) throw new NoAdjoint('its weights are computed in the network, not constants');
    const added = inputs[2];
    return [
      wanted[0] === true ? back() : undefined,
      undefined,
      wanted[2] === true && added
        ? write.gathered(write.scaled(cotangent, numberOf(node, 'beta')), added.shape)
        : undefined,
    ];
  },
  channels: () => 'mixed',
  narrow(node, inputs, kept) {
    const [inner, columns] = numberOf(node, 'transB') === 1 ? [1, 0] : [0, 1];
    const [weights, bias] = [inputs.constants[1] as Tensor, inputs.constants[2]];
    const narrowed = along(along(weights, inner, kept.inputs[0]), columns, kept.outputs[0]);
    const shifts = bias && bias.shape.at(-1) === weights.shape[columns];
    const shift = shifts ? along(bias, bias.shape.length - 1, kept.outputs[0]) : bias;
    return { attributes: {}, constants: new Map([[1, narrowed], ...(shift ? [[2, shift] as const] : [])]) };
  },
  readAxis: (node) => (numberOf(node, 'transA') === 1 ? undefined : numberOf(node, 'transB')),
  window: () => 'global',
  emit: (node) => ({
    opType: 'Gemm',
    attributes: Object.fromEntries(['alpha', 'beta', 'transA', 'transB'].map((name) => [name, numberOf(node, name)])),
  }),
  evaluate(node, inputs) {
    const [a, b] = [floatsAt(node, inputs, 0), floatsAt(node, inputs, 1)];
    const { rows, inner, columns } = extentsOf(node, inputsOf(inputs));
    const [alpha, beta] = [Math.fround(numberOf(node, 'alpha')), Math.fround(numberOf(node, 'beta'))];
    const [stepA, lineA] = numberOf(node, 'transA') === 1 ? [rows, 1] : [1, inner];
    const [stepB, lineB] = numberOf(node, 'transB') === 1 ? [1, inner] : [columns, 1];
    const shape: Shape = [rows, columns];
    const bias = inputs[2] === undefined ? undefined : floatsAt(node, inputs, 2);
    const at = bias && broadcastIndices(bias.shape, shape);
    const result = new Float32Array(rows * columns);
    for (let i = 0, o = 0; i < rows; i++) {
      for (let j = 0; j < columns; j++, o++) {
        let sum = 0;
        for (let k = 0, p = i * lineA, q = j * lineB; k < inner; k++, p += stepA, q += stepB) {
          sum += (a.data[p] as number) * (b.data[q] as number);
        }
        result[o] = alpha * sum + (bias && at ? beta * (bias.data[at[o] as number] as number) : 0);
      }
    }
    return [float32(shape, result)];
  },
};
