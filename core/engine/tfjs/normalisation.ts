import * as tf from '@tensorflow/tfjs-core';
import { axisOf, numberOf } from '../../network/operators/attribute.js';
import type { Kernel, Lowering, Reader } from './kernel.js';
import { aligned, natural, placeOf, shaped, shapeOf, inNaturalOrder, type Laid } from './laid.js';
import { elementwise, sumOver } from './row-arithmetic.js';

/** A vector with a number for each channel of [N, C, …], as an operand beside it. */
const perChannel = (vector: tf.Tensor, rank: number): Laid =>
  natural(shaped(vector, [vector.size, ...new Array<number>(rank - 2).fill(1)]));

/** (x − centre) · slope + shift, and each part of it that is given. */
function affine(
  x: Laid,
  parts: { readonly centre?: Laid; readonly slope: Laid; readonly shift?: Laid | undefined },
): Laid {
  const given = [parts.slope, ...(parts.centre ? [parts.centre] : []), ...(parts.shift ? [parts.shift] : [])];
  const { tensors, order } = aligned([x, ...given]);
  const [value, slope, ...rest] = tensors as [tf.Tensor, tf.Tensor, ...tf.Tensor[]];
  const centred = parts.centre ? tf.sub(value, rest.shift() as tf.Tensor) : value;
  const scaled = tf.mul(centred, slope);
  return { tensor: parts.shift ? tf.add(scaled, rest.shift() as tf.Tensor) : scaled, order };
}

export const batchNormalization: Kernel = (at) => {
  const x = at.operand(0);
  const [scale, bias, mean, variance] = [1, 2, 3, 4].map((index) => at.prepared(index, inNaturalOrder)) as [
    Reader<tf.Tensor>,
    Reader<tf.Tensor>,
    Reader<tf.Tensor>,
    Reader<tf.Tensor>,
  ];
  const epsilon = at.number(numberOf(at.node, 'epsilon'));
  return (inputs) => {
    const value = x(inputs);
    const factor = tf.div(scale(inputs), tf.sqrt(tf.add(variance(inputs), epsilon)));
    const [centre, slope, shift] = [mean(inputs), factor, bias(inputs)].map((vector) =>
      perChannel(vector, value.order.length),
    ) as [Laid, Laid, Laid];
    return [affine(value, { centre, slope, shift })];
  };
};

/** (x − mean) / √(variance + epsilon), mean and variance along `axes`. */
function standardised(x: Laid, axes: readonly number[], epsilon: tf.Tensor): Laid {
  const shape = shapeOf(x);
  const count = axes.reduce((product, axis) => product * (shape[axis] as number), 1);
  const centred = tf.sub(x.tensor, tf.div(sumOver(x, axes).tensor, count));
  const squares = sumOver({ tensor: tf.mul(centred, centred), order: x.order }, axes).tensor;
  return { tensor: tf.div(centred, tf.sqrt(tf.add(tf.div(squares, count), epsilon))), order: x.order };
}

export const instanceNormalization: Kernel = (at) => {
  const x = at.operand(0);
  const [scale, bias] = [at.prepared(1, inNaturalOrder), at.prepared(2, inNaturalOrder)];
  const epsilon = at.number(numberOf(at.node, 'epsilon'));
  return (inputs) => {
    const value = x(inputs);
    const rank = value.order.length;
    const space = value.order.filter((axis) => axis > 1);
    const normal = standardised(value, space, epsilon);
    return [affine(normal, { slope: perChannel(scale(inputs), rank), shift: perChannel(bias(inputs), rank) })];
  };
};

export const layerNormalization: Kernel = (at) => {
  const [x, scale] = [at.operand(0), at.operand(1)];
  const bias = at.shapes[2] ? at.operand(2) : undefined;
  const epsilon = at.number(numberOf(at.node, 'epsilon'));
  return (inputs) => {
    const value = x(inputs);
    const from = axisOf(at.node, numberOf(at.node, 'axis'), value.order.length);
    const axes = value.order.filter((axis) => axis >= from);
    return [affine(standardised(value, axes, epsilon), { slope: scale(inputs), shift: bias?.(inputs) })];
  };
};

interface Line {
  readonly order: readonly number[];
  /** Less the largest of the line. */
  readonly rest: tf.Tensor;
  readonly exp: tf.Tensor;
  readonly sum: tf.Tensor;
}

/** Exponentials along one axis, as softmax needs them. */
function line(at: Lowering): Reader<Line> {
  const x = at.operand(0);
  return (inputs) => {
    const value = x(inputs);
    const axis = axisOf(at.node, numberOf(at.node, 'axis'), value.order.length);
    const rest = tf.sub(value.tensor, tf.max(value.tensor, placeOf(value, axis), true));
    const exp = elementwise(rest, tf.exp);
    return { order: value.order, rest, exp, sum: sumOver({ tensor: exp, order: value.order }, [axis]).tensor };
  };
}

export const softmax: Kernel = (at) => {
  const of = line(at);
  return (inputs) => {
    const { exp, sum, order } = of(inputs);
    return [{ tensor: tf.div(exp, sum), order }];
  };
};

export const logSoftmax: Kernel = (at) => {
  const of = line(at);
  return (inputs) => {
    const { rest, sum, order } = of(inputs);
    return [{ tensor: tf.sub(rest, elementwise(sum, tf.log)), order }];
  };
};

/** Across channels, by shifted sums of squares: windows of even size reach one channel further behind. */
export const lrn: Kernel = (at) => {
  const [x, size] = [at.operand(0), numberOf(at.node, 'size')];
  const [before, after] = [Math.floor((size - 1) / 2), Math.ceil((size - 1) / 2)];
  const [scale, bias] = [at.number(numberOf(at.node, 'alpha') / size), at.number(numberOf(at.node, 'bias'))];
  const power = at.number(-numberOf(at.node, 'beta'));
  return (inputs) => {
    const { tensor, order } = x(inputs);
    const place = order.indexOf(1);
    const pads = tensor.shape.map((_, axis): [number, number] => (axis === place ? [before, after] : [0, 0]));
    const squares = tf.pad(tf.mul(tensor, tensor), pads);
    const shifted = Array.from({ length: size }, (_, k) =>
      tf.slice(
        squares,
        tensor.shape.map((__, axis) => (axis === place ? k : 0)),
        tensor.shape,
      ),
    );
    const sums = shifted.reduce((sum, other) => tf.add(sum, other));
    const base = tf.add(bias, tf.mul(scale, sums));
    return [
      {
        tensor: tf.mul(
          tensor,
          elementwise(base, (values) => tf.pow(values, power)),
        ),
        order,
      },
    ];
  };
};
