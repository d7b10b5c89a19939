import { float32, type Tensor } from '../../tensor.js';
import type { ValueId } from '../../network/graph.js';
import { activated, activationName } from './activation.js';
import { axisIn, isMap, type Activation, type Form } from './builder.js';
import { conv2d, dense, depthwiseConv2d, separableConv2d } from './convolution.js';
import { inForm, type LayerCall, type LayerImporter } from './layer.js';
import { batchNormalization, groupNormalization, layerNormalization, normalization } from './normalization.js';
import { windowsOf } from './windows.js';

const unchanged: LayerImporter = (call) => call.input;

const activation: LayerImporter = (call) => activated(call, call.input, activationName(call.config.raw('activation')));

const relu: LayerImporter = (call) => {
  const { config, input } = call;
  const slope = config.number('negative_slope', 0);
  if (config.number('threshold', 0) !== 0) throw call.unsupported('a threshold');
  if (!config.has('max_value') && slope === 0) return onForm(call, input, 'Relu');
  if (!config.has('max_value')) return onForm(call, input, 'LeakyRelu', { alpha: slope });
  if (slope !== 0) throw call.unsupported('a negative_slope together with a max_value');
  return onForm(call, input, 'Clip', { min: 0, max: config.number('max_value') });
};

const leakyRelu: LayerImporter = (call) =>
  onForm(call, call.input, 'LeakyRelu', {
    alpha: call.config.number('alpha', call.config.number('negative_slope', 0.3)),
  });

const elu: LayerImporter = (call) => onForm(call, call.input, 'Elu', { alpha: call.config.number('alpha', 1) });

const pRelu: LayerImporter = (call) => {
  const { name, tensor } = call.weight('alpha');
  const { form, value } = call.builder.formAtHand(call.input);
  const slope = form === 'nchw' && tensor.shape.length === 3 ? channelsFirst(tensor) : tensor;
  return inForm(call.input.shape, form, call.node('PRelu', '', [value, call.constant(name, slope)]));
};

const softmax: LayerImporter = (call) => {
  const axis = call.config.raw('axis');
  const only: unknown = Array.isArray(axis) && axis.length === 1 ? axis[0] : (axis ?? -1);
  if (typeof only !== 'number') throw call.unsupported(`several axes (${JSON.stringify(axis)})`);
  return activated(call, call.input, 'softmax', only);
};

const rescaling: LayerImporter = (call) => {
  const { form, value } = call.builder.formAtHand(call.input);
  const scaled = call.node('Mul', '', [value, call.scalar('scale', call.config.number('scale'))]);
  const offset = call.config.number('offset', 0);
  const shifted = offset === 0 ? scaled : call.node('Add', 'offset_add', [scaled, call.scalar('offset', offset)]);
  return inForm(call.input.shape, form, shifted);
};

const pooling =
  (op: 'MaxPool' | 'AveragePool'): LayerImporter =>
  (call) => {
    const { value, shape } = call.map();
    const kernel = call.config.pair('pool_size', [2, 2]);
    const strides = call.config.has('strides') ? call.config.pair('strides') : kernel;
    const { pads, output } = windowsOf(call.padding(), [shape[0], shape[1]], {
      kernel,
      stride: strides,
      dilation: [1, 1],
    });
    const common = { kernel_shape: kernel, strides, dilations: [1, 1], pads, ceil_mode: 0 };
    const own = op === 'AveragePool' ? { count_include_pad: 0 } : {};
    return inForm([...output, shape[2]], 'nchw', call.node(op, '', [value], { ...common, ...own }));
  };

const globalPooling =
  (op: 'GlobalMaxPool' | 'GlobalAveragePool'): LayerImporter =>
  (call) => {
    const { value, shape } = call.map();
    const pooled = call.node(op, '', [value]);
    if (call.config.boolean('keepdims', false)) return inForm([1, 1, shape[2]], 'nchw', pooled);
    return inForm([shape[2]], 'keras', call.node('Flatten', 'flatten', [pooled], { axis: 1 }));
  };

