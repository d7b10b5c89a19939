import * as tf from '@tensorflow/tfjs';

type Input = tf.SymbolicTensor;
const { layers } = tf;
export const conv = (filters: number, more: object = {}): ReturnType<typeof layers.conv2d> =>
  layers.conv2d({ filters, kernelSize: 3, padding: 'same', ...more });
export const of = (layer: { apply(input: Input | Input[]): unknown }, ...inputs: Input[]): Input =>
  layer.apply(inputs.length === 1 ? (inputs[0] as Input) : inputs) as Input;
export const functional = (shape: number[], body: (input: Input) => Input | Input[]): tf.LayersModel => {
  const inputs = tf.input({ shape });
  return tf.model({ inputs, outputs: body(inputs) });
};
export const stack = (shape: number[], ...list: ReturnType<typeof layers.conv2d>[]): tf.LayersModel =>
  functional(shape, (input) => list.reduce((value, layer) => of(layer, value), input));

/** Small networks that together use every layer and every oddity of TensorFlow's padding. */
export const networks: Readonly<Record<string, () => tf.LayersModel>> = {
  'a sequential network with its input shape on the first layer': () =>
    tf.sequential({
      layers: [
        conv(4, { inputShape: [9, 8, 3], activation: 'relu' }),
        layers.maxPooling2d({ poolSize: 2 }),
        layers.dropout({ rate: 0.5 }),
        layers.flatten(),
        layers.dense({ units: 5, activation: 'softmax' }),
      ],
    }),
  'same padding with stride 2 on odd and even sizes': () =>
    stack(
      [9, 8, 2],
      conv(3, { strides: 2 }),
      conv(4, { strides: 2, kernelSize: [2, 5] }),
      conv(2, { strides: [1, 2] }),
    ),
  'same padding with stride 3 and a small window': () => stack([10, 7, 2], conv(3, { strides: 3, kernelSize: 2 })),
  'dilation with same and with valid padding': () =>
    stack([11, 10, 2], conv(3, { dilationRate: 2 }), conv(2, { dilationRate: [2, 1], padding: 'valid' })),
  'pooling with same padding, whose padding takes no part': () =>
    functional([7, 6, 3], (input) => [
      of(layers.maxPooling2d({ poolSize: 3, strides: 2, padding: 'same' }), input),
      of(layers.averagePooling2d({ poolSize: [3, 2], strides: 2, padding: 'same' }), input),
    ]),
  'a residual network with batch normalisation and a projection': () =>
    functional([8, 8, 3], (input) => {
      const branch = of(
        layers.batchNormalization({ epsilon: 0.01 }),
        of(conv(6, { useBias: false, strides: 2 }), input),
      );
      const shortcut = of(conv(6, { kernelSize: 1, strides: 2 }), input);
      const sum = of(layers.add(), of(layers.reLU(), branch), shortcut, shortcut);
      return of(layers.globalAveragePooling2d({}), of(layers.activation({ activation: 'relu' }), sum));
    }),
  'depthwise and separable convolutions with multipliers': () =>
    functional([9, 9, 3], (input) => {
      const deep = of(
        layers.depthwiseConv2d({ kernelSize: 3, depthMultiplier: 2, padding: 'same', strides: 2, activation: 'relu6' }),
        input,
      );
      return of(layers.separableConv2d({ filters: 5, kernelSize: 3, depthMultiplier: 2, activation: 'tanh' }), deep);
    }),
  'dense connections, flattened in Keras order': () =>
    functional([6, 5, 2], (input) => {
      const first = of(layers.concatenate(), input, of(conv(3, { activation: 'elu' }), input));
      const second = of(layers.concatenate({ axis: 3 }), first, of(conv(2, { activation: 'sigmoid' }), first));
      return of(layers.dense({ units: 4 }), of(layers.flatten(), second));
    }),
  'concatenation along rows': () =>
    functional([4, 5, 2], (input) => of(layers.concatenate({ axis: 1 }), input, of(conv(2), input))),
  'gates, averages and leaky activations': () =>
    functional([6, 6, 4], (input) => {
      const gate = of(conv(4, { activation: 'hardSigmoid' }), input);
      const gated = of(layers.multiply(), of(layers.leakyReLU({ alpha: 0.1 }), input), gate);
      return of(layers.average(), gated, of(layers.prelu({ sharedAxes: [1, 2] }), input), of(layers.elu(), input));
    }),
  'a slope for every position': () => stack([4, 3, 2], layers.prelu({}) as never),
  'other activation functions': () =>
    functional([3, 4, 2], (input) =>
      ['selu', 'softplus', 'swish', 'mish', 'linear', 'relu6', 'logSoftmax', 'softmax'].map((activation) =>
        of(layers.activation({ activation: activation as 'relu' }), of(conv(3), input)),
      ),
    ),
  'a bounded ReLU, a softmax over channels': () =>
    stack([4, 4, 3], layers.reLU({ maxValue: 0.5 }) as never, layers.softmax({ axis: -1 }) as never),
  'reshaping to maps and back, permuting, cropping, padding': () =>
    functional([60], (input) => {
      const map = of(conv(3), of(layers.reshape({ targetShape: [5, 4, 3] }), input));
      const padded = of(
        layers.zeroPadding2d({
          padding: [
            [1, 0],
            [2, 1],
          ],
        }),
        map,
      );
      const cropped = of(
        layers.cropping2D({
          cropping: [
            [1, 1],
            [0, 2],
          ],
        }),
        padded,
      );
      return of(layers.reshape({ targetShape: [-1, 6] }), of(layers.permute({ dims: [3, 1, 2] }), cropped));
    }),
  'normalisation of features without scale or centre, and a dense layer on maps': () =>
    functional([3, 4, 2], (input) => {
      const mapped = of(layers.dense({ units: 3, activation: 'relu' }), input);
      const features = of(layers.batchNormalization({ scale: false, center: false }), of(layers.flatten(), mapped));
      return of(layers.dense({ units: 2, useBias: false }), features);
    }),
  'one layer called twice, and a model within a model': () => {
    const inner = tf.sequential({ layers: [conv(3, { inputShape: [5, 5, 3], activation: 'relu' }), conv(3)] });
    return functional([5, 5, 3], (input) => {
      const shared = conv(3);
      return of(layers.globalMaxPooling2d({}), of(inner, of(shared, of(shared, input))));
    });
  },
};
