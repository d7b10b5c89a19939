import { largestFloat32 } from '../../../network/operators/clip.js';
import type { Attribute, ValueId } from '../../../network/graph.js';
import type { OperatorName } from '../../../network/operators/table.js';
import { float32 } from '../../../tensor.js';
import { UnsupportedNode } from '../../unsupported.js';
import { type Activation, type Form } from '../builder.js';
import { requireFloats } from './graph-def.js';
import { inForm, isConstant, type NodeCall, type NodeImporter } from './call.js';

/** Applies a function of each element to a value; `part` is for the nodes that only help. */
type Elementwise = (call: NodeCall, value: ValueId, part: string) => ValueId;

const single =
  (op: OperatorName, attributes: (call: NodeCall) => Readonly<Record<string, Attribute>> = () => ({})): Elementwise =>
  (call, value, part) =>
    call.emit(op, part, [value], attributes(call));

const beside = (part: string, name: string): string => (part === '' ? name : `${part}_${name}`);

/** Functions of each element, by TensorFlow's names. */
export const elementwise: ReadonlyMap<string, Elementwise> = new Map(
  Object.entries<Elementwise>({
    Abs: single('Abs'),
    Ceil: single('Ceil'),
    Cos: single('Cos'),
    Elu: single('Elu', () => ({ alpha: 1 })),
    Erf: single('Erf'),
    Exp: single('Exp'),
    Floor: single('Floor'),
    Inv: single('Reciprocal'),
    LeakyRelu: single('LeakyRelu', (call) => ({ alpha: call.attributes.float('alpha', 0.2) })),
    Log: single('Log'),
    LogicalNot: single('Not'),
    Neg: single('Neg'),
    Reciprocal: single('Reciprocal'),
    Relu: single('Relu'),
    Relu6: single('Clip', () => ({ min: 0, max: 6 })),
    Round: single('Round'),
    Rsqrt: (call, value, part) => call.emit('Reciprocal', part, [call.emit('Sqrt', beside(part, 'sqrt'), [value])]),
    Selu: single('Selu', () => ({ alpha: Math.fround(1.6732632), gamma: Math.fround(1.050701) })),
    Sigmoid: single('Sigmoid'),
    Sign: single('Sign'),
    Sin: single('Sin'),
    Softplus: single('Softplus'),
    Softsign: single('Softsign'),
    Sqrt: single('Sqrt'),
    Square: (call, value, part) => call.emit('Mul', part, [value, value]),
    Tanh: single('Tanh'),
  }),
);

export const ofEach =
  (apply: Elementwise): NodeImporter =>
  (call) => {
    const input = call.activation(0);
    const { form, value } = call.builder.formAtHand(input);
    return inForm(input.shape, form, apply(call, value, ''));
  };

/** Slopes are constant, one for each channel or for each element. */
export function pRelu(call: NodeCall, input: Activation, slope: number, part: string): Activation {
  const { form, value } = call.builder.formAtHand(input);
  const alpha = call.beside(slope, call.floats(slope, 'slopes'), input.shape.length + 1, form);
  return inForm(input.shape, form, call.emit('PRelu', part, [value, alpha]));
}

/** What a fused convolution or matrix product does besides: a bias, and one function of each element. */
export interface Fused {
  /** The input that holds the bias. */
  readonly bias: number | undefined;
  /** What the convolution or product itself is called within the node: nothing, where it is all of it. */
  readonly main: string;
  finish(activation: Activation): Activation;
}

/** Reads `fused_ops`; inputs from number 2 on are their arguments. */
export function fusedOf(call: NodeCall, main: string): Fused {
  const named = call.attributes.texts('fused_ops').filter((op) => op !== 'NoOp' && op !== 'Linear');
  const functions = named.filter((op) => op !== 'BiasAdd');
  const bias = named.includes('BiasAdd') ? 2 : undefined;
  const [name, ...more] = functions;
  const apply = name === undefined ? undefined : elementwise.get(name);
  if (more.length > 0 || (name !== undefined && name !== 'Prelu' && apply === undefined)) {
    throw new UnsupportedNode(`with ${functions.join(', ')} fused into it`);
  }
  return {
    bias,
    main: name === undefined ? '' : main,
    finish(activation) {
      if (name === undefined) return activation;
      if (name === 'Prelu') return pRelu(call, activation, bias === undefined ? 2 : 3, '');
      const { form, value } = call.builder.formAtHand(activation);
      // The slope of a fused leaky ReLU stands under a name of its own.
      const made =
        name === 'LeakyRelu'
          ? call.emit('LeakyRelu', '', [value], { alpha: call.attributes.float('leakyrelu_alpha', 0.2) })
          : (apply as Elementwise)(call, value, '');
      return inForm(activation.shape, form, made);
    },
  };
}

/** Operands of which at least one is an activation; their common form, and their values in it. */
function common(call: NodeCall, count = 2): { form: Form; values: readonly ValueId[]; shape: readonly number[] } {
  const operands = Array.from({ length: count }, (_, i) => call.input(i));
  const activations = operands.flatMap((operand) => (isConstant(operand) ? [] : [operand]));
  const [first] = activations;
  if (first === undefined) throw new UnsupportedNode('constants of these types');
  const ranks = new Set(activations.map(({ shape }) => shape.length));
  if (ranks.size > 1) throw new UnsupportedNode('its operands have different numbers of dimensions');
  const form = activations.some((operand) => call.builder.formAtHand(operand).form === 'nchw') ? 'nchw' : 'keras';
  const rank = first.shape.length + 1;
  const values = operands.map((operand, i) =>
    isConstant(operand) ? call.beside(i, call.floats(i, 'constant'), rank, form) : call.builder.form(operand, form),
  );
  const shapes = operands.map((operand) => {
    if (!isConstant(operand)) return operand.shape;
    if (operand.shape.length > rank || (operand.shape.length === rank && operand.shape[0] !== 1))
      throw new UnsupportedNode('its constant has more dimensions than the images, or is one for each image');
    return operand.shape.slice(operand.shape.length === rank ? 1 : 0);
  });
  const shape = first.shape.map((_, axis) =>
    Math.max(...shapes.map((dims) => dims[axis - first.shape.length + dims.length] ?? 1)),
  );
  return { form, values, shape };
}

