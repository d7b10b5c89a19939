import type { ValueId } from '../../network/graph.js';
import { largestFloat32 } from '../../network/operators/clip.js';
import { float32 } from '../../tensor.js';
import { UnsupportedNode } from '../unsupported.js';
import { same } from './same.js';
import { numbers, type Rule, type Translation } from './translation.js';

type Paired =
  | 'Add'
  | 'And'
  | 'Div'
  | 'Equal'
  | 'Greater'
  | 'GreaterOrEqual'
  | 'Less'
  | 'LessOrEqual'
  | 'Mul'
  | 'Or'
  | 'Sub'
  | 'Xor';

/** Two operands. Before opset 7 the second one was laid along the first from `axis` on, if it was not at its end. */
const paired =
  (op: Paired): Rule =>
  (t) =>
    t.add(op, [t.inputs[0] as ValueId, besideAxis(t, t.attributes.int('axis', undefined))], {});

function besideAxis(t: Translation, axis: number | undefined): ValueId {
  const second = t.inputs[1] as ValueId;
  if (t.opset >= 7 || axis === undefined) return second;
  const [x, shape] = [t.shape(0), t.shape(1)];
  const behind = x.length - (axis < 0 ? axis + x.length : axis) - shape.length;
  if (behind <= 0) return second;
  const laid = t.intermediate('laid');
  t.add('Reshape', [second], { shape: [...shape, ...Array.from({ length: behind }, () => 1)] }, [laid]);
  return laid;
}

/** Before opset 7 a slope for each channel was a plain list. */
const pRelu: Rule = (t) => {
  const slope = t.shape(1);
  const list = slope.length === 1 && slope[0] !== 1;
  t.add('PRelu', [t.inputs[0] as ValueId, besideAxis(t, list ? 1 : undefined)], {});
};

/** Several inputs put together two at a time, from the left. */
const chained =
  (op: 'Add' | 'Max' | 'Min', label: string): Rule =>
  (t) => {
    const [first, ...rest] = t.inputs as readonly [ValueId, ...ValueId[]];
    if (rest.length === 0) return t.alias(first);
    rest.reduce((total, input, i) => {
      const output = i === rest.length - 1 ? (t.outputs[0] as ValueId) : t.intermediate(`${label}${i + 1}`);
      t.add(op, [total, input], {}, [output]);
      return output;
    }, first);
  };

/** The larger or smaller of an activation and one number is a Clip. */
const bound =
  (op: 'Max' | 'Min'): Rule =>
  (t) => {
    const [first, second] = [t.constant(0), t.constant(1)];
    const limit = first ?? second;
    if (t.inputs.length !== 2 || limit?.data.length !== 1 || (first !== undefined && second !== undefined)) {
      chained(op, op.toLowerCase())(t);
      return;
    }
    const limits = { min: -largestFloat32, max: largestFloat32 };
    limits[op === 'Max' ? 'min' : 'max'] = Number(limit.data[0]);
    t.add('Clip', [t.inputs[first === undefined ? 0 : 1] as ValueId], limits);
  };

/** ONNX allows exponents of any type. */
const pow: Rule = (t) => {
  const exponent = t.constant(1);
  if (exponent === undefined || exponent.dtype === 'float32') {
    return t.add('Pow', [t.inputs[0] as ValueId, besideAxis(t, t.attributes.int('axis', undefined))], {});
  }
  const floats = Array.from(exponent.data as ArrayLike<number | bigint>, Number);
  t.add('Pow', [t.inputs[0] as ValueId, t.literal('exponent', float32(exponent.shape, floats))], {});
};

const reduced =
  (op: 'ReduceL2' | 'ReduceMax' | 'ReduceMean' | 'ReduceSum'): Rule =>
  (t) => {
    const rank = t.shape(0).length;
    const named = numbers(t, 'axes', 1);
    const given = named?.length === 0 ? undefined : named;
    if (given === undefined && t.attributes.flag('noop_with_empty_axes', 0) === 1)
      return t.alias(t.inputs[0] as ValueId);
    const axes = (given ?? Array.from({ length: rank }, (_, i) => i)).map((axis) => (axis < 0 ? axis + rank : axis));
    t.add(op, t.inputs.slice(0, 1), { axes, keepdims: t.attributes.flag('keepdims', 1) });
  };

/** x · gate(x), with the gate made of these operators, one upon the other. */
const gated =
  (...gate: readonly ('Sigmoid' | 'Softplus' | 'Tanh')[]): Rule =>
  (t) => {
    const x = t.inputs[0] as ValueId;
    const opened = gate.reduce((value, op) => {
      const next = t.intermediate(op.toLowerCase());
      t.add(op, [value], {}, [next]);
      return next;
    }, x);
    t.add('Mul', [x, opened], {});
  };

/** x · Sigmoid(alpha · x). */
const swish: Rule = (t) => {
  const alpha = t.attributes.float('alpha', 1);
  if (alpha === 1) return gated('Sigmoid')(t);
  const [scaled, gate] = [t.intermediate('scaled'), t.intermediate('gate')];
  t.add('Mul', [t.inputs[0] as ValueId, t.literal('alpha', float32([], [alpha]))], {}, [scaled]);
  t.add('Sigmoid', [scaled], {}, [gate]);
  t.add('Mul', [t.inputs[0] as ValueId, gate], {});
};

