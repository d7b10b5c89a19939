import type { OperatorName } from '../../network/operators/table.js';
import { conv } from './convolution.js';
import * as each from './elementwise.js';
import type { Kernel } from './kernel.js';
import * as layout from './layout.js';
import { gemm, matMul } from './matrix.js';
import * as norm from './normalisation.js';
import * as pool from './pooling.js';
import * as reduce from './reduction.js';

/** Every operator of a graph, as TensorFlow.js computes it. */
export const kernels = {
  Abs: each.abs,
  Add: each.add,
  AveragePool: pool.averagePool,
  BatchNormalization: norm.batchNormalization,
  Clip: each.clip,
  Concat: layout.concat,
  Conv: conv,
  Div: each.div,
  Elu: each.elu,
  Erf: each.erf,
  Exp: each.exp,
  Expand: layout.expand,
  Flatten: layout.reshape,
  Gather: layout.gather,
  Gelu: each.gelu,
  Gemm: gemm,
  GlobalAveragePool: pool.globalAveragePool,
  GlobalMaxPool: pool.globalMaxPool,
  HardSigmoid: each.hardSigmoid,
  HardSwish: each.hardSwish,
  InstanceNormalization: norm.instanceNormalization,
  LRN: norm.lrn,
  LayerNormalization: norm.layerNormalization,
  LeakyRelu: each.leakyRelu,
  Log: each.log,
  LogSoftmax: norm.logSoftmax,
  MatMul: matMul,
  Max: each.max,
  MaxPool: pool.maxPool,
  Min: each.min,
  Mul: each.mul,
  Neg: each.neg,
  PRelu: each.pRelu,
  Pad: layout.pad,
  Pow: each.pow,
  Reciprocal: each.reciprocal,
  ReduceL2: reduce.reduceL2,
  ReduceMax: reduce.reduceMax,
  ReduceMean: reduce.reduceMean,
  ReduceSum: reduce.reduceSum,
  Relu: each.relu,
  Reshape: layout.reshape,
  Selu: each.selu,
  Sigmoid: each.sigmoid,
  Slice: layout.slice,
  Softmax: norm.softmax,
  Softplus: each.softplus,
  Softsign: each.softsign,
  Split: layout.split,
  Sqrt: each.sqrt,
  Sub: each.sub,
  Tanh: each.tanh,
  Transpose: layout.transpose,
  Where: each.where,
} satisfies Readonly<Record<OperatorName, Kernel>>;
