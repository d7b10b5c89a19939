import { float32, sizeOf, tensor, zeros, type Tensor } from '../../../tensor.js';
import { misshapen } from '../../../network/budget.js';
import type { Attribute, Node } from '../../../network/graph.js';
import { inputsOf } from '../../../network/operators/attribute.js';
import { isKnown, openDimension, unknown } from '../../open-dimension.js';
import { broadcastIndices, broadcastShape } from '../../../network/operators/broadcast.js';
import { filled, reshaped } from '../../../network/operators/layout.js';
import { operators, type OperatorName } from '../../../network/operators/table.js';
import { UnsupportedNode } from '../../unsupported.js';
import { isConstant, isFloats, type NodeCall } from './call.js';
import { shapeBehind, sliceCuts, stridedCuts, type Cuts } from './slicing.js';

/** Computes a node of which all inputs are known; `undefined`: not this way. `Shape` needs no known input. */
export type Fold = (call: NodeCall) => Tensor | undefined;

const int64 = (shape: readonly number[], values: readonly bigint[]): Tensor<'int64'> =>
  tensor('int64', shape, BigInt64Array.from(values));

/** What an operator of ours makes of known values. */
function computed(
  call: NodeCall,
  op: OperatorName,
  inputs: readonly Tensor[],
  attributes: Readonly<Record<string, Attribute>> = {},
): Tensor {
  const node: Node = {
    id: op,
    op,
    inputs: inputs.map((_, i) => `${i}`),
    outputs: ['y'],
    attributes,
    path: op,
    aliases: [],
  };
  const outputs = operators[op].infer(node, inputsOf(inputs));
  const complaint = outputs.map(misshapen).find((reason) => reason !== undefined);
  if (complaint !== undefined) throw new UnsupportedNode(complaint);
  return call.builder.effort.evaluate(node, inputs, outputs)[0] as Tensor;
}

const shape: Fold = (call) => {
  const input = call.input(0);
  const dims = isConstant(input) ? input.shape.map(BigInt) : [openDimension, ...input.shape.map(BigInt)];
  return int64([dims.length], dims);
};

/** Two operands: floats by an operator of ours, whole numbers by `integers`, both broadcast. */
const pair =
  (op: OperatorName | undefined, integers?: (a: bigint, b: bigint) => bigint): Fold =>
  (call) => {
    const [a, b] = [call.constant(0, 'operands'), call.constant(1, 'operands')];
    if (isFloats(a) && isFloats(b)) return op && computed(call, op, [a, b]);
    if (a.dtype !== 'int64' || b.dtype !== 'int64' || !integers) return undefined;
    const target = broadcastShape([a.shape, b.shape]);
    if (target === undefined) throw new UnsupportedNode('its shapes do not broadcast');
    call.builder.effort.spend(sizeOf(target), call.node.op, 'int64');
    const [fromA, fromB] = [broadcastIndices(a.shape, target), broadcastIndices(b.shape, target)];
    const result = zeros('int64', target);
    for (let i = 0; i < fromA.length; i++) {
      const [x, y] = [a.data[fromA[i] as number] as bigint, b.data[fromB[i] as number] as bigint];
      result.data[i] = isKnown(x) && isKnown(y) ? integers(x, y) : unknown;
    }
    return result;
  };

const each =
  (apply: (x: number) => number): Fold =>
  (call) => {
    const x = call.constant(0, 'operands');
    return isFloats(x) ? float32(x.shape, x.data.map(apply)) : undefined;
  };

const cast: Fold = (call) => {
  const x = call.constant(0, 'operands');
  const values = Array.from(x.data as ArrayLike<number | bigint>);
  switch (call.attributes.type('DstT')) {
    case 'DT_FLOAT':
      if (values.some((value) => typeof value === 'bigint' && !isKnown(value))) return undefined;
      return float32(x.shape, values.map(Number));
    case 'DT_INT32':
    case 'DT_INT64':
      return int64(
        x.shape,
        values.map((value) => {
          if (!Number.isFinite(Number(value))) throw new UnsupportedNode(`${value} is no whole number`);
          return typeof value === 'bigint' ? value : BigInt(Math.trunc(value));
        }),
      );
    case undefined:
    default:
      return undefined;
  }
};

/** −1 takes the rest, as everywhere. */
function fitted(dims: readonly number[], total: number): number[] {
  const known = sizeOf(dims.filter((dim) => dim !== -1));
  return dims.map((dim) => (dim === -1 ? total / known : dim));
}

const cutting =
  (cutsOf: (call: NodeCall, rank: number) => Cuts): Fold =>
  (call) => {
    const x = call.constant(0, 'operands');
    const cuts = cutsOf(call, x.shape.length);
    const { starts, ends, steps } = cuts;
    const part = computed(call, 'Slice', [x], { starts, ends, steps, axes: x.shape.map((_, axis) => axis) });
    return reshaped(part, shapeBehind(part.shape, cuts));
  };

const gather: Fold = (call) => {
  const [x, wanted] = [call.constant(0, 'operands'), call.constant(1, 'indices')];
  const axis = call.inputs.length > 2 ? (call.ints(2, 'axis')[0] as number) : 0;
  const place = axis < 0 ? axis + x.shape.length : axis;
  const part = computed(call, 'Gather', [x], {
    axis: place,
    indices: Array.from(wanted.data as ArrayLike<number | bigint>, Number),
  });
  return reshaped(part, [...x.shape.slice(0, place), ...wanted.shape, ...x.shape.slice(place + 1)]);
};

