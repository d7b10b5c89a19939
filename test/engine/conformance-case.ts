import { buildGraph, type NodeDraft } from '../../core/network/build.js';
import { DYNAMIC, type Graph, type Shape } from '../../core/network/graph.js';
import { randomStream } from '../../core/random.js';
import { float32, sizeOf, tensor, type Tensor } from '../../core/tensor.js';

/** Graphs with inputs on which every engine must agree with the reference. */
export interface ConformanceCase {
  readonly name: string;
  readonly graph: Graph;
  readonly feeds: ReadonlyMap<string, Tensor>;
}

/** Normal numbers, the same in every run. */
export function noise(purpose: string, shape: Shape): Tensor<'float32'> {
  const stream = randomStream('conformance', purpose);
  return float32(
    shape,
    Float32Array.from({ length: sizeOf(shape) }, () => stream.normal()),
  );
}

export function mask(purpose: string, shape: Shape): Tensor<'bool'> {
  const stream = randomStream('conformance', purpose);
  return tensor(
    'bool',
    shape,
    Uint8Array.from({ length: sizeOf(shape) }, () => stream.below(2)),
  );
}

export type Attributes = NonNullable<NodeDraft['attributes']>;

/** One operator: floats and masks are fed with an open first dimension, `constants` are constants. */
export function single(
  name: string,
  op: NodeDraft['op'],
  feeds: readonly Tensor[],
  constants: readonly Tensor[],
  attributes: Attributes,
  outputs = 1,
): ConformanceCase {
  const fed = feeds.map((t, i) => [`x${i}`, t] as const);
  const fixed = constants.map((t, i) => [`c${i}`, t] as const);
  const names = Array.from({ length: outputs }, (_, i) => `y${i}`);
  return {
    name,
    feeds: new Map(fed),
    graph: buildGraph({
      name,
      inputs: fed.map(([id, t]) => ({
        id,
        shape: [DYNAMIC, ...t.shape.slice(1)],
        dtype: t.dtype === 'bool' ? 'bool' : 'float32',
      })),
      outputs: names,
      nodes: [{ id: name, op, inputs: [...fed, ...fixed].map(([id]) => id), outputs: names, attributes }],
      constants: new Map(fixed),
    }),
  };
}
