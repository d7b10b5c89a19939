import {
  addN,
  biasAdd,
  binary,
  bound,
  cast,
  clipByValue,
  elementwise,
  lines,
  localResponseNormalisation,
  notEqual,
  ofEach,
  pRelu,
  select,
  squaredDifference,
} from './activations.js';
import type { NodeImporter } from './call.js';
import { layoutImporters } from './layout.js';
import { windowImporters } from './windows.js';

const nothing: NodeImporter = (call) => call.input(0);

/**
 * How each operator of a TensorFlow graph becomes ours. A new one is a row here; what only handles constants is in
 * `folds`. Placeholder and Const are read by the import itself.
 */
export const importers: ReadonlyMap<string, NodeImporter> = new Map(
  Object.entries<NodeImporter>({
    ...Object.fromEntries([...elementwise].map(([name, apply]) => [name, ofEach(apply)])),
    ...windowImporters,
    ...layoutImporters,
    Add: binary('Add'),
    AddN: addN,
    AddV2: binary('Add'),
    BiasAdd: biasAdd,
    BiasAddV1: biasAdd,
    Cast: cast,
    CheckNumerics: nothing,
    ClipByValue: clipByValue,
    Div: binary('Div'),
    EnsureShape: nothing,
    Equal: binary('Equal'),
    Greater: binary('Greater'),
    GreaterEqual: binary('GreaterOrEqual'),
    Identity: nothing,
    LRN: localResponseNormalisation,
    Less: binary('Less'),
    LessEqual: binary('LessOrEqual'),
    LogSoftmax: lines('LogSoftmax'),
    LogicalAnd: binary('And'),
    LogicalOr: binary('Or'),
    Maximum: bound('Max'),
    Minimum: bound('Min'),
    Mul: binary('Mul'),
    NotEqual: notEqual,
    PlaceholderWithDefault: nothing,
    Pow: binary('Pow'),
    Prelu: (call) => pRelu(call, call.activation(0), 1, ''),
    PreventGradient: nothing,
    RealDiv: binary('Div'),
    Select: select,
    SelectV2: select,
    Snapshot: nothing,
    Softmax: lines('Softmax'),
    SquaredDifference: squaredDifference,
    StopGradient: nothing,
    Sub: binary('Sub'),
  }),
);
