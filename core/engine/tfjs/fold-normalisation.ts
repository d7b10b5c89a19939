import { buildGraph, type NodeDraft } from '../../network/build.js';
import { wiringOf, type Graph, type Node, type ValueId } from '../../network/graph.js';
import { numberOf } from '../../network/operators/attribute.js';
import { float32, type Tensor } from '../../tensor.js';

interface Folded {
  readonly norm: Node;
  readonly weights: Tensor;
  readonly bias: Tensor;
}

/**
 * Convolutions that a BatchNormalization alone reads, with its scale and shift in their weights and bias: computed in
 * float64 and rounded once. Everything else stays as it is.
 */
export function foldNormalisation(graph: Graph): Graph {
  const { consumers } = wiringOf(graph);
  const folds = new Map<Node, Folded>();
  for (const node of graph.nodes) {
    const [norm, ...others] = consumers.get(node.outputs[0] ?? '') ?? [];
    if (norm === undefined || others.length > 0 || graph.outputs.includes(node.outputs[0] as ValueId)) continue;
    const folded = node.op === 'Conv' && norm.op === 'BatchNormalization' ? foldOf(graph, node, norm) : undefined;
    if (folded) folds.set(node, folded);
  }
  if (folds.size === 0) return graph;
  const gone = new Set([...folds.values()].map(({ norm }) => norm));
  const constants = new Map(graph.constants);
  const nodes = graph.nodes.flatMap((node): readonly NodeDraft[] => {
    if (gone.has(node)) return [];
    const folded = folds.get(node);
    if (!folded) return [node];
    const [weights, bias] = [`${node.id}|weights`, `${node.id}|bias`];
    constants.set(weights, folded.weights).set(bias, folded.bias);
    return [{ ...node, inputs: [node.inputs[0] as ValueId, weights, bias], outputs: folded.norm.outputs }];
  });
  return buildGraph({ name: graph.name, inputs: graph.inputs, outputs: graph.outputs, nodes, constants });
}

/** undefined where one of the parameters is not a constant, or the convolution's result is not what is normalised. */
function foldOf(graph: Graph, conv: Node, norm: Node): Folded | undefined {
  const floats = (id: ValueId | undefined): Float32Array | undefined => {
    const constant = graph.constants.get(id ?? '');
    return constant?.dtype === 'float32' ? (constant.data as Float32Array) : undefined;
  };
  const [weights, own] = [floats(conv.inputs[1]), floats(conv.inputs[2])];
  const [scale, shift, mean, variance] = norm.inputs.slice(1).map(floats);
  if (!weights || !scale || !shift || !mean || !variance) return undefined;
  if (norm.inputs[0] !== conv.outputs[0] || (conv.inputs[2] && !own)) return undefined;
  const epsilon = Math.fround(numberOf(norm, 'epsilon'));
  const kernels = scale.length;
  const perKernel = weights.length / kernels;
  const [scaled, bias] = [new Float32Array(weights.length), new Float32Array(kernels)];
  for (let k = 0; k < kernels; k++) {
    const factor = (scale[k] as number) / Math.sqrt((variance[k] as number) + epsilon);
    for (let i = k * perKernel; i < (k + 1) * perKernel; i++) scaled[i] = (weights[i] as number) * factor;
    bias[k] = ((own?.[k] ?? 0) - (mean[k] as number)) * factor + (shift[k] as number);
  }
  const { shape } = graph.constants.get(conv.inputs[1] as ValueId) as Tensor;
  return { norm, weights: float32(shape, scaled), bias: float32([kernels], bias) };
}