export const binary =
  (op: OperatorName): NodeImporter =>
  (call) => {
    const { form, values, shape } = common(call);
    return inForm(shape, form, call.emit(op, '', values));
  };

export const notEqual: NodeImporter = (call) => {
  const { form, values, shape } = common(call);
  return inForm(shape, form, call.emit('Not', '', [call.emit('Equal', 'equal', values)]));
};

/** condition ? x : y, all three of one number of dimensions or constant. */
export const select: NodeImporter = (call) => {
  const { form, values, shape } = common(call, 3);
  return inForm(shape, form, call.emit('Where', '', values));
};

/** Between floats of different widths a Cast is nothing here: all are float32. True is 1, and whatever is not 0 is true. */
export const cast: NodeImporter = (call) => {
  const input = call.activation(0);
  const [from, to] = [call.attributes.type('SrcT') === 'DT_BOOL', call.attributes.type('DstT') === 'DT_BOOL'];
  if (!to) requireFloats(call.attributes.type('DstT'), 'activations cannot be cast to');
  if (from === to) return input;
  const { form, value } = call.builder.formAtHand(input);
  const number = (part: string, x: number): ValueId => call.literal(part, float32([], [x]));
  const made = to
    ? call.emit('Not', '', [call.emit('Equal', 'zero', [value, number('nought', 0)])])
    : call.emit('Where', '', [value, number('one', 1), number('zero', 0)]);
  return inForm(input.shape, form, made);
};

/** The larger or smaller of an activation and one number is a Clip. */
export const bound =
  (op: 'Max' | 'Min'): NodeImporter =>
  (call) => {
    const at = call.inputs.findIndex(isConstant);
    const limit = at < 0 ? undefined : call.floats(at, 'limit');
    if (limit?.data.length !== 1) return binary(op)(call);
    const limits = { min: -largestFloat32, max: largestFloat32 };
    limits[op === 'Max' ? 'min' : 'max'] = limit.data[0] as number;
    return clipped(call, call.activation(1 - at), limits);
  };

function clipped(
  call: NodeCall,
  input: Activation,
  limits: { readonly min: number; readonly max: number },
): Activation {
  const { form, value } = call.builder.formAtHand(input);
  return inForm(input.shape, form, call.emit('Clip', '', [value], limits));
}

export const clipByValue: NodeImporter = (call) => {
  const [min, max] = [1, 2].map((index) => call.floats(index, 'limits').data);
  if (min?.length !== 1 || max?.length !== 1) throw new UnsupportedNode('its limits are no single numbers');
  return clipped(call, call.activation(0), { min: min[0] as number, max: max[0] as number });
};

export const squaredDifference: NodeImporter = (call) => {
  const { form, values, shape } = common(call);
  const difference = call.emit('Sub', 'difference', values);
  return inForm(shape, form, call.emit('Mul', '', [difference, difference]));
};

/** Several operands, two at a time from the first on. */
export const addN: NodeImporter = (call) => {
  const [first, ...others] = call.inputs.map((_, i) => call.activation(i));
  if (first === undefined) throw new UnsupportedNode('it has no inputs');
  const { form } = call.builder.formAtHand(first);
  let total = call.builder.form(first, form);
  others.forEach((other, i) => {
    total = call.emit('Add', i === others.length - 1 ? '' : `sum${i + 1}`, [total, call.builder.form(other, form)]);
  });
  return inForm(first.shape, form, total);
};

/** Along the last axis, as TensorFlow has it. */
export const lines =
  (op: 'Softmax' | 'LogSoftmax'): NodeImporter =>
  (call) => {
    const input = call.activation(0);
    const { form, value } = call.builder.formAtHand(input);
    const axis = form === 'nchw' && input.shape.length === 3 ? 1 : input.shape.length;
    return inForm(input.shape, form, call.emit(op, '', [value], { axis }));
  };

export const localResponseNormalisation: NodeImporter = (call) => {
  const { value, shape, form } = call.mapIn(call.activation(0));
  const size = 2 * call.attributes.int('depth_radius', 5) + 1;
  const attributes = {
    alpha: call.attributes.float('alpha', 1) * size,
    beta: call.attributes.float('beta', 0.5),
    bias: call.attributes.float('bias', 1),
    size,
  };
  return call.mapOf(form, call.emit('LRN', '', [value], attributes), shape);
};

/** A list of numbers, one a channel, added or multiplied. */
export const biasAdd: NodeImporter = (call) => {
  const input = call.activation(0);
  const bias = call.floats(1, 'bias');
  if (input.shape.length !== 3) {
    const { value } = call.builder.formAtHand(input);
    return inForm(input.shape, 'keras', call.emit('Add', '', [value, call.weight(1, bias)]));
  }
  const { value, shape, form } = call.mapIn(call.activation(0));
  const laid = call.weight(1, float32([bias.data.length, 1, 1], bias.data));
  return call.mapOf(form, call.emit('Add', '', [value, laid]), shape);
};
