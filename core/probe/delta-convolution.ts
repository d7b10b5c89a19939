import type { Tensor } from '../tensor.js';
import { float32 } from '../tensor.js';
import { nodeInputs, nodeOutputs } from '../network/build.js';
import { wiringOf, type Graph, type Node, type ValueId } from '../network/graph.js';
import { numberOf } from '../network/operators/attribute.js';
import { operatorOf } from '../network/operators/table.js';
import { segment } from './segment.js';

/** A convolution that reads one changed channel: its output is the intact one plus what the change contributes. */
export interface DeltaConv {
  readonly node: Node;
  /** The value that it reads, changed in one channel only. */
  readonly input: ValueId;
  /** What it writes; behind its BatchNormalization where only that reads it. */
  readonly output: ValueId;
  /** [kernels, channels, rows, columns], scaled by the BatchNormalization. */
  readonly weights: Tensor<'float32'>;
}

/**
 * How a change of one channel travels on from a cut. Pointwise nodes keep it in its channel; convolutions, being linear,
 * need only that channel's difference: 1/C of their work. From there on, and wherever `patched` values are read whole, the
 * network runs as it is.
 */
export interface DeltaPassage {
  /** Pointwise nodes that the change passes within its channel, in topological order. */
  readonly narrow: readonly Node[];
  readonly convs: readonly DeltaConv[];
  /** Values that change in one channel only and are read whole by other nodes. */
  readonly patched: readonly ValueId[];
  /** Values of the intact network behind the cut that the above needs. */
  readonly intact: readonly ValueId[];
}

/** Below this the whole convolution costs about as much as its difference. */
const fewestChannels = 8;

/** Elementwise without constants of its own for each channel, all inputs of one shape: a channel depends on itself only. */
function isPointwise(graph: Graph, node: Node): boolean {
  const operator = operatorOf(node);
  const inputs = nodeInputs(graph, node);
  const [output] = nodeOutputs(graph, node);
  if (output === undefined || node.outputs.length !== 1) return false;
  if (operator.window?.(node, inputs) !== undefined) return false;
  const same = node.inputs.every((_, i) => {
    const shape = inputs.shapes[i];
    if (shape === undefined || inputs.constants[i]?.data.length === 1) return true;
    return inputs.constants[i] === undefined && shape.join() === output.join();
  });
  const sources = same ? operator.channels(node, inputs, [output], 0) : 'mixed';
  return (
    sources !== 'mixed' &&
    operator.role(node, inputs) !== 'layout' &&
    sources.every((list, channel) => list.every((source) => source.channel === channel))
  );
}

/**
 * The way of a change of one channel of `first`, if at least one convolution behind it can be carried; undefined where
 * nothing is won.
 */
export function deltaBehind(
  graph: Graph,
  cut: { readonly live: readonly ValueId[]; readonly first: ValueId },
  outputs: readonly ValueId[],
): DeltaPassage | undefined {
  const { nodes } = segment(graph, 'behind', cut.live, outputs);
  const reached = new Set<ValueId>([cut.first]);
  const confined = new Set<ValueId>([cut.first]);
  const passed: Node[] = [];
  const convs: DeltaConv[] = [];
  const whole = new Set<ValueId>(outputs);
  for (const node of nodes) {
    if (!node.inputs.some((input) => reached.has(input))) continue;
    for (const output of node.outputs) reached.add(output);
    const spread = node.inputs.some((input) => reached.has(input) && !confined.has(input));
    const conv = spread ? undefined : deltaConv(graph, node);
    if (conv) convs.push(conv);
    else if (!spread && isPointwise(graph, node) && !decidesByOther(graph, node, confined)) {
      passed.push(node);
      confined.add(node.outputs[0] as ValueId);
    } else for (const input of node.inputs) if (confined.has(input)) whole.add(input);
  }
  if (convs.length === 0) return undefined;
  for (const node of passed.toReversed()) {
    const [output] = node.outputs as [ValueId];
    // Truth values are handed to no condition; what they are made of is.
    if (!graph.truths.has(output) || !whole.delete(output)) continue;
    for (const input of node.inputs) if (confined.has(input)) whole.add(input);
  }
  const patched = [...confined].filter((value) => whole.has(value));
  const wanted = new Set([...patched, ...convs.map((conv) => conv.input)]);
  const narrow = passed.reverse().filter((node) => {
    if (!wanted.has(node.outputs[0] as ValueId)) return false;
    for (const input of node.inputs) wanted.add(input);
    return true;
  });
  narrow.reverse();
  const beside = narrow.flatMap((node) => node.inputs).filter((input) => !confined.has(input));
  const intact = [...beside, ...patched, ...convs.flatMap(({ input, output }) => [input, output])];
  return {
    narrow,
    convs,
    patched,
    intact: [...new Set(intact)].filter(
      (value) => value !== '' && !cut.live.includes(value) && !graph.constants.has(value),
    ),
  };
}

/** Whether a node decides by truth values of the intact network. */
const decidesByOther = (graph: Graph, node: Node, confined: ReadonlySet<ValueId>): boolean =>
  node.inputs.some((input) => graph.truths.has(input) && !graph.constants.has(input) && !confined.has(input));

function deltaConv(graph: Graph, node: Node): DeltaConv | undefined {
  if (node.op !== 'Conv' || numberOf(node, 'group') !== 1) return undefined;
  const [input, weightsId, biasId] = node.inputs as [ValueId, ValueId, ValueId | undefined];
  const weights = graph.constants.get(weightsId);
  if (weights?.dtype !== 'float32' || (biasId && !graph.constants.has(biasId))) return undefined;
  if ((weights.shape[1] as number) < fewestChannels) return undefined;
  const [output] = node.outputs as [ValueId];
  const plain: DeltaConv = { node, input, output, weights: weights as Tensor<'float32'> };
  const readers = wiringOf(graph).consumers.get(output) ?? [];
  const [norm] = readers;
  if (readers.length !== 1 || norm?.op !== 'BatchNormalization' || graph.outputs.includes(output)) return plain;
  const [scale, , , variance] = norm.inputs.slice(1).map((id) => graph.constants.get(id)?.data as Float32Array);
  if (!scale || !variance) return plain;
  const epsilon = Math.fround(numberOf(norm, 'epsilon'));
  const perKernel = weights.data.length / scale.length;
  const scaled = new Float32Array(weights.data.length);
  for (let k = 0; k < scale.length; k++) {
    const gain = scale[k] as number;
    const deviation = Math.sqrt((variance[k] as number) + epsilon);
    for (let i = k * perKernel; i < (k + 1) * perKernel; i++) {
      scaled[i] = ((weights.data[i] as number) * gain) / deviation;
    }
  }
  return { node, input, output: norm.outputs[0] as ValueId, weights: float32(weights.shape, scaled) };
}
