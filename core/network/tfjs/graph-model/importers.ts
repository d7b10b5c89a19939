import { requireFloats } from './graph-def.js';
import {
  addN,
  biasAdd,
  binary,
  bound,
  clipByValue,
  elementwise,
  lines,
  localResponseNormalisation,
  ofEach,
  pRelu,
  squaredDifference,
} from './activations.js';
import type { NodeImporter } from './call.js';
import { layoutImporters } from './layout.js';
import { windowImporters } from './windows.js';

const nothing: NodeImporter = (call) => call.input(0);

/** Between floats of different widths a Cast is nothing here: all are float32. */
const cast: NodeImporter = (call) => {
  requireFloats(call.attributes.type('DstT'), 'activations cannot be cast to');
  return call.input(0);
};

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
    Identity: nothing,
    LRN: localResponseNormalisation,
    LogSoftmax: lines('LogSoftmax'),
    Maximum: bound('Max'),
    Minimum: bound('Min'),
    Mul: binary('Mul'),
    PlaceholderWithDefault: nothing,
    Pow: binary('Pow'),
    Prelu: (call) => pRelu(call, call.activation(0), 1, ''),
    PreventGradient: nothing,
    RealDiv: binary('Div'),
    Snapshot: nothing,
    Softmax: lines('Softmax'),
    SquaredDifference: squaredDifference,
    StopGradient: nothing,
    Sub: binary('Sub'),
  }),
);
