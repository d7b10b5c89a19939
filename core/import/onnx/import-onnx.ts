import type { GraphProto } from 'onnx-buf';
import { PercussError } from '../../errors.js';
import type { Tensor } from '../../tensor.js';
import { buildGraph, type NodeDraft } from '../../network/build.js';
import { answerOf, checkImageInput } from '../classifier.js';
import { DYNAMIC, type Graph, type GraphInput, type ValueId } from '../../network/graph.js';
import { opensTo } from '../images-apart.js';
import { truthsAmong, truthsBesideReaders } from '../beside-reader.js';
import { unsupportedError, UnsupportedNode, type Unsupported } from '../unsupported.js';
import { decodeModel } from './decode.js';
import { withChannelShuffles } from './channel-shuffle.js';
import { withChannelsFirst } from './channels-first.js';
import { checkNames, initialisersOf } from './initialisers.js';
import { neededFor, type Needed } from './needed.js';
import { GraphTranslation } from './graph-translation.js';
import { inputOf } from './input.js';
import { nameNodes } from './path.js';
import { checkOpset, opsetOf } from './opset.js';

interface Parsed {
  readonly name: string;
  readonly graph: GraphProto;
  readonly opset: number;
  readonly initialisers: ReadonlyMap<ValueId, Tensor>;
  readonly inputs: readonly GraphInput[];
  /** What the answer is computed from; of everything else what cannot be read is left out. */
  readonly needed: Needed;
}

export interface OnnxOptions {
  /** The output that is the network's answer; else the last. */
  readonly output?: ValueId;
  /** Refuse what is no network from one image to an answer; inputs that the answer does not need are left out. */
  readonly images?: boolean;
}

/**
 * Reads an ONNX model (opset 6 and newer) into a graph of one normal form. Whatever only handles constants is computed
 * here; a batch size that the file fixes is left open where the whole graph allows it.
 *
 * Only what leads to the answer must be supported: other outputs are left out where they are not.
 *
 * @param files what lies beside it, by the paths that `externalFiles` gives.
 * @throws PercussError MODEL_INVALID for a damaged file, MODEL_UNSUPPORTED naming every unsupported operator at once.
 */
export function importOnnx(
  name: string,
  bytes: Uint8Array,
  files: ReadonlyMap<string, Uint8Array> = new Map(),
  options: OnnxOptions = {},
): Graph {
  const model = decodeModel(name, bytes);
  const opset = opsetOf(name, model);
  checkOpset(name, opset);
  checkNames(name, model.graph);
  const initialisers = initialisersOf(name, model.graph, bytes, files);
  if (model.graph.sparseInitializer.length > 0) {
    throw new PercussError('MODEL_UNSUPPORTED', `model "${name}": sparse constants are not supported`, {
      details: { model: name },
    });
  }
  const declared = model.graph.output.map((output) => output.name);
  const needed = neededFor(model.graph, answerOf(declared, options.output));
  const inputs = model.graph.input
    .filter((input) => !initialisers.has(input.name) && (!options.images || needed.values.has(input.name)))
    .map((input) => inputOf(name, input));
  if (options.images) checkImageInput(name, inputs);
  const parsed: Parsed = { name, graph: model.graph, opset, initialisers, inputs, needed };
  const fixed = inputs[0]?.shape[0];
  if (fixed === undefined || fixed === DYNAMIC) return translate(parsed, inputs, undefined);
  return freed(parsed, fixed) ?? translate(parsed, inputs, undefined);
}

/** The model with an open batch, or undefined where it cannot have one. */
function freed(parsed: Parsed, batch: number): Graph | undefined {
  const open = parsed.inputs.map((input) =>
    input.shape[0] === batch && input.shape.length > 1
      ? { ...input, shape: [DYNAMIC, ...input.shape.slice(1)] }
      : input,
  );
  try {
    const graph = translate(parsed, open, batch);
    const otherOpen = parsed.inputs.some((input) => input.shape.includes(DYNAMIC));
    return opensTo(graph, batch, otherOpen) ? graph : undefined;
  } catch (error) {
    if (error instanceof PercussError) return undefined;
    throw error;
  }
}

function translate(parsed: Parsed, inputs: readonly GraphInput[], freedBatch: number | undefined): Graph {
  const { name, graph, opset, needed } = parsed;
  const translating = new GraphTranslation({ ...parsed, inputs, freedBatch });
  const unsupported: Unsupported[] = [];
  for (const proto of graph.node) {
    const failed = translating.take(proto);
    if (!failed) continue;
    const { error, operator, id } = failed;
    if (!needed.nodes.has(proto) && (error instanceof UnsupportedNode || error instanceof PercussError)) continue;
    if (!(error instanceof UnsupportedNode)) throw error;
    unsupported.push({ operator, node: proto.name || id, reason: error.reason });
  }
  if (unsupported.length > 0) throw unsupportedError(name, `opset ${opset}`, unsupported, needed.others);

  const { drafts, names, constants, shapes, lost } = translating;
  const resolve = (value: ValueId): ValueId => translating.resolve(value);
  const naming = nameNodes(names);
  const nodes = drafts.map((draft, i) => ({ ...draft, ...naming[i] }));
  const kept = graph.output.map((output) => output.name).filter((output) => !lost.has(output));
  const outputs = new Set(kept.map(resolve));
  const first = withChannelsFirst({ nodes, constants }, inputs, shapes, outputs);
  return finish(name, kept, inputs, withChannelShuffles(first.nodes, shapes, outputs), first.constants, resolve);
}

/** Gives outputs that are other names of values their declared name, where nothing stands against it. */
function finish(
  name: string,
  outputs: readonly ValueId[],
  inputs: readonly GraphInput[],
  nodes: readonly NodeDraft[],
  constants: ReadonlyMap<ValueId, Tensor>,
  resolve: (value: ValueId) => ValueId,
): Graph {
  const written = new Set(nodes.flatMap((node) => node.outputs));
  const declared = new Set(outputs);
  const renamed = new Map<ValueId, ValueId>();
  for (const output of declared) {
    const value = resolve(output);
    if (value !== output && written.has(value) && !declared.has(value) && !renamed.has(value))
      renamed.set(value, output);
  }
  const rename = (value: ValueId): ValueId => renamed.get(value) ?? value;
  const answers = new Set([...declared].map((output) => rename(resolve(output))));
  const own = nodes.map((node) => ({ ...node, inputs: node.inputs.map(rename), outputs: node.outputs.map(rename) }));
  return buildGraph({
    name,
    inputs,
    outputs: [...answers],
    nodes: truthsBesideReaders(name, own, answers, truthsAmong(inputs, constants)),
    constants,
  });
}
