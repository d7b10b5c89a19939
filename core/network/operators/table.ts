import { add } from './add.js';
import { averagePool } from './average-pool.js';
import { batchNormalization } from './batch-normalization.js';
import { clip } from './clip.js';
import { concat } from './concat.js';
import { conv } from './conv.js';
import { div } from './div.js';
import { elu } from './elu.js';
import { expand } from './expand.js';
import { flatten } from './flatten.js';
import { gemm } from './gemm.js';
import { globalAveragePool } from './global-average-pool.js';
import { globalMaxPool } from './global-max-pool.js';
import { hardSigmoid } from './hard-sigmoid.js';
import { hardSwish } from './hard-swish.js';
import { leakyRelu } from './leaky-relu.js';
import { logSoftmax } from './log-softmax.js';
import { lrn } from './lrn.js';
import { matMul } from './mat-mul.js';
import { maxPool } from './max-pool.js';
import { mul } from './mul.js';
import type { Operator } from './operator.js';
import { pRelu } from './p-relu.js';
import { pad } from './pad.js';
import { reduceMean } from './reduce-mean.js';
import { relu } from './relu.js';
import { reshape } from './reshape.js';
import { sigmoid } from './sigmoid.js';
import { slice } from './slice.js';
import { softmax } from './softmax.js';
import { softplus } from './softplus.js';
import { split } from './split.js';
import { sub } from './sub.js';
import { tanh } from './tanh.js';
import { transpose } from './transpose.js';
import { where } from './where.js';

/** Every operator a graph can hold, under its ONNX name. A new one is a file, a row here, and cases in the conformance suite. */
export const operators = {
  Add: add,
  AveragePool: averagePool,
  BatchNormalization: batchNormalization,
  Clip: clip,
  Concat: concat,
  Conv: conv,
  Div: div,
  Elu: elu,
  Expand: expand,
  Flatten: flatten,
  Gemm: gemm,
  GlobalAveragePool: globalAveragePool,
  GlobalMaxPool: globalMaxPool,
  HardSigmoid: hardSigmoid,
  HardSwish: hardSwish,
  LRN: lrn,
  LeakyRelu: leakyRelu,
  LogSoftmax: logSoftmax,
  MatMul: matMul,
  MaxPool: maxPool,
  Mul: mul,
  PRelu: pRelu,
  Pad: pad,
  ReduceMean: reduceMean,
  Relu: relu,
  Reshape: reshape,
  Sigmoid: sigmoid,
  Slice: slice,
  Softmax: softmax,
  Softplus: softplus,
  Split: split,
  Sub: sub,
  Tanh: tanh,
  Transpose: transpose,
  Where: where,
} satisfies Readonly<Record<string, Operator>>;

export type OperatorName = keyof typeof operators;

/** What is known of a node's operator. */
export function operatorOf(node: { readonly op: OperatorName }): Operator {
  return operators[node.op];
}

export function isOperatorName(name: string): name is OperatorName {
  return Object.hasOwn(operators, name);
}