/** Several tensors along an axis, which `pack` makes new. */
function together(call: NodeCall, parts: readonly Tensor[], axis: number, pack: boolean): Tensor {
  const rank = (parts[0]?.shape.length ?? 0) + (pack ? 1 : 0);
  const place = axis < 0 ? axis + rank : axis;
  return computed(
    call,
    'Concat',
    pack ? parts.map((part) => reshaped(part, part.shape.toSpliced(place, 0, 1))) : parts,
    {
      axis: place,
    },
  );
}

const constants = (call: NodeCall): readonly Tensor[] => call.inputs.map((_, i) => call.constant(i, 'operands'));

const range: Fold = (call) => {
  const [start, limit, step] = [0, 1, 2].map((i) => call.ints(i, 'limits')[0]) as [number, number, number];
  if ([start, limit, step].some((number) => !Number.isInteger(number)) || step === 0)
    throw new UnsupportedNode('its limits make no range');
  const count = Math.max(0, Math.ceil((limit - start) / step));
  call.builder.effort.spend(count, call.node.op, 'int64');
  return int64(
    [count],
    Array.from({ length: count }, (_, i) => BigInt(start + i * step)),
  );
};

const product: Fold = (call) => {
  const values = call.marked(0, 'operands');
  const { shape: own, dtype } = call.constant(0, 'operands');
  if (dtype !== 'int64' || own.length !== 1) return undefined;
  const total = values.every(isKnown) ? values.reduce((a, b) => a * b, 1n) : unknown;
  return int64(call.attributes.flag('keep_dims') ? [1] : [], [total]);
};

const notZero = (divisor: bigint): bigint => {
  if (divisor === 0n) throw new UnsupportedNode('it divides by 0');
  return divisor;
};

const modulo = (a: bigint, b: bigint): bigint => ((a % notZero(b)) + b) % b;

const floorDivision = (a: bigint, b: bigint): bigint => (a - modulo(a, b)) / b;

/** Exporters compute shapes, paddings and folded normalisations out of such nodes. */
export const folds: ReadonlyMap<string, Fold> = new Map(
  Object.entries<Fold>({
    Add: pair('Add', (a, b) => a + b),
    AddV2: pair('Add', (a, b) => a + b),
    Cast: cast,
    ConcatV2: (call) => {
      const axis = call.inputs.length - 1;
      return together(call, constants(call).slice(0, -1), call.ints(axis, 'axis')[0] as number, false);
    },
    ExpandDims: (call) => {
      const x = call.constant(0, 'operands');
      const axis = call.ints(1, 'axis')[0] as number;
      return reshaped(x, x.shape.toSpliced(axis < 0 ? axis + x.shape.length + 1 : axis, 0, 1));
    },
    Exp: each(Math.exp),
    Fill: (call) => {
      const [value, dims] = [call.constant(1, 'value'), call.ints(0, 'shape')];
      const complaint = misshapen(dims) ?? (dims.includes(-1) ? 'an open shape' : undefined);
      if (complaint !== undefined || value.data.length !== 1) throw new UnsupportedNode(complaint ?? 'no single value');
      call.builder.effort.spend(sizeOf(dims), call.node.op, value.dtype);
      return filled(value, dims);
    },
    FloorDiv: pair(undefined, floorDivision),
    FloorMod: pair(undefined, modulo),
    GatherV2: gather,
    Maximum: pair('Max', (a, b) => (a > b ? a : b)),
    Minimum: pair('Min', (a, b) => (a < b ? a : b)),
    Mul: pair('Mul', (a, b) => a * b),
    Neg: each((x) => -x),
    Pack: (call) => together(call, constants(call), call.attributes.int('axis', 0), true),
    Pow: pair('Pow'),
    Prod: product,
    Range: range,
    RealDiv: pair('Div'),
    Reciprocal: each((x) => 1 / x),
    Reshape: (call) => {
      const x = call.constant(0, 'operands');
      const target = fitted(call.ints(1, 'shape'), x.data.length);
      if (misshapen(target) !== undefined || sizeOf(target) !== x.data.length)
        throw new UnsupportedNode(`a shape of ${target.join(', ')}`);
      return reshaped(x, target);
    },
    Rsqrt: each((x) => 1 / Math.sqrt(x)),
    Shape: shape,
    Slice: cutting(sliceCuts),
    Sqrt: each(Math.sqrt),
    Square: each((x) => x * x),
    Squeeze: (call) => {
      const x = call.constant(0, 'operands');
      const named = (call.attributes.ints('squeeze_dims') ?? []).map((axis) =>
        axis < 0 ? axis + x.shape.length : axis,
      );
      return reshaped(
        x,
        x.shape.filter((dim, axis) => !(named.length === 0 ? dim === 1 : named.includes(axis))),
      );
    },
    StridedSlice: cutting(stridedCuts),
    Sub: pair('Sub', (a, b) => a - b),
    Transpose: (call) => computed(call, 'Transpose', [call.constant(0, 'operands')], { perm: call.ints(1, 'perm') }),
  }),
);