const gelu: Rule = (t) => t.add('Gelu', t.inputs, { approximate: t.attributes.text('approximate', 'none') });

const onlyFirst = (t: Translation): void => {
  if (t.outputs.slice(1).some((output) => t.isRead(output))) throw new UnsupportedNode('more than its first output');
};

const layerNormalization: Rule = (t) => {
  onlyFirst(t);
  const axis = t.attributes.int('axis', -1);
  const inputs = t.inputs.slice(0, (t.inputs[2] ?? '') === '' ? 2 : 3);
  t.add(
    'LayerNormalization',
    inputs,
    { axis: axis < 0 ? axis + t.shape(0).length : axis, epsilon: t.attributes.float('epsilon', Math.fround(1e-5)) },
    t.outputs.slice(0, 1),
  );
};

/**
 * Groups of channels, normalised as channels of an instance normalisation; scale and bias for each channel behind it. Before
 * opset 21 they are for each group, and the instance normalisation's own.
 */
const groupNormalization: Rule = (t) => {
  const [, channels, ...space] = t.shape(0);
  const groups = t.attributes.int('num_groups', 0);
  if (channels === undefined || !(groups >= 1) || channels % groups !== 0)
    throw new UnsupportedNode('groups that do not divide channels');
  const [split, done, joined, scaled] = ['split', 'done', 'joined', 'scaled'].map((label) => t.intermediate(label)) as [
    ValueId,
    ValueId,
    ValueId,
    ValueId,
  ];
  const ofGroups = (label: string, value: number): ValueId =>
    t.literal(label, float32([groups], new Float32Array(groups).fill(value)));
  const perGroup = t.opset < 21 && t.shape(1).join() === String(groups);
  const [scale, bias] = perGroup
    ? (t.inputs.slice(1, 3) as [ValueId, ValueId])
    : [ofGroups('one', 1), ofGroups('zero', 0)];
  const beside = (input: number): ValueId => {
    const value = t.intermediate(`parameter${input}`);
    t.add('Reshape', [t.inputs[input] as ValueId], { shape: [channels, ...space.map(() => 1)] }, [value]);
    return value;
  };
  t.add('Reshape', t.inputs.slice(0, 1), { shape: [0, groups, -1] }, [split]);
  const epsilon = t.attributes.float('epsilon', Math.fround(1e-5));
  t.add('InstanceNormalization', [split, scale, bias], { epsilon }, [done]);
  const joins = { shape: [0, channels, ...space] };
  if (perGroup) return t.add('Reshape', [done], joins);
  t.add('Reshape', [done], joins, [joined]);
  t.add('Mul', [joined, beside(1)], {}, [scaled]);
  t.add('Add', [scaled, beside(2)], {});
};

/** Operators that compute with numbers where they stand, and along whole axes. */
export const arithmeticRules = {
  Abs: same('Abs'),
  Add: paired('Add'),
  And: paired('And'),
  Ceil: same('Ceil'),
  Cos: same('Cos'),
  Div: paired('Div'),
  Elu: same('Elu', { alpha: 1 }),
  Equal: paired('Equal'),
  Erf: same('Erf'),
  Exp: same('Exp'),
  Floor: same('Floor'),
  Gelu: gelu,
  Greater: paired('Greater'),
  GreaterOrEqual: paired('GreaterOrEqual'),
  GroupNormalization: groupNormalization,
  HardSigmoid: same('HardSigmoid', { alpha: Math.fround(0.2), beta: 0.5 }),
  HardSwish: same('HardSwish'),
  InstanceNormalization: same('InstanceNormalization', { epsilon: Math.fround(1e-5) }),
  LayerNormalization: layerNormalization,
  LeakyRelu: same('LeakyRelu', { alpha: Math.fround(0.01) }),
  Less: paired('Less'),
  LessOrEqual: paired('LessOrEqual'),
  Log: same('Log'),
  Max: bound('Max'),
  Min: bound('Min'),
  Mish: gated('Softplus', 'Tanh'),
  Mul: paired('Mul'),
  Neg: same('Neg'),
  Not: same('Not'),
  Or: paired('Or'),
  PRelu: pRelu,
  Pow: pow,
  Reciprocal: same('Reciprocal'),
  ReduceL2: reduced('ReduceL2'),
  ReduceMax: reduced('ReduceMax'),
  ReduceMean: reduced('ReduceMean'),
  ReduceSum: reduced('ReduceSum'),
  Relu: same('Relu'),
  Round: same('Round'),
  Selu: same('Selu', { alpha: Math.fround(1.6732632), gamma: Math.fround(1.050701) }),
  Sigmoid: same('Sigmoid'),
  Sign: same('Sign'),
  Sin: same('Sin'),
  Softplus: same('Softplus'),
  Softsign: same('Softsign'),
  Sqrt: same('Sqrt'),
  Sub: paired('Sub'),
  Sum: chained('Add', 'sum'),
  Swish: swish,
  Tanh: same('Tanh'),
  Xor: paired('Xor'),
} satisfies Record<string, Rule>;
