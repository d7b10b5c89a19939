import * as tf from '@tensorflow/tfjs-core';
import { numberOf, padsOf, pairOf } from '../../network/operators/attribute.js';
import type { Kernel, Lowering } from './kernel.js';
import { channelsLast, inOrder, placeOf, shapeOf, type Laid } from './laid.js';
import { sumOver } from './row-arithmetic.js';

interface Axis {
  readonly window: number;
  readonly stride: number;
  readonly dilation: number;
  /** Padding of the node before and behind. */
  readonly before: number;
  readonly behind: number;
}

function axesOf({ node }: Lowering): readonly [Axis, Axis] {
  const [windows, strides, dilations] = [
    pairOf(node, 'kernel_shape'),
    pairOf(node, 'strides'),
    pairOf(node, 'dilations'),
  ];
  const [top, left, bottom, right] = padsOf(node);
  return [
    { window: windows[0], stride: strides[0], dilation: dilations[0], before: top, behind: bottom },
    { window: windows[1], stride: strides[1], dilation: dilations[1], before: left, behind: right },
  ];
}

/** What must stand behind an axis for `count` windows to fit; below 0 where the last pixels are in none. */
const reach = ({ window, stride, dilation, before }: Axis, size: number, count: number): number =>
  (count - 1) * stride + dilation * (window - 1) + 1 - before - size;

/** The padded images, [N, H, W, C], on which windows stand without padding. */
function padded(x: tf.Tensor, axes: readonly [Axis, Axis], counts: readonly number[], value: number): tf.Tensor4D {
  const pads = axes.map((axis, i): [number, number] => [
    axis.before,
    Math.max(0, reach(axis, x.shape[i + 1] as number, counts[i] as number)),
  ]);
  if (pads.flat().every((pad) => pad === 0)) return x as tf.Tensor4D;
  return tf.pad(x, [[0, 0], ...pads, [0, 0]], value) as tf.Tensor4D;
}

/** For each window of one axis: pixels of the image under it, or places of the padded image. */
function covered({ window, stride, before, behind }: Axis, size: number, count: number, withPads: boolean): number[] {
  const [from, to] = withPads ? [-before, size + behind] : [0, size];
  return Array.from({ length: count }, (_, i) => {
    const start = i * stride - before;
    return Math.min(start + window, to) - Math.max(start, from);
  });
}

export const averagePool: Kernel = (at) => {
  const x = at.operand(0);
  const axes = axesOf(at);
  const windows = axes.map(({ window }) => window) as [number, number];
  const strides = axes.map(({ stride }) => stride) as [number, number];
  const withPads = numberOf(at.node, 'count_include_pad') === 1;
  return (inputs) => {
    const images = inOrder(x(inputs), channelsLast);
    const counts = (at.outputShapes(inputs)[0] as number[]).slice(2);
    const means = tf.avgPool(padded(images, axes, counts, 0), windows, strides, 'valid');
    const [rows, columns] = axes.map((axis, i) =>
      covered(axis, images.shape[i + 1] as number, counts[i] as number, withPads),
    ) as [number[], number[]];
    const full = windows[0] * windows[1];
    const factors = rows.flatMap((row) => columns.map((column) => full / (row * column)));
    if (factors.every((factor) => factor === 1)) return [{ tensor: means, order: channelsLast }];
    const scale = tf.tensor(Float32Array.from(factors), [1, rows.length, columns.length, 1]);
    return [{ tensor: tf.mul(means, scale), order: channelsLast }];
  };
};

export const maxPool: Kernel = (at) => {
  const x = at.operand(0);
  const axes = axesOf(at);
  const windows = axes.map(({ window }) => window) as [number, number];
  const strides = axes.map(({ stride }) => stride) as [number, number];
  const dilated = axes.some(({ dilation, window }) => dilation > 1 && window > 1);
  return (inputs) => {
    const counts = (at.outputShapes(inputs)[0] as number[]).slice(2) as [number, number];
    const images = padded(inOrder(x(inputs), channelsLast), axes, counts, -Infinity);
    const tensor = dilated ? largestOfTaps(images, axes, counts) : tf.maxPool(images, windows, strides, 'valid');
    return [{ tensor, order: channelsLast }];
  };
};

/** The largest of what each place of the window sees. */
function largestOfTaps(
  images: tf.Tensor4D,
  [down, across]: readonly [Axis, Axis],
  [rows, columns]: readonly [number, number],
): tf.Tensor {
  const seen: tf.Tensor[] = [];
  for (let row = 0; row < down.window; row++) {
    for (let column = 0; column < across.window; column++) {
      const [y, x] = [row * down.dilation, column * across.dilation];
      const end = [y + (rows - 1) * down.stride + 1, x + (columns - 1) * across.stride + 1] as const;
      const steps = [1, down.stride, across.stride, 1];
      seen.push(tf.stridedSlice(images, [0, y, x, 0], [images.shape[0], end[0], end[1], images.shape[3]], steps));
    }
  }
  return seen.reduce((largest, other) => tf.maximum(largest, other));
}

const space = (x: Laid): readonly number[] => x.order.filter((axis) => axis > 1);

export const globalAveragePool: Kernel = (at) => {
  const x = at.operand(0);
  return (inputs) => {
    const value = x(inputs);
    const pixels = space(value).reduce((product, axis) => product * (shapeOf(value)[axis] as number), 1);
    const { tensor, order } = sumOver(value, space(value));
    return [{ tensor: tf.div(tensor, pixels), order }];
  };
};

export const globalMaxPool: Kernel = (at) => {
  const x = at.operand(0);
  return (inputs) => {
    const value = x(inputs);
    const places = space(value).map((axis) => placeOf(value, axis));
    return [{ tensor: tf.max(value.tensor, places, true), order: value.order }];
  };
};
