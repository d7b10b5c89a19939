import { float32, sizeOf } from '../../tensor.js';
import { type Attribute, DYNAMIC, type Operation, type Shape } from '../operation.js';
import { floatsAt, imageShapeAt, inputsOf, invalidNode, numberOf, padsOf, pairOf } from './attribute.js';
import { ownChannels } from './layout.js';
import type { NodeInputs, Operator } from './operator.js';
import type { Adjoint } from './term.js';

/** The pixels of one window, as a view into one plane. */
export interface PoolWindow {
  /** Pixels of the input that it covers. */
  readonly count: number;
  /** Places of the padded input that it covers; in ceil mode a window may reach beyond even those. */
  readonly padded: number;
}

interface PoolDefinition {
  /** Attributes beyond those of every pool, as ONNX has them. */
  extra(node: Operation): Readonly<Record<string, Attribute>>;
  readonly start: number;
  combine(sum: number, x: number): number;
  finish(node: Operation, sum: number, window: PoolWindow): number;
  rectifies(node: Operation): boolean;
  readonly adjoint: Adjoint;
}

/**
 * Windows along one axis. In ceil mode a last window that would begin in the padding behind the input is left out, as in
 * PyTorch and in ONNX since opset 19.
 */
function countOf(node: Operation, size: number, axis: 0 | 1): number {
  if (size === DYNAMIC) return DYNAMIC;
  const [kernel, stride, dilation] = [
    pairOf(node, 'kernel_shape')[axis],
    pairOf(node, 'strides')[axis],
    pairOf(node, 'dilations')[axis],
  ];
  const pads = padsOf(node);
  const room = size + pads[axis] + pads[axis === 0 ? 2 : 3] - dilation * (kernel - 1) - 1;
  if (numberOf(node, 'ceil_mode') === 0) {
    if (room < 0) throw invalidNode(node, `a window of ${kernel} does not fit into ${size} pixels with its padding`);
    return Math.floor(room / stride) + 1;
  }
  const count = Math.ceil(room / stride) + 1;
  return (count - 1) * stride >= size + pads[axis] ? count - 1 : count;
}

function outputShape(node: Operation, inputs: NodeInputs): readonly [number, number, number, number] {
  const [images, channels, height, width] = imageShapeAt(node, inputs, 0);
  return [images, channels, countOf(node, height, 0), countOf(node, width, 1)];
}

/** A pool over rows and columns of [N, C, H, W]; padding takes no part but in the divisor of an average that counts it. */
export function pool(definition: PoolDefinition): Operator {
  return {
    role: () => 'pooling',
    rectifies: (node) => definition.rectifies(node),
    infer: (node, inputs) => [outputShape(node, inputs)],
    macs: () => 0,
    adjoint: definition.adjoint,
    work: (node, _, outputs) => sizeOf([...(outputs[0] as Shape), ...pairOf(node, 'kernel_shape')]),
    channels: (_, __, outputs) => ownChannels(outputs[0]),
    window(node) {
      const [top, left] = padsOf(node);
      return {
        size: pairOf(node, 'kernel_shape'),
        stride: pairOf(node, 'strides'),
        padding: [top, left],
        dilation: pairOf(node, 'dilations'),
      };
    },
    emit: (node) => ({
      opType: node.op,
      attributes: {
        ceil_mode: numberOf(node, 'ceil_mode'),
        kernel_shape: pairOf(node, 'kernel_shape'),
        pads: padsOf(node),
        strides: pairOf(node, 'strides'),
        ...definition.extra(node),
      },
    }),
    evaluate(node, inputs) {
      const x = floatsAt(node, inputs, 0);
      const [images, channels, outHeight, outWidth] = outputShape(node, inputsOf(inputs));
      const [, , height, width] = x.shape as [number, number, number, number];
      const [rows, columns] = pairOf(node, 'kernel_shape');
      const [strideY, strideX] = pairOf(node, 'strides');
      const [dilationY, dilationX] = pairOf(node, 'dilations');
      const [top, left, bottom, right] = padsOf(node);
      const result = new Float32Array(images * channels * outHeight * outWidth);
      let o = 0;
      for (let plane = 0; plane < images * channels; plane++) {
        for (let y = 0; y < outHeight; y++) {
          for (let z = 0; z < outWidth; z++, o++) {
            let sum = definition.start;
            let [count, padded] = [0, 0];
            for (let row = 0; row < rows; row++) {
              const iy = y * strideY + row * dilationY - top;
              if (iy >= height + bottom) continue;
              for (let column = 0; column < columns; column++) {
                const ix = z * strideX + column * dilationX - left;
                if (ix >= width + right) continue;
                padded += 1;
                if (iy < 0 || iy >= height || ix < 0 || ix >= width) continue;
                count += 1;
                sum = definition.combine(sum, x.data[(plane * height + iy) * width + ix] as number);
              }
            }
            result[o] = definition.finish(node, sum, { count, padded });
          }
        }
      }
      return [float32([images, channels, outHeight, outWidth], result)];
    },
  };
}

/** A pool over all rows and columns: [N, C, …] to [N, C, 1, …]. */
export function globalPool(definition: {
  readonly start: number;
  combine(sum: number, x: number): number;
  finish(sum: number, count: number): number;
  readonly adjoint: Adjoint;
}): Operator {
  const outputOf = (shape: Shape): Shape => shape.map((dim, axis) => (axis < 2 ? dim : 1));
  return {
    role: () => 'pooling',
    arithmetic: 'statistic',
    rectifies: () => false,
    infer: (node, inputs) => [outputOf(imageShapeAt(node, inputs, 0))],
    macs: () => 0,
    adjoint: definition.adjoint,
    channels: (_, __, outputs) => ownChannels(outputs[0]),
    window: () => 'global',
    emit: (node) => ({ opType: node.op, attributes: {} }),
    evaluate(node, inputs) {
      const x = floatsAt(node, inputs, 0);
      const shape = outputOf(imageShapeAt(node, inputsOf(inputs), 0));
      const planes = (shape[0] as number) * (shape[1] as number);
      const plane = x.data.length / planes;
      const result = new Float32Array(planes);
      for (let p = 0; p < planes; p++) {
        let sum = definition.start;
        for (let i = p * plane; i < (p + 1) * plane; i++) sum = definition.combine(sum, x.data[i] as number);
        result[p] = definition.finish(sum, plane);
      }
      return [float32(shape, result)];
    },
  };
}