/** Joins several inputs elementwise, two at a time, from the first on. */
const folded =
  (op: 'Add' | 'Div' | 'Max' | 'Min' | 'Mul' | 'Sub', finish: LayerFinish = (_, value) => value): LayerImporter =>
  (call) => {
    const [first, ...others] = call.inputs;
    if (first && others.length === 0 && call.config.has('operand')) return withNumber(call, op, first);
    if (!first || others.length === 0) throw call.invalid(`takes at least two inputs, got ${call.inputs.length}`);
    const rank = first.shape.length;
    if (others.some((other) => other.shape.length !== rank)) throw call.unsupported('inputs of different rank');
    const form = commonForm(call);
    let result = call.builder.form(first, form);
    others.forEach((other, i) => {
      result = call.node(op, i === others.length - 1 ? '' : `part${i + 1}`, [result, call.builder.form(other, form)]);
    });
    const shape = first.shape.map((_, axis) => Math.max(...call.inputs.map((input) => input.shape[axis] as number)));
    return inForm(shape, form, finish(call, result));
  };

/** An operation of Keras 3 with a number, which stands before or behind its input. */
function withNumber(call: LayerCall, op: 'Add' | 'Div' | 'Max' | 'Min' | 'Mul' | 'Sub', input: Activation): Activation {
  const { form, value } = call.builder.formAtHand(input);
  const number = call.scalar('operand', call.config.number('operand'));
  const operands = call.config.boolean('operand_first', false) ? [number, value] : [value, number];
  return inForm(input.shape, form, call.node(op, '', operands));
}

type LayerFinish = (call: LayerCall, value: ValueId) => ValueId;

const mean: LayerFinish = (call, value) =>
  call.node('Mul', 'mean', [value, call.scalar('share', 1 / call.inputs.length)]);

const concatenate: LayerImporter = (call) => {
  const [first] = call.inputs;
  if (!first) throw call.invalid('takes at least one input');
  const form = commonForm(call);
  const axis = call.config.number('axis', -1);
  const place = (axis < 0 ? axis + first.shape.length + 1 : axis) - 1;
  const values = call.inputs.map((input) => call.builder.form(input, form));
  const shape = first.shape.map((dim, at) =>
    at === place ? call.inputs.reduce((sum, input) => sum + (input.shape[at] as number), 0) : dim,
  );
  return inForm(shape, form, call.node('Concat', '', values, { axis: axisIn(form, first, axis) }));
};

const flatten: LayerImporter = (call) => {
  const { input } = call;
  const total = input.shape.reduce((product, dim) => product * dim, 1);
  if (input.shape.length === 1) return input;
  const onePixel = isMap(input) && input.shape[0] === 1 && input.shape[1] === 1;
  const value = onePixel ? call.builder.formAtHand(input).value : call.builder.form(input, 'keras');
  return inForm([total], 'keras', call.node('Flatten', '', [value], { axis: 1 }));
};

const reshape: LayerImporter = (call) => {
  const { input } = call;
  const target = call.config.raw('target_shape');
  if (!Array.isArray(target)) throw call.invalid('has no target_shape');
  const dims = target.map((dim: unknown) => (typeof dim === 'number' && dim >= 0 ? dim : -1));
  const total = input.shape.reduce((product, dim) => product * dim, 1);
  const known = dims.filter((dim) => dim >= 0).reduce((product, dim) => product * dim, 1);
  const shape = dims.map((dim) => (dim < 0 ? total / known : dim));
  if (!shape.every(Number.isInteger) || shape.reduce((product, dim) => product * dim, 1) !== total) {
    throw call.invalid(`cannot reshape [${input.shape.join(', ')}] to [${target.join(', ')}]`);
  }
  const toPixel = input.shape.length === 1 && shape.length === 3 && shape[0] === 1 && shape[1] === 1;
  if (toPixel) {
    const { value: list } = call.builder.formAtHand(input);
    return inForm(shape, 'nchw', call.node('Reshape', '', [list], { shape: [0, total, 1, 1] }));
  }
  const onePixel = isMap(input) && input.shape[0] === 1 && input.shape[1] === 1 && shape.length === 1;
  const value = onePixel ? call.builder.formAtHand(input).value : call.builder.form(input, 'keras');
  return inForm(shape, 'keras', call.node('Reshape', '', [value], { shape: [0, ...shape] }));
};

