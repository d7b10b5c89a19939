import type { ValueId } from '../../network/graph.js';
import { float32 } from '../../tensor.js';
import { largestFloat32 } from '../../network/operators/clip.js';
import { UnsupportedNode } from '../unsupported.js';
import { arithmeticRules } from './arithmetic-rules.js';
import { kindOf } from './decode.js';
import { layoutRules } from './layout-rules.js';
import { same } from './same.js';
import { scalar, type Rule, type Translation } from './translation.js';
import { windowRules } from './window-rules.js';

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

const batchNormalization: Rule = (t) => {
  if (t.attributes.flag('training_mode', 0) === 1 || (t.opset < 7 && t.attributes.flag('is_test', 0) === 0))
    throw new UnsupportedNode('it is in training mode; export the model for inference');
  if (t.attributes.flag('spatial', 1) === 0) throw new UnsupportedNode('statistics per position (spatial = 0)');
  t.add('BatchNormalization', t.inputs, { epsilon: t.attributes.float('epsilon', 1e-5) }, t.outputs.slice(0, 1));
};

const gemm: Rule = (t) => {
  const inputs = t.inputs.slice(0, (t.inputs[2] ?? '') === '' ? 2 : 3);
  t.add('Gemm', inputs, {
    alpha: t.attributes.float('alpha', 1),
    beta: t.attributes.float('beta', 1),
    transA: t.attributes.flag('transA', 0),
    transB: t.attributes.flag('transB', 0),
  });
};

const lrn: Rule = (t) =>
  t.add('LRN', t.inputs, {
    alpha: t.attributes.float('alpha', Math.fround(1e-4)),
    beta: t.attributes.float('beta', 0.75),
    bias: t.attributes.float('bias', 1),
    size: t.attributes.int('size', 1),
  });

/** Between floats of different widths a Cast is nothing here: all are float32. True is 1, and whatever is not 0 is true. */
const cast = (t: Translation): void => {
  const [to, value] = [kindOf(t.attributes.int('to', 0)), t.inputs[0] as ValueId];
  if (to !== 'float32' && to !== 'bool')
    throw new UnsupportedNode('activations can only be cast to floats and truth values, not to whole numbers');
  if ((to === 'bool') === t.isTruth(0)) return nothing(t);
  const number = (label: string, x: number): ValueId => t.literal(label, float32([], [x]));
  if (to === 'float32') return t.add('Where', [value, number('one', 1), number('zero', 0)], {});
  const isZero = t.intermediate('zero');
  t.add('Equal', [value, number('nought', 0)], {}, [isZero]);
  t.add('Not', [isZero], {});
};

/** How each ONNX operator becomes ours. A new one is a row here and, if it is not made of others, a row in the operator table. */
export const rules: ReadonlyMap<string, Rule> = new Map(
  Object.entries<Rule>({
    ...arithmeticRules,
    ...windowRules,
    ...layoutRules,
    BatchNormalization: batchNormalization,
    Cast: cast,
    Clip: clip,
    Dropout: dropout,
    Gemm: gemm,
    GlobalAveragePool: same('GlobalAveragePool'),
    GlobalMaxPool: same('GlobalMaxPool'),
    Identity: nothing,
    LRN: lrn,
    MatMul: same('MatMul'),
    Where: same('Where'),
  }),
);
