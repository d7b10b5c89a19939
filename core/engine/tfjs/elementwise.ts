import * as tf from '@tensorflow/tfjs-core';
import { numberOf } from '../../network/operators/attribute.js';
import type { Kernel, Lowering } from './kernel.js';
import { aligned, shaped, spread } from './laid.js';
import { elementwise, elementwisePair } from './row-arithmetic.js';

type Unary = (x: tf.Tensor) => tf.Tensor;

/** A function of each element, for the attributes of one node. */
const unary =
  (of: (at: Lowering) => Unary): Kernel =>
  (at) => {
    const [x, f] = [at.operand(0), of(at)];
    return (inputs) => {
      const { tensor, order } = x(inputs);
      return [{ tensor: f(tensor), order }];
    };
  };

/** Of functions that hardware rounds the same way wherever an element lies. */
const exact = (f: Unary): Kernel => unary(() => f);
const rounded = (f: Unary): Kernel => unary(() => (x) => elementwise(x, f));

/** A function of two operands, broadcast. */
const binary =
  (f: (a: tf.Tensor, b: tf.Tensor) => tf.Tensor): Kernel =>
  (at) => {
    const [a, b] = [at.operand(0), at.operand(1)];
    return (inputs) => {
      const { tensors, order } = aligned([a(inputs), b(inputs)]);
      return [{ tensor: f(tensors[0] as tf.Tensor, tensors[1] as tf.Tensor), order }];
    };
  };

/** min(max(x, low), high), in this order. */
const between = (x: tf.Tensor, low: tf.Tensor, high: tf.Tensor): tf.Tensor => tf.minimum(tf.maximum(x, low), high);

export const abs = exact(tf.abs);
export const neg = exact(tf.neg);
export const relu = exact(tf.relu);
export const sqrt = exact(tf.sqrt);
export const exp = rounded(tf.exp);
export const log = rounded(tf.log);
export const tanh = rounded(tf.tanh);
export const sigmoid = rounded(tf.sigmoid);
export const erf = rounded(tf.erf);
export const sin = rounded(tf.sin);
export const cos = rounded(tf.cos);
export const ceil = exact(tf.ceil);
export const floor = exact(tf.floor);
export const round = exact(tf.round);
export const sign = exact(tf.sign);
export const not = exact(tf.logicalNot);
export const softplus = rounded(tf.softplus);

// Not tf.reciprocal, which some processors approximate.
export const reciprocal = unary((at) => {
  const one = at.number(1);
  return (x) => tf.div(one, x);
});

export const softsign = unary((at) => {
  const one = at.number(1);
  return (x) => tf.div(x, tf.add(one, tf.abs(x)));
});

export const clip = unary((at) => {
  const [low, high] = [at.number(numberOf(at.node, 'min')), at.number(numberOf(at.node, 'max'))];
  return (x) => between(x, low, high);
});

export const hardSigmoid = unary((at) => {
  const [alpha, beta] = [at.number(numberOf(at.node, 'alpha')), at.number(numberOf(at.node, 'beta'))];
  const [zero, one] = [at.number(0), at.number(1)];
  return (x) => between(tf.add(tf.mul(x, alpha), beta), zero, one);
});

export const hardSwish = unary((at) => {
  const [six, half, zero, one] = [at.number(6), at.number(0.5), at.number(0), at.number(1)];
  return (x) => tf.mul(x, between(tf.add(tf.div(x, six), half), zero, one));
});

/** alpha·(exp(x) − 1) below 0, else x. */
function eluOf(at: Lowering, alpha: number): Unary {
  const [zero, scale] = [at.number(0), at.number(alpha)];
  return (x) => tf.add(tf.relu(x), tf.mul(scale, elementwise(tf.minimum(x, zero), tf.elu)));
}

export const elu = unary((at) => eluOf(at, numberOf(at.node, 'alpha')));

export const selu = unary((at) => {
  const [form, gamma] = [eluOf(at, numberOf(at.node, 'alpha')), at.number(numberOf(at.node, 'gamma'))];
  return (x) => tf.mul(gamma, form(x));
});

export const gelu = unary((at) => {
  const [half, one] = [at.number(0.5), at.number(1)];
  if (at.node.attributes['approximate'] !== 'tanh') {
    const root = at.number(Math.SQRT2);
    return (x) => tf.mul(tf.mul(half, x), tf.add(one, elementwise(tf.div(x, root), tf.erf)));
  }
  const [factor, cubic] = [at.number(Math.sqrt(2 / Math.PI)), at.number(0.044715)];
  return (x) => {
    const inner = tf.mul(factor, tf.add(x, tf.mul(cubic, tf.mul(x, tf.mul(x, x)))));
    return tf.mul(tf.mul(half, x), tf.add(one, elementwise(inner, tf.tanh)));
  };
});

export const leakyRelu = unary((at) => {
  const [alpha, zero] = [at.number(numberOf(at.node, 'alpha')), at.number(0)];
  return (x) => tf.add(tf.relu(x), tf.mul(alpha, tf.minimum(x, zero)));
});

export const pRelu: Kernel = (at) => {
  const [x, slope, zero] = [at.operand(0), at.operand(1), at.number(0)];
  return (inputs) => {
    const { tensors, order } = aligned([x(inputs), slope(inputs)]);
    const [value, factor] = tensors as [tf.Tensor, tf.Tensor];
    return [{ tensor: tf.add(tf.relu(value), tf.mul(factor, tf.minimum(value, zero))), order }];
  };
};

export const add = binary(tf.add);
export const sub = binary(tf.sub);
export const mul = binary(tf.mul);
export const div = binary(tf.div);
export const max = binary(tf.maximum);
export const min = binary(tf.minimum);
export const greater = binary(tf.greater);
export const greaterOrEqual = binary(tf.greaterEqual);
export const less = binary(tf.less);
export const lessOrEqual = binary(tf.lessEqual);
export const equal = binary(tf.equal);
export const and = binary(tf.logicalAnd);
export const or = binary(tf.logicalOr);
export const xor = binary(tf.logicalXor);

export const pow = binary((a, b) =>
  b.size === 1 && a.rank >= b.rank ? elementwise(a, (x) => tf.pow(x, shaped(b, []))) : elementwisePair(a, b, tf.pow),
);

/** condition ? x : y; all three are broadcast. */
export const where: Kernel = (at) => {
  const [condition, x, y] = [at.operand(0), at.operand(1), at.operand(2)];
  return (inputs) => {
    const { tensors, order } = aligned([condition(inputs), x(inputs), y(inputs)]);
    const [chosen, a, b] = spread(tensors) as [tf.Tensor, tf.Tensor, tf.Tensor];
    return [{ tensor: tf.where(chosen, a, b), order }];
  };
};
