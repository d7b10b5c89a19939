import { float32, type Tensor } from '../../tensor.js';
import type { ValueId } from '../../network/graph.js';
import { axisIn, isMap, type Form } from './builder.js';
import { inForm, type LayerCall, type LayerImporter } from './layer.js';

/** The only axis that a layer names, maybe in a list. */
function onlyAxis(call: LayerCall): number {
  const named = call.config.raw('axis') ?? -1;
  const axis: unknown = Array.isArray(named) && named.length === 1 ? named[0] : named;
  if (typeof axis !== 'number') throw call.unsupported(`axis ${JSON.stringify(named)}`);
  return axis;
}

/** A weight of one number a channel, or that number where the layer has none. */
function parameter(call: LayerCall, part: string, present: boolean, otherwise: number, channels: number): ValueId {
  if (!present)
    return call.constant(`${call.path}/${part}`, float32([channels], new Float32Array(channels).fill(otherwise)));
  const { name, tensor } = call.weight(part);
  return call.constant(name, tensor);
}

export const batchNormalization: LayerImporter = (call) => {
  const { config, input } = call;
  const form: Form = isMap(input) ? 'nchw' : 'keras';
  const axis = onlyAxis(call);
  if (axisIn(form, input, axis) !== 1) throw call.unsupported(`axis ${axis}`);
  const channels = input.shape.at(-1) as number;
  const parameters = [
    parameter(call, 'gamma', config.boolean('scale', true), 1, channels),
    parameter(call, 'beta', config.boolean('center', true), 0, channels),
    parameter(call, 'moving_mean', true, 0, channels),
    parameter(call, 'moving_variance', true, 1, channels),
  ];
  const value = call.builder.form(input, form);
  const result = call.node('BatchNormalization', '', [value, ...parameters], {
    epsilon: config.number('epsilon', 1e-3),
  });
  return inForm(input.shape, form, result);
};

/** Over the channels of each place: channels are last there. */
export const layerNormalization: LayerImporter = (call) => {
  const { config, input } = call;
  const rank = input.shape.length + 1;
  const axis = onlyAxis(call);
  if ((axis + rank) % rank !== rank - 1 || config.boolean('rms_scaling', false)) {
    throw call.unsupported(`axis ${axis}${config.boolean('rms_scaling', false) ? ' with rms_scaling' : ''}`);
  }
  const channels = input.shape.at(-1) as number;
  const scale = parameter(call, 'gamma', config.boolean('scale', true), 1, channels);
  const bias = parameter(call, 'beta', config.boolean('center', true), 0, channels);
  const attributes = { axis: rank - 1, epsilon: config.number('epsilon', 1e-3) };
  const result = call.node('LayerNormalization', '', [call.builder.form(input, 'keras'), scale, bias], attributes);
  return inForm(input.shape, 'keras', result);
};

/** Over each image's map of a group of channels; groups of one channel for −1. Scale and bias for each channel. */
export const groupNormalization: LayerImporter = (call) => {
  const { config, input } = call;
  const axis = onlyAxis(call);
  const channels = input.shape.at(-1) as number;
  const asked = config.number('groups', 32);
  const groups = asked === -1 ? channels : asked;
  if (!isMap(input) || axisIn('nchw', input, axis) !== 1) throw call.unsupported(`axis ${axis}`);
  if (!Number.isInteger(groups) || groups < 1 || channels % groups !== 0) {
    throw call.unsupported(`${asked} groups of ${channels} channels`);
  }
  const [height, width] = input.shape as readonly [number, number];
  const ofGroups = (label: string, value: number): ValueId =>
    call.constant(`${call.path}/${label}`, float32([groups], new Float32Array(groups).fill(value)));
  const beside = (part: string, present: boolean, otherwise: number): ValueId => {
    const data = present ? call.weight(part).tensor.data : new Float32Array(channels).fill(otherwise);
    return call.constant(`${call.path}/${part}`, float32([channels, 1, 1], data));
  };
  const split = call.node('Reshape', 'split', [call.builder.form(input, 'nchw')], { shape: [0, groups, -1] });
  const normed = call.node('InstanceNormalization', 'normed', [split, ofGroups('one', 1), ofGroups('zero', 0)], {
    epsilon: config.number('epsilon', 1e-3),
  });
  const joined = call.node('Reshape', 'joined', [normed], { shape: [0, channels, height, width] });
  const scaled = call.node('Mul', 'scaled', [joined, beside('gamma', config.boolean('scale', true), 1)]);
  return inForm(input.shape, 'nchw', call.node('Add', '', [scaled, beside('beta', config.boolean('center', true), 0)]));
};

/** (x − mean) / max(deviation, 1e-7), with numbers that were measured beforehand, one for each entry of an axis or one for all. */
export const normalization: LayerImporter = (call) => {
  const { config, input } = call;
  if (config.boolean('invert', false)) throw call.unsupported('invert');
  const { form, value } = call.builder.formAtHand(input);
  const [mean, variance] = ['mean', 'variance'].map((part) => statistic(call, part)) as [
    Tensor<'float32'>,
    Tensor<'float32'>,
  ];
  const count = mean.data.length;
  const axis = count === 1 ? input.shape.length : axisIn(form, input, onlyAxis(call));
  const shape = count === 1 ? [] : [count, ...input.shape.slice(axis).map(() => 1)];
  const deviations = variance.data.map((x) => Math.max(Math.sqrt(x), 1e-7));
  const centred = call.node('Sub', 'centred', [value, call.constant(`${call.path}/mean`, float32(shape, mean.data))]);
  const scale = call.constant(`${call.path}/deviation`, float32(shape, deviations));
  return inForm(input.shape, form, call.node('Div', '', [centred, scale]));
};

/** From the layer's settings or, where it was adapted, from its weights. */
function statistic(call: LayerCall, part: string): Tensor<'float32'> {
  if (!call.config.has(part)) return call.weight(part).tensor;
  const given: unknown = call.config.raw(part);
  const list = [given].flat(Infinity).map(Number);
  return float32([list.length], list);
}