const permute: LayerImporter = (call) => {
  const { input } = call;
  const order = call.config.numbers('dims');
  const value = call.node('Transpose', '', [call.builder.form(input, 'keras')], { perm: [0, ...order] });
  const shape = order.map((axis) => input.shape[axis - 1] ?? 0);
  return inForm(shape, 'keras', value);
};

const zeroPadding2d: LayerImporter = (call) => {
  const { value, shape } = call.map();
  const [[top, bottom], [left, right]] = call.config.margins('padding');
  const pads = [0, 0, top, left, 0, 0, bottom, right];
  const padded = call.node('Pad', '', [value], { mode: 'constant', pads, value: 0 });
  return inForm([shape[0] + top + bottom, shape[1] + left + right, shape[2]], 'nchw', padded);
};

const cropping2d: LayerImporter = (call) => {
  const { value, shape } = call.map();
  const [[top, bottom], [left, right]] = call.config.margins('cropping');
  const ends = [shape[0] - bottom, shape[1] - right];
  const cropped = call.node('Slice', '', [value], { starts: [top, left], ends, axes: [2, 3], steps: [1, 1] });
  return inForm([shape[0] - top - bottom, shape[1] - left - right, shape[2]], 'nchw', cropped);
};

function onForm(
  call: LayerCall,
  input: Activation,
  op: 'Relu' | 'LeakyRelu' | 'Clip' | 'Elu',
  attributes: Readonly<Record<string, number>> = {},
): Activation {
  const { form, value } = call.builder.formAtHand(input);
  return inForm(input.shape, form, call.node(op, '', [value], attributes));
}

const commonForm = (call: LayerCall): Form => (call.inputs.every(isMap) ? 'nchw' : 'keras');

/** [height, width, channels] as [channels, height, width]. */
function channelsFirst(source: Tensor<'float32'>): Tensor<'float32'> {
  const [height, width, channels] = source.shape as [number, number, number];
  const data = Float32Array.from(source.data, (_, o) => {
    const [c, pixel] = [Math.floor(o / (height * width)), o % (height * width)];
    return source.data[pixel * channels + c] as number;
  });
  return float32([channels, height, width], data);
}

/**
 * Every Keras layer that can be imported, under its class name. Those that act in training only are left out of the
 * graph. A new one is an importer and a row here.
 */
export const layers: ReadonlyMap<string, LayerImporter> = new Map(
  Object.entries<LayerImporter>({
    Activation: activation,
    ActivityRegularization: unchanged,
    Add: folded('Add'),
    AlphaDropout: unchanged,
    Average: folded('Add', mean),
    AveragePooling2D: pooling('AveragePool'),
    BatchNormalization: batchNormalization,
    BatchNormalizationV1: batchNormalization,
    Concatenate: concatenate,
    Conv2D: conv2d,
    Convolution2D: conv2d,
    Cropping2D: cropping2d,
    Dense: dense,
    DepthwiseConv2D: depthwiseConv2d,
    Divide: folded('Div'),
    Dropout: unchanged,
    ELU: elu,
    Flatten: flatten,
    GaussianDropout: unchanged,
    GaussianNoise: unchanged,
    GlobalAveragePooling2D: globalPooling('GlobalAveragePool'),
    GlobalMaxPooling2D: globalPooling('GlobalMaxPool'),
    GroupNormalization: groupNormalization,
    Identity: unchanged,
    LayerNormalization: layerNormalization,
    LeakyReLU: leakyRelu,
    MaxPooling2D: pooling('MaxPool'),
    Maximum: folded('Max'),
    Minimum: folded('Min'),
    Multiply: folded('Mul'),
    Normalization: normalization,
    PReLU: pRelu,
    Permute: permute,
    RandomBrightness: unchanged,
    RandomContrast: unchanged,
    RandomFlip: unchanged,
    RandomRotation: unchanged,
    RandomTranslation: unchanged,
    RandomZoom: unchanged,
    ReLU: relu,
    Rescaling: rescaling,
    Reshape: reshape,
    SeparableConv2D: separableConv2d,
    Softmax: softmax,
    SpatialDropout1D: unchanged,
    SpatialDropout2D: unchanged,
    Subtract: folded('Sub'),
    TrueDivide: folded('Div'),
    ZeroPadding2D: zeroPadding2d,
  }),
);
