import * as tf from '@tensorflow/tfjs-core';
import { numberOf, padsOf, pairOf } from '../../network/operators/attribute.js';
import type { Kernel, Lowering, Reader } from './kernel.js';
import { channelsLast, inNaturalOrder, inOrder, shaped, shapeOf, type Laid } from './laid.js';

/** Convolves [N, H, W, C] with prepared weights. */
type Convolve = (x: tf.Tensor4D, weights: tf.Tensor4D, bias: tf.Tensor | undefined) => tf.Tensor;

interface Form {
  readonly strides: readonly [number, number];
  readonly dilations: readonly [number, number];
  readonly pad: [[number, number], [number, number], [number, number], [number, number]];
}

function formOf(at: Lowering): Form {
  const [top, left, bottom, right] = padsOf(at.node);
  return {
    strides: pairOf(at.node, 'strides'),
    dilations: pairOf(at.node, 'dilations'),
    pad: [
      [0, 0],
      [top, bottom],
      [left, right],
      [0, 0],
    ],
  };
}

/** TensorFlow.js strides or dilates, and strides depthwise kernels evenly; else every place is computed and some are taken. */
function strided({ strides, dilations, pad }: Form, depthwise: boolean): Convolve {
  const [down, across] = strides;
  const whole = down === 1 && across === 1;
  const dilated = dilations.some((dilation) => dilation > 1);
  const direct = whole || (!dilated && (!depthwise || down === across));
  const used: [number, number] = direct ? [down, across] : [1, 1];
  const spread: [number, number] = [...dilations];
  const convolved = depthwise
    ? (x: tf.Tensor4D, weights: tf.Tensor4D) => tf.depthwiseConv2d(x, weights, used, pad, 'NHWC', spread)
    : (x: tf.Tensor4D, weights: tf.Tensor4D) => tf.conv2d(x, weights, used, pad, 'NHWC', spread);
  const plain: Convolve = (x, weights, bias) => {
    const sums = convolved(x, weights);
    return bias ? tf.add(sums, bias) : sums;
  };
  if (direct) return plain;
  return (x, weights, bias) => {
    const every = plain(x, weights, bias);
    return tf.stridedSlice(every, [0, 0, 0, 0], [...every.shape], [1, down, across, 1]);
  };
}

/** [K, C/group, rows, columns] to [rows, columns, C/group, K]. */
const forAll = (weights: Laid): tf.Tensor => tf.transpose(inNaturalOrder(weights), [2, 3, 1, 0]);

/** [C·m, 1, rows, columns] to [rows, columns, C, m]. */
function forEach(weights: Laid, channels: number): tf.Tensor {
  const [kernels, , rows, columns] = shapeOf(weights) as [number, number, number, number];
  return tf.transpose(shaped(inNaturalOrder(weights), [channels, kernels / channels, rows, columns]), [2, 3, 0, 1]);
}

export const conv: Kernel = (at) => {
  const [x, group, form] = [at.operand(0), numberOf(at.node, 'group'), formOf(at)];
  const bias = at.shapes[2] ? at.prepared(2, inNaturalOrder) : undefined;
  const convolve = convolver(at, group, form);
  return (inputs) => {
    const images = inOrder(x(inputs), channelsLast) as tf.Tensor4D;
    return [{ tensor: convolve(inputs)(images, bias?.(inputs)), order: channelsLast }];
  };
};

function convolver(
  at: Lowering,
  group: number,
  form: Form,
): Reader<(x: tf.Tensor4D, bias: tf.Tensor | undefined) => tf.Tensor> {
  const together = strided(form, false);
  if (group === 1) {
    const weights = at.prepared(1, forAll);
    return (inputs) => (x, bias) => together(x, weights(inputs) as tf.Tensor4D, bias);
  }
  if (at.shapes[1]?.[1] === 1) {
    const each = strided(form, true);
    const weights = at.prepared(1, (kernels) => forEach(kernels, group));
    return (inputs) => (x, bias) => each(x, weights(inputs) as tf.Tensor4D, bias);
  }
  const weights = at.prepared(1, forAll);
  return (inputs) => (x, bias) => {
    const kernels = tf.split(weights(inputs), group, 3);
    const parts: tf.Tensor4D[] = tf.split(x, group, 3);
    const outputs = parts.map((part, g) => together(part, kernels[g] as tf.Tensor4D, undefined));
    const joined = tf.concat(outputs, 3);
    return bias ? tf.add(joined, bias) : joined;
  };
}
