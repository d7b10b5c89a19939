import { axisIn, type Activation } from './builder.js';
import { inForm, type LayerCall } from './layer.js';
import type { Attribute, ValueId } from '../../network/graph.js';
import type { OperatorName } from '../../network/operators/table.js';

/** Applies an activation function to one form of an activation. */
type ActivationImporter = (call: LayerCall, value: ValueId) => ValueId;

/** One node, which takes part of its layer's path after the function's name. */
const single =
  (op: OperatorName, part: string, attributes: Readonly<Record<string, Attribute>> = {}): ActivationImporter =>
  (call, value) =>
    call.node(op, part, [value], attributes);

/** Elementwise activation functions, under Keras's names in lower case without underscores. */
const elementwise: ReadonlyMap<string, ActivationImporter> = new Map(
  Object.entries<ActivationImporter>({
    linear: (_, value) => value,
    relu: single('Relu', 'relu'),
    relu6: single('Clip', 'relu6', { min: 0, max: 6 }),
    elu: single('Elu', 'elu', { alpha: 1 }),
    leakyrelu: single('LeakyRelu', 'leaky_relu', { alpha: 0.2 }),
    selu: (call, value) =>
      call.node('Mul', 'selu', [
        call.node('Elu', 'selu_elu', [value], { alpha: 1.6732632423543772 }),
        call.scalar('selu_scale', 1.0507009873554805),
      ]),
    sigmoid: single('Sigmoid', 'sigmoid'),
    // Keras 3 took the slope from PyTorch.
    hardsigmoid: (call, value) =>
      call.node('HardSigmoid', 'hard_sigmoid', [value], { alpha: call.generation < 3 ? 0.2 : 1 / 6, beta: 0.5 }),
    hardsilu: single('HardSwish', 'hard_silu'),
    gelu: single('Gelu', 'gelu', { approximate: 'none' }),
    exponential: single('Exp', 'exponential'),
    softsign: single('Softsign', 'softsign'),
    tanh: single('Tanh', 'tanh'),
    softplus: single('Softplus', 'softplus'),
    swish: (call, value) => call.node('Mul', 'swish', [value, call.node('Sigmoid', 'swish_sigmoid', [value])]),
    mish: (call, value) =>
      call.node('Mul', 'mish', [
        value,
        call.node('Tanh', 'mish_tanh', [call.node('Softplus', 'mish_softplus', [value])]),
      ]),
  }),
);

const aliases: ReadonlyMap<string, string> = new Map(Object.entries<string>({ silu: 'swish', hardswish: 'hardsilu' }));

/** Activation functions that look along an axis. */
const alongAxis: ReadonlyMap<string, OperatorName> = new Map(
  Object.entries<OperatorName>({ softmax: 'Softmax', logsoftmax: 'LogSoftmax' }),
);

const canonical = (name: string): string => {
  const plain = name.toLowerCase().replaceAll('_', '');
  return aliases.get(plain) ?? plain;
};

/** Whether an activation function of this name can be imported. */
export const knowsActivation = (name: string): boolean =>
  elementwise.has(canonical(name)) || alongAxis.has(canonical(name));

/** Name of the activation function in a layer's settings; a function may be written as an object with its class. */
export function activationName(setting: unknown): string {
  if (setting === undefined || setting === null) return 'linear';
  if (typeof setting === 'string') return setting;
  const className: unknown = typeof setting === 'object' && 'class_name' in setting ? setting.class_name : undefined;
  return typeof className === 'string' ? className : JSON.stringify(setting);
}

/** Applies the activation function called `name`; `axis` as Keras counts it. @throws PercussError MODEL_UNSUPPORTED. */
export function activated(call: LayerCall, input: Activation, name: string, axis = -1): Activation {
  const { form, value } = call.builder.formAtHand(input);
  const along = alongAxis.get(canonical(name));
  if (along) {
    const result = call.node(along, canonical(name), [value], { axis: axisIn(form, input, axis) });
    return inForm(input.shape, form, result);
  }
  const apply = elementwise.get(canonical(name));
  if (!apply) throw call.unsupported(`the activation function ${name}`);
  const result = apply(call, value);
  return result === value ? input : inForm(input.shape, form, result);
}
