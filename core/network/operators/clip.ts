import { float32 } from '../../tensor.js';
import { numberOf } from './attribute.js';
import { unary } from './elementwise.js';
import type { Operator } from './operator.js';

/** What ONNX takes where a bound is left out. */
export const largestFloat32 = 3.4028234663852886e38;

/** min(max(x, min), max), so that max wins over a larger min; NaN stays NaN. */
export const clip: Operator = {
  ...unary({
    rises: true,
    arithmetic: 'power',
    rectifies: (node) => numberOf(node, 'min') >= 0,
    keepsSign: (node) => numberOf(node, 'max') >= 0,
    // As ReLU6 in PyTorch and TensorFlow: at a bound nothing passes.
    derivative: ({ node, write, x }) =>
      write.multiply(
        write.above(x, write.number(Math.fround(numberOf(node, 'min')))),
        write.above(write.number(Math.fround(numberOf(node, 'max'))), x),
      ),
    at(node) {
      const [min, max] = [Math.fround(numberOf(node, 'min')), Math.fround(numberOf(node, 'max'))];
      return (x) => Math.min(Math.max(x, min), max);
    },
  }),
  emit: (node) => ({
    opType: 'Clip',
    attributes: {},
    constants: [float32([], [numberOf(node, 'min')]), float32([], [numberOf(node, 'max')])],
  }),
};
