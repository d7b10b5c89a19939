import type { NodeDraft } from '../../../network/build.js';
import type { ValueId } from '../../../network/graph.js';

/** What TensorFlow and its converter put behind the name of a layer. */
const behindLayer =
  /(?:\/(?:Conv2D|depthwise|separable_conv2d|MatMul|BiasAdd|BiasAdd_\d+|convolution))?(?:\/ReadVariableOp(?:_\d+)?|_weights|\/(?:depthwise_)?weights|\/kernel)(?:\/read)?$/;
const operatorBehindLayer =
  /\/(?:Conv2D|depthwise|MatMul|BiasAdd|convolution|Relu6?|Elu|Sigmoid|Tanh|Softmax|FusedBatchNormV3|add|Mean)$/;
const meaningless = /^(?:unknown(?:_\d+)?|\d+|Const(?:_\d+)?)$/;

const weighty = new Set(['Conv', 'Gemm', 'MatMul']);

/** The layer that a node stands for: after its weights where it has some, since fused nodes are called after their end. */
function layerOf(node: NodeDraft, constants: ReadonlyMap<ValueId, unknown>): string {
  const [, weights] = node.inputs;
  if (weighty.has(node.op) && weights !== undefined && constants.has(weights)) {
    const stem = weights.replace(/#\d+$/, '').replace(behindLayer, '');
    if (stem !== weights && !meaningless.test(stem.split('/').at(-1) as string)) return stem;
  }
  return (node.path ?? node.id).replace(/\/(?:Conv2D|MatMul)$/, '').replace(operatorBehindLayer, '');
}

/** The scopes around all layers: `StatefulPartitionedCall/model`. */
function commonScopes(paths: readonly string[]): number {
  const split = paths.map((path) => path.split('/'));
  const shortest = Math.min(...split.map((scopes) => scopes.length)) - 1;
  let common = 0;
  while (common < shortest && split.every((scopes) => scopes[common] === split[0]?.[common])) common += 1;
  return common;
}

/**
 * Calls layers with weights as their author did (`StatefulPartitionedCall/model/conv1/Conv2D` → `conv1`) and takes the
 * scopes that all have away from the other nodes; the full names remain as aliases.
 */
export function namedLikeModules(
  nodes: readonly NodeDraft[],
  constants: ReadonlyMap<ValueId, unknown>,
): readonly NodeDraft[] {
  const layers = new Map(
    nodes.flatMap((node) => (weighty.has(node.op) ? [[node, layerOf(node, constants)] as const] : [])),
  );
  const common = layers.size === 0 ? 0 : commonScopes([...layers.values()]);
  const prefix = [...layers.values()][0]?.split('/').slice(0, common).join('/') ?? '';
  const bare = (path: string): string =>
    common > 0 && path.startsWith(`${prefix}/`) ? path.slice(prefix.length + 1) : path;
  const taken = new Set<string>();
  return nodes.map((node) => {
    const full = node.path ?? node.id;
    const wanted = bare(layers.get(node) ?? full);
    const path = taken.has(wanted) ? bare(full) : wanted;
    taken.add(path);
    return { ...node, path, aliases: path === full ? [] : [full] };
  });
}
