import { float32, sizeOf, tensor, zeros, type Tensor } from '../../tensor.js';
import { DYNAMIC } from '../../network/graph.js';
import { isKnown, openDimension, unknown } from '../open-dimension.js';
import { broadcastIndices, broadcastShape } from '../../network/operators/broadcast.js';
import { filled, indices, picked, stridesOf } from '../../network/operators/layout.js';
import { UnsupportedNode } from '../unsupported.js';
import { dequantize } from './dequantize.js';
import { decodeTensor, kindOf, rangeOf } from './decode.js';
import { narrowed } from './narrow-float.js';
import { type Translation } from './translation.js';

/**
 * Computes a node that only handles constants, where the operator table has no row for it; undefined: not this way.
 * Exporters build shapes and pads out of such nodes.
 */
export type Fold = (t: Translation) => Tensor | undefined;

const int64 = (shape: readonly number[], values: readonly bigint[]): Tensor =>
  tensor('int64', shape, BigInt64Array.from(values));

const shape: Fold = (t) => {
  const dims = t.shape(0);
  const [start, end] = [t.attributes.int('start', 0), t.attributes.int('end', dims.length)];
  const asked = dims.slice(start, end);
  return int64(
    [asked.length],
    asked.map((dim) => (dim === DYNAMIC ? openDimension : BigInt(dim))),
  );
};

const constant: Fold = (t) => {
  const proto = t.attributes.tensor('value');
  if (proto) return decodeTensor(t.model, proto);
  const [one, many] = [t.attributes.float('value_float', undefined), t.attributes.floats('value_floats')];
  if (one !== undefined) return float32([], [one]);
  if (many !== undefined) return float32([many.length], many);
  const [int, ints] = [t.attributes.int('value_int', undefined), t.attributes.ints('value_ints', undefined)];
  if (int !== undefined) return int64([], [BigInt(int)]);
  if (ints !== undefined) return int64([ints.length], ints.map(BigInt));
  throw new UnsupportedNode('a constant that is neither a tensor nor numbers');
};

const constantOfShape: Fold = (t) => {
  const given = t.constant(0);
  if (given?.dtype !== 'int64') return undefined;
  const dims = Array.from((given as Tensor<'int64'>).data);
  if (dims.some((dim) => isKnown(dim) && dim < 0n)) throw new UnsupportedNode(`a shape of ${dims.join(', ')}`);
  if (!dims.every(isKnown)) throw new UnsupportedNode('its shape depends on an open dimension');
  const proto = t.attributes.tensor('value');
  const value = proto ? decodeTensor(t.model, proto) : float32([1], [0]);
  if (value.data.length !== 1) throw new UnsupportedNode('its value is not one number');
  const shape = dims.map(Number);
  t.effort.spend(sizeOf(shape), t.opType, value.dtype);
  return filled(value, shape);
};

const gather: Fold = (t) => {
  const [data, wanted] = [t.constant(0), t.constant(1)];
  if (data === undefined || wanted === undefined) return undefined;
  const named = t.attributes.int('axis', 0);
  const axis = named < 0 ? named + data.shape.length : named;
  if (!(axis >= 0 && axis < data.shape.length))
    throw new UnsupportedNode(`axis ${named} in ${data.shape.length} dimensions`);
  if (wanted.dtype !== 'int64') throw new UnsupportedNode('its indices are no whole numbers');
  const extent = data.shape[axis] as number;
  const strides = stridesOf(data.shape);
  const rows = Array.from(wanted.data as ArrayLike<number | bigint>, (at) =>
    Number(at) < 0 ? Number(at) + extent : Number(at),
  );
  if (rows.some((row) => !(row >= 0 && row < extent)))
    throw new UnsupportedNode(`indices outside of an axis of ${extent}`);
  const result = [...data.shape.slice(0, axis), ...wanted.shape, ...data.shape.slice(axis + 1)];
  t.effort.spend(sizeOf(result), t.opType, data.dtype);
  const outer = indices(data.shape.slice(0, axis), strides.slice(0, axis));
  const inner = indices(data.shape.slice(axis + 1), strides.slice(axis + 1));
  const from = new Int32Array(sizeOf(result));
  let at = 0;
  for (const o of outer)
    for (const row of rows) for (const i of inner) from[at++] = o + row * (strides[axis] as number) + i;
  return picked(data, result, from);
};

const cast: Fold = (t) => {
  const x = t.constant(0);
  const kind = kindOf(t.attributes.int('to', 0));
  if (x === undefined || kind === undefined) return undefined;
  const round = narrowed(t.attributes.int('to', 0));
  if (x.dtype === 'float32' && round) return float32(x.shape, (x as Tensor<'float32'>).data.map(round));
  if (x.dtype === kind) return x;
  const values = Array.from(x.data as ArrayLike<number | bigint>);
  if (kind === 'float32') {
    if (values.some((value) => typeof value === 'bigint' && !isKnown(value))) return undefined;
    return float32(x.shape, round ? values.map((value) => round(Number(value))) : values.map(Number));
  }
  if (kind === 'int64') {
    const [least, most] = rangeOf(t.attributes.int('to', 0));
    const whole = values.map((value) => {
      if (!Number.isFinite(Number(value))) throw new UnsupportedNode(`${value} is no whole number`);
      return typeof value === 'bigint' ? value : BigInt(Math.trunc(value));
    });
    if (whole.some((value) => value < least || value > most))
      throw new UnsupportedNode('its numbers do not fit the type');
    return int64(x.shape, whole);
  }
  return tensor(
    'bool',
    x.shape,
    Uint8Array.from(values, (value) => (Number(value) === 0 ? 0 : 1)),
  );
};

