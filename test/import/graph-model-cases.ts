import type { GraphDraft } from './fixtures/graph-model.js';

export const plain = { strides: [1, 1, 1, 1], dilations: [1, 1, 1, 1], padding: 'SAME' };

type Build = (g: GraphDraft, x: string) => string | Readonly<Record<string, string>>;

/** Each with an input of its own; the last value is the output. */
export const cases: Readonly<Record<string, readonly [readonly number[], Build]>> = {
  'a strided convolution on odd sizes with same padding': [
    [-1, 7, 6, 3],
    (g, x) => g.node('Conv2D', [x, g.weights([3, 2, 3, 4])], { ...plain, strides: [1, 2, 2, 1] }),
  ],
  'a dilated convolution with pads as given': [
    [-1, 8, 7, 2],
    (g, x) =>
      g.node('Conv2D', [x, g.weights([3, 3, 2, 4])], {
        strides: [1, 1, 1, 1],
        dilations: [1, 2, 1, 1],
        padding: 'EXPLICIT',
        explicit_paddings: [0, 0, 2, 1, 0, 1, 0, 0],
      }),
  ],
  'a depthwise convolution with a multiplier, an own bias and a leaky ReLU': [
    [-1, 7, 7, 3],
    (g, x) =>
      g.node(
        'LeakyRelu',
        [
          g.node(
            'BiasAdd',
            [
              g.node('DepthwiseConv2dNative', [x, g.weights([3, 3, 3, 2])], { ...plain, strides: [1, 2, 2, 1] }),
              g.weights([6]),
            ],
            { data_format: 'NHWC' },
          ),
        ],
        { alpha: 0.3 },
      ),
  ],
  'fused convolutions with every function': [
    [-1, 5, 5, 2],
    (g, x) =>
      Object.fromEntries(
        ['Relu', 'Relu6', 'Elu', 'Sigmoid', 'LeakyRelu', 'Prelu'].map((name) => {
          const extra = name === 'Prelu' ? [g.weights([1, 1, 3])] : [];
          const settings = {
            strides: [1, 1, 1, 1],
            padding: 'VALID',
            fused_ops: ['BiasAdd', name],
            num_args: 1 + extra.length,
            leakyrelu_alpha: 0.4,
          };
          return [name, g.node('_FusedConv2D', [x, g.weights([3, 3, 2, 3]), g.weights([3]), ...extra], settings)];
        }),
      ),
  ],
  'activations that decide by comparisons': [
    [-1, 5, 5, 3],
    (g, x) => {
      const map = g.node('Conv2D', [x, g.weights([3, 3, 3, 4])], plain);
      const leak = g.node('Mul', [map, g.float(0.1)]);
      const above = g.node('Greater', [map, g.float(0.25)]);
      const below = g.node('LessEqual', [map, g.weights([4])]);
      const [number, truth] = [{ DstT: 'DT_FLOAT' }, { SrcT: 'DT_FLOAT', DstT: 'DT_BOOL' }];
      const cast = (of: string): string => g.node('Cast', [of], { SrcT: 'DT_BOOL', ...number });
      return {
        leaky: g.node('SelectV2', [above, map, leak]),
        constant: g.node('SelectV2', [below, g.weights([4]), map]),
        select: g.node('Select', [g.node('Less', [leak, map]), map, leak]),
        thresholded: g.node('Mul', [map, cast(g.node('GreaterEqual', [map, g.float(0)]))]),
        both: cast(g.node('LogicalAnd', [above, g.node('LogicalNot', [below])])),
        either: cast(g.node('LogicalOr', [above, below])),
        on: cast(g.node('Cast', [g.node('Relu', [map])], truth)),
        equal: cast(g.node('Equal', [g.node('Relu', [map]), g.float(0)])),
        unequal: cast(g.node('NotEqual', [g.node('Relu', [map]), g.float(0)])),
      };
    },
  ],
  'functions that rise in steps, and waves': [
    [-1, 4, 4, 3],
    (g, x) => {
      const wide = g.node('Mul', [x, g.float(3)]);
      return Object.fromEntries(['Ceil', 'Cos', 'Floor', 'Round', 'Sign', 'Sin'].map((op) => [op, g.node(op, [wide])]));
    },
  ],
  'normalisation apart, on maps': [
    [-1, 4, 4, 3],
    (g, x) =>
      g.node('FusedBatchNormV3', [x, g.weights([3]), g.weights([3]), g.weights([3]), g.weights([3], true)], {
        epsilon: 0.01,
        is_training: false,
      }),
  ],
  'normalisation computed from constants': [
    [-1, 4, 4, 3],
    (g, x) => {
      const spread = g.node('Rsqrt', [g.node('AddV2', [g.weights([3], true), g.float(0.001)])]);
      const scale = g.node('Mul', [spread, g.weights([3])]);
      const shift = g.node('Sub', [g.weights([3]), g.node('Mul', [g.weights([3]), scale])]);
      return g.node('AddV2', [g.node('Mul', [x, scale]), shift]);
    },
  ],
  'pools with same padding': [
    [-1, 7, 6, 2],
    (g, x) => {
      const settings = { ksize: [1, 3, 2, 1], strides: [1, 2, 2, 1], padding: 'SAME' };
      return { max: g.node('MaxPool', [x], settings), average: g.node('AvgPool', [x], settings) };
    },
  ],
  'functions of each element': [
    [-1, 3, 3, 2],
    (g, x) => {
      const positive = g.node('Exp', [x]);
      const signed = ['Abs', 'Elu', 'Erf', 'Neg', 'Relu', 'Relu6', 'Selu', 'Sigmoid', 'Softplus', 'Square', 'Tanh'];
      const ofPositive = ['Log', 'Rsqrt', 'Sqrt', 'Reciprocal'];
      return Object.fromEntries([
        ...signed.map((op) => [op, g.node(op, [x])]),
        ...ofPositive.map((op) => [op, g.node(op, [positive])]),
        ['ClipByValue', g.node('ClipByValue', [x, g.float(-0.25), g.float(0.5)])],
        ['Prelu', g.node('Prelu', [x, g.weights([3, 3, 2])])],
      ]);
    },
  ],
  'operands of each kind': [
    [-1, 4, 3, 2],
    (g, x) => {
      const gate = g.node('Sigmoid', [g.node('Mean', [x, g.ints([1, 2])], { keep_dims: true })]);
      return {
        gated: g.node('Mul', [x, gate]),
        rows: g.node('Sub', [g.weights([4, 1, 1]), x]),
        places: g.node('RealDiv', [x, g.weights([1, 4, 3, 1], true)]),
        squared: g.node('SquaredDifference', [x, gate]),
        sum: g.node('AddN', [x, g.node('Relu', [x]), g.node('Tanh', [x])]),
        most: g.node('Maximum', [x, g.node('Neg', [x])]),
        bounded: g.node('Minimum', [g.node('Maximum', [x, g.float(-0.1)]), g.float(0.4)]),
      };
    },
  ],
  'a matrix product, transposed, and one with what is fused into it': [
    [-1, 6],
    (g, x) => {
      const hidden = g.node('_FusedMatMul', [x, g.weights([6, 5]), g.weights([5])], {
        fused_ops: ['BiasAdd', 'Relu'],
        num_args: 1,
      });
      return g.node('Softmax', [g.node('MatMul', [hidden, g.weights([4, 5])], { transpose_b: true })]);
    },
  ],
  'a shape that is computed from the images': [
    [-1, 3, 4, 2],
    (g, x) => {
      const shape = g.node('Shape', [x]);
      const part = (at: number): string =>
        g.node('StridedSlice', [shape, g.ints([at]), g.ints([at + 1]), g.ints([1])], { shrink_axis_mask: 1 });
      const area = g.node('Mul', [part(1), part(2)]);
      const flat = g.node('Reshape', [x, g.node('Pack', [part(0), area, part(3)], { axis: 0 })]);
      const all = g.node(
        'Prod',
        [g.node('StridedSlice', [shape, g.ints([1]), g.ints([4]), g.ints([1])]), g.ints([0])],
        {
          keep_dims: true,
        },
      );
      const joined = g.node('ConcatV2', [g.ints([-1]), all, g.int(0)]);
      return { flat, all: g.node('Reshape', [g.node('Relu', [x]), joined]) };
    },
  ],
  'parts of maps': [
    [-1, 6, 5, 4],
    (g, x) => ({
      slice: g.node('Slice', [x, g.ints([0, 1, 0, 1]), g.ints([-1, 3, -1, 2])]),
      strided: g.node('StridedSlice', [x, g.ints([0, 1, 0, 0]), g.ints([0, -1, 0, 0]), g.ints([1, 2, 1, 1])], {
        begin_mask: 1 + 4 + 8,
        end_mask: 1 + 4 + 8,
      }),
      picked: g.node('StridedSlice', [x, g.ints([0, 2]), g.ints([0, 3]), g.ints([1, 1])], {
        ellipsis_mask: 1,
        shrink_axis_mask: 2,
      }),
      row: g.node('StridedSlice', [x, g.ints([0, -1]), g.ints([0, 0]), g.ints([1, 1])], {
        begin_mask: 1,
        end_mask: 1,
        shrink_axis_mask: 2,
      }),
      gathered: g.node('GatherV2', [x, g.ints([3, 0, 0]), g.int(-1)]),
    }),
  ],
  'halves of channels that are joined again, and maps joined along rows': [
    [-1, 4, 3, 6],
    (g, x) => {
      const parts = g.node('Split', [g.int(3), x], { num_split: 2 }, 'halves');
      const joined = g.node('ConcatV2', [`${parts}:1`, g.node('Relu', [parts]), g.int(-1)]);
      const uneven = g.node('SplitV', [joined, g.ints([1, -1]), g.int(1)], { num_split: 2 }, 'uneven');
      return g.node('ConcatV2', [`${uneven}:1`, uneven, g.int(1)]);
    },
  ],
  'padding with zeros, another number and mirrored': [
    [-1, 4, 3, 2],
    (g, x) => {
      const margins = (pads: number[]): string => g.ints(pads, [4, 2]);
      return {
        zeros: g.node('Pad', [x, margins([0, 0, 1, 2, 0, 1, 0, 0])]),
        number: g.node('PadV2', [x, margins([0, 0, 0, 1, 2, 0, 1, 0]), g.float(0.5)]),
        mirrored: g.node('MirrorPad', [x, margins([0, 0, 1, 2, 2, 1, 0, 0])], { mode: 'REFLECT' }),
      };
    },
  ],
  'means, sums and largest along axes': [
    [-1, 4, 3, 2],
    (g, x) => ({
      mean: g.node('Mean', [x, g.ints([-1])], { keep_dims: true }),
      sum: g.node('Sum', [x, g.ints([1])]),
      most: g.node('Max', [x, g.ints([1, 2])]),
      all: g.node('Mean', [x, g.ints([1, 2, 3])], { keep_dims: true }),
    }),
  ],
  'axes of length 1 that come and go': [
    [-1, 1, 1, 6],
    (g, x) => {
      const flat = g.node('Squeeze', [x], { squeeze_dims: [1, 2] });
      const map = g.node('ExpandDims', [g.node('ExpandDims', [flat, g.int(1)]), g.int(-2)]);
      return g.node('Conv2D', [map, g.weights([1, 1, 6, 3])], plain);
    },
  ],
  'channels first in between': [
    [-1, 5, 4, 3],
    (g, x) => {
      const first = g.node('Transpose', [x, g.ints([0, 3, 1, 2])]);
      const bounded = g.node('AddV2', [g.node('Relu', [first]), g.weights([3, 1, 1])]);
      const last = g.node('Transpose', [bounded, g.ints([0, 2, 3, 1])]);
      return g.node('Conv2D', [last, g.weights([3, 3, 3, 4])], plain);
    },
  ],
  'a softmax over channels, of a map that is then flattened': [
    [-1, 3, 4, 2],
    (g, x) => {
      const bent = g.node('Conv2D', [x, g.weights([1, 1, 2, 3])], { ...plain, padding: 'VALID' });
      return g.node('Reshape', [g.node('Softmax', [bent]), g.ints([-1, 36])]);
    },
  ],
  'local response normalisation': [
    [-1, 3, 3, 8],
    (g, x) => g.node('LRN', [x], { depth_radius: 2, bias: 1.5, alpha: 0.2, beta: 0.75 }),
  ],
};
