import type { Attribute, ValueId } from '../graph.js';
import { largestFloat32 } from '../operators/clip.js';
import type { OperatorName } from '../operators/table.js';
import { kindOf } from './decode.js';
import { layoutRules } from './layout-rules.js';
import { numbers, scalar, UnsupportedNode, type Rule, type Translation } from './translation.js';
import { windowRules } from './window-rules.js';

/** An operator that is the same in every opset, with its float attributes and their defaults. */
const same =
  (op: OperatorName, floats: Readonly<Record<string, number>> = {}): Rule =>
  (t) => {
    const attributes: Record<string, Attribute> = {};
    for (const [name, otherwise] of Object.entries(floats)) attributes[name] = t.attributes.float(name, otherwise);
    t.add(op, t.inputs, attributes, t.outputs.slice(0, 1));
  };

const nothing: Rule = (t) => t.alias(t.inputs[0] as ValueId);

/** Dropout does nothing at inference. */
const dropout: Rule = (t) => {
  const training = (t.inputs[2] ?? '') !== '' && t.constant(2)?.data[0] !== 0;
  if (training) throw new UnsupportedNode('it is in training mode; export the model for inference');
  nothing(t);
};

const clip: Rule = (t) =>
  t.add('Clip', t.inputs.slice(0, 1), {
    min: scalar(t, 'min', 1, -largestFloat32),
    max: scalar(t, 'max', 2, largestFloat32),
  });

/** The larger or smaller of an activation and one number is a Clip. */
const bound =
  (side: 'min' | 'max'): Rule =>
  (t) => {
    const [first, second] = [t.constant(0), t.constant(1)];
    const limit = first ?? second;
    if (t.inputs.length !== 2 || limit === undefined || limit.data.length !== 1) {
      throw new UnsupportedNode('only with one number as the other operand');
    }
    const limits = { min: -largestFloat32, max: largestFloat32 };
    limits[side] = Number(limit.data[0]);
    t.add('Clip', [t.inputs[first === undefined ? 0 : 1] as ValueId], limits);
  };

const sum: Rule = (t) => {
  const [first, ...rest] = t.inputs as readonly [ValueId, ...ValueId[]];
  if (rest.length === 0) return t.alias(first);
  rest.reduce((total, input, i) => {
    const output = i === rest.length - 1 ? (t.outputs[0] as ValueId) : t.intermediate(`sum${i + 1}`);
    t.add('Add', [total, input], {}, [output]);
    return output;
  }, first);
};

const batchNormalization: Rule = (t) => {
  if (t.attributes.int('training_mode', 0) === 1)
    throw new UnsupportedNode('it is in training mode; export the model for inference');
  if (t.attributes.int('spatial', 1) === 0) throw new UnsupportedNode('statistics per position (spatial = 0)');
  t.add('BatchNormalization', t.inputs, { epsilon: t.attributes.float('epsilon', 1e-5) }, t.outputs.slice(0, 1));
};

const gemm: Rule = (t) => {
  const inputs = t.inputs.slice(0, (t.inputs[2] ?? '') === '' ? 2 : 3);
  t.add('Gemm', inputs, {
    alpha: t.attributes.float('alpha', 1),
    beta: t.attributes.float('beta', 1),
    transA: t.attributes.int('transA', 0),
    transB: t.attributes.int('transB', 0),
  });
};

const lrn: Rule = (t) =>
  t.add('LRN', t.inputs, {
    alpha: t.attributes.float('alpha', Math.fround(1e-4)),
    beta: t.attributes.float('beta', 0.75),
    bias: t.attributes.float('bias', 1),
    size: t.attributes.int('size', 1),
  });

const reduceMean: Rule = (t) => {
  const rank = t.shape(0).length;
  const named = numbers(t, 'axes', 1);
  const given = named?.length === 0 ? undefined : named;
  if (given === undefined && t.attributes.int('noop_with_empty_axes', 0) === 1) return t.alias(t.inputs[0] as ValueId);
  const axes = (given ?? Array.from({ length: rank }, (_, i) => i)).map((axis) => (axis < 0 ? axis + rank : axis));
  t.add('ReduceMean', t.inputs.slice(0, 1), { axes, keepdims: t.attributes.int('keepdims', 1) });
};

/** Between floats of different widths a Cast is nothing here: all are float32. */
const cast = (t: Translation): void => {
  if (kindOf(t.attributes.int('to', 0)) !== 'float32')
    throw new UnsupportedNode('activations can only be cast to floats');
  nothing(t);
};

/** How each ONNX operator becomes ours. A new one is a row here and, if it is not made of others, a row in the operator table. */
export const rules: Readonly<Record<string, Rule>> = {
  ...windowRules,
  ...layoutRules,
  Add: same('Add'),
  BatchNormalization: batchNormalization,
  Cast: cast,
  Clip: clip,
  Div: same('Div'),
  Dropout: dropout,
  Elu: same('Elu', { alpha: 1 }),
  Gemm: gemm,
  GlobalAveragePool: same('GlobalAveragePool'),
  GlobalMaxPool: same('GlobalMaxPool'),
  HardSigmoid: same('HardSigmoid', { alpha: Math.fround(0.2), beta: 0.5 }),
  HardSwish: same('HardSwish'),
  Identity: nothing,
  LRN: lrn,
  LeakyRelu: same('LeakyRelu', { alpha: Math.fround(0.01) }),
  MatMul: same('MatMul'),
  Max: bound('min'),
  Min: bound('max'),
  Mul: same('Mul'),
  PRelu: same('PRelu'),
  ReduceMean: reduceMean,
  Relu: same('Relu'),
  Sigmoid: same('Sigmoid'),
  Softplus: same('Softplus'),
  Sub: same('Sub'),
  Sum: sum,
  Tanh: same('Tanh'),
  Where: same('Where'),
};