const range: Fold = (t) => {
  const limits = [0, 1, 2].map((input) => t.constant(input));
  if (limits.some((limit) => limit !== undefined && limit.data.length !== 1))
    throw new UnsupportedNode('its limits are not one number each');
  const [start, limit, step] = limits.map((limit) => limit?.data[0]);
  if (typeof start !== 'bigint' || typeof limit !== 'bigint' || typeof step !== 'bigint') return undefined;
  if (![start, limit, step].every(isKnown)) throw new UnsupportedNode('its limits depend on an open dimension');
  if (step === 0n) throw new UnsupportedNode('its step is 0');
  const count = Math.max(0, Math.ceil(Number(limit - start) / Number(step)));
  t.effort.spend(count, t.opType, 'int64');
  return int64(
    [count],
    Array.from({ length: count }, (_, i) => start + BigInt(i) * step),
  );
};

/** Arithmetic of two int64 constants with broadcasting; what is computed from an open dimension is unknown. */
const ofIntegers =
  (apply: (a: bigint, b: bigint) => bigint): Fold =>
  (t) => {
    const [a, b] = [t.constant(0), t.constant(1)];
    if (a?.dtype !== 'int64' || b?.dtype !== 'int64' || t.inputs.length !== 2) return undefined;
    return paired(t, a as Tensor<'int64'>, b as Tensor<'int64'>, (x, y) =>
      isKnown(x) && isKnown(y) ? apply(x, y) : unknown,
    );
  };

function paired(
  t: Translation,
  a: Tensor<'int64'>,
  b: Tensor<'int64'>,
  apply: (a: bigint, b: bigint) => bigint,
): Tensor<'int64'> {
  const target = broadcastShape([a.shape, b.shape]);
  if (target === undefined) throw new UnsupportedNode('its shapes do not broadcast');
  t.effort.spend(sizeOf(target), t.opType, 'int64');
  const [fromA, fromB] = [broadcastIndices(a.shape, target), broadcastIndices(b.shape, target)];
  const result = zeros('int64', target);
  for (let i = 0; i < fromA.length; i++) {
    result.data[i] = apply(a.data[fromA[i] as number] as bigint, b.data[fromB[i] as number] as bigint);
  }
  return result;
}

const notZero = (divisor: bigint): bigint => {
  if (divisor === 0n) throw new UnsupportedNode('it divides by 0');
  return divisor;
};

const modulo = ofIntegers((a, b) => ((a % notZero(b)) + b) % b);

const compared =
  (holds: (a: bigint, b: bigint) => boolean): Fold =>
  (t) => {
    const [a, b] = [t.constant(0), t.constant(1)];
    if (a?.dtype !== 'int64' || b?.dtype !== 'int64') return undefined;
    const told = paired(t, a as Tensor<'int64'>, b as Tensor<'int64'>, (x, y) => (holds(x, y) ? 1n : 0n));
    return tensor('bool', told.shape, Uint8Array.from(told.data, Number));
  };

/** Nobody knows which of two sizes is larger where one of them is open. */
const ordered = (holds: (a: bigint, b: bigint) => boolean): Fold =>
  compared((a, b) => {
    if (!isKnown(a) || !isKnown(b)) throw new UnsupportedNode('it compares an open dimension');
    return holds(a, b);
  });

/** A function of float32 or, where it makes sense, int64 constants. */
const ofEach =
  (float: (x: number) => number, integer?: (x: bigint) => bigint): Fold =>
  (t) => {
    const x = t.constant(0);
    if (x?.dtype === 'float32') return float32(x.shape, (x as Tensor<'float32'>).data.map(float));
    if (x?.dtype !== 'int64' || integer === undefined) return undefined;
    return int64(
      x.shape,
      Array.from((x as Tensor<'int64'>).data, (value) => (isKnown(value) ? integer(value) : unknown)),
    );
  };

const product: Fold = (t) => {
  const x = t.constant(0);
  if (x?.dtype !== 'int64' || x.shape.length !== 1) return undefined;
  const values = Array.from((x as Tensor<'int64'>).data);
  const total = values.every(isKnown) ? values.reduce((a, b) => a * b, 1n) : unknown;
  return int64(t.attributes.flag('keepdims', 1) === 1 ? [1] : [], [total]);
};

/** `Shape` and `Constant` need no constant inputs, all others do. */
export const folds: ReadonlyMap<string, Fold> = new Map(
  Object.entries<Fold>({
    Abs: ofEach(Math.abs, (x) => (x < 0n ? -x : x)),
    Add: ofIntegers((a, b) => a + b),
    Cast: cast,
    Ceil: ofEach(Math.ceil),
    Constant: constant,
    ConstantOfShape: constantOfShape,
    DequantizeLinear: dequantize,
    Div: ofIntegers((a, b) => a / notZero(b)),
    Equal: compared((a, b) => a === b),
    Exp: ofEach(Math.exp),
    Floor: ofEach(Math.floor),
    Gather: gather,
    Greater: ordered((a, b) => a > b),
    GreaterOrEqual: ordered((a, b) => a >= b),
    Less: ordered((a, b) => a < b),
    LessOrEqual: ordered((a, b) => a <= b),
    Max: ofIntegers((a, b) => (a > b ? a : b)),
    Min: ofIntegers((a, b) => (a < b ? a : b)),
    Mod: (t) => {
      if (t.attributes.flag('fmod', 0) === 1) throw new UnsupportedNode('fmod');
      return modulo(t);
    },
    Mul: ofIntegers((a, b) => a * b),
    Neg: ofEach(
      (x) => -x,
      (x) => -x,
    ),
    Range: range,
    Reciprocal: ofEach((x) => 1 / x),
    ReduceProd: product,
    Shape: shape,
    Sqrt: ofEach(Math.sqrt),
    Sub: ofIntegers((a, b) => a - b),
  }),
);
