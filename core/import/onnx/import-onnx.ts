import type { GraphProto, NodeProto } from 'onnx-buf';
import { atPlace } from '../../border.js';
import { PercussError } from '../../errors.js';
import type { Tensor } from '../../tensor.js';
import { misshapen } from '../../network/budget.js';
import { buildGraph, type NodeDraft } from '../../network/build.js';
import { answerOf, checkImageInput } from '../classifier.js';
import { Effort } from '../effort.js';
import { DYNAMIC, type Graph, type GraphInput, type Node, type Shape, type ValueId } from '../../network/graph.js';
import { opensTo } from '../images-apart.js';
import { Names } from '../../network/names.js';
import { operatorOf } from '../../network/operators/table.js';
import { truthsAmong, truthsBesideReaders } from '../beside-reader.js';
import { mistyped, typeBehind } from '../../network/element-type.js';
import { unsupportedError, UnsupportedNode, type Unsupported } from '../unsupported.js';
import { Attributes, decodeModel } from './decode.js';
import { batchIndexOf } from './batch-index.js';
import { withChannelShuffles } from './channel-shuffle.js';
import { withChannelsFirst } from './channels-first.js';
import { checkNames, initialisersOf } from './initialisers.js';
import { folds } from './fold.js';
import { neededFor, type Needed } from './needed.js';
import { inputOf } from './input.js';
import { nameNodes, type NodeNames } from './path.js';
import { checkOpset, opsetOf } from './opset.js';
import { rules } from './rules.js';
import { type BatchIndex, type Translation, invalidModel } from './translation.js';

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
  const { name, graph, opset } = parsed;
  const constants = new Map(parsed.initialisers);
  const shapes = new Map<ValueId, Shape>([...constants].map(([id, constant]) => [id, constant.shape]));
  for (const input of inputs) shapes.set(input.id, input.shape);
  const aliases = new Map<ValueId, ValueId>();
  const resolve = (value: ValueId): ValueId => aliases.get(value) ?? value;
  const effort = new Effort(
    name,
    [...constants.values()].reduce((sum, constant) => sum + constant.data.length, 0),
  );
  const own = new Names();
  for (const value of [...shapes.keys(), ...graph.node.flatMap((proto) => proto.output)]) own.claim(value);
  const read = new Set([...graph.node.flatMap((proto) => proto.input), ...graph.output.map((output) => output.name)]);
  const batchIndices = new Map<ValueId, BatchIndex>();
  const drafts: NodeDraft[] = [];
  const truths = new Set(inputs.flatMap(({ id, dtype }) => (dtype === 'bool' ? [id] : [])));
  const isTruth = (value: ValueId): boolean => truths.has(value) || constants.get(value)?.dtype === 'bool';
  const names: NodeNames[] = [];
  const unsupported: Unsupported[] = [];
  const lost = new Set<ValueId>();
  const ids = new Names();

  const translationOf = (proto: NodeProto, inputs: readonly ValueId[], id: string): Translation => {
    let helpers = 0;
    // A result that nobody asks for has a name, too: '' stands for an input that is left out.
    const written = proto.output.map((output, i) => output || own.claim(`${id}/unused${i}`));
    return {
      model: name,
      effort,
      opType: proto.opType,
      opset,
      attributes: new Attributes(proto),
      inputs,
      outputs: written,
      freedBatch,
      shape(input) {
        const shape = shapes.get(inputs[input] ?? '');
        if (shape === undefined) throw invalidModel(name, `node "${id}" (${proto.opType}) lacks its input ${input}`);
        return shape;
      },
      shapeOf: (value) => shapes.get(value),
      batchIndex: (input) => batchIndices.get(inputs[input] ?? ''),
      producer: (input) => drafts.find((draft) => draft.outputs.includes(inputs[input] ?? '')),
      constant: (input) => constants.get(inputs[input] ?? ''),
      isTruth: (input) => isTruth(inputs[input] ?? ''),
      isRead: (value) => read.has(value),
      intermediate: (label) => own.claim(`${id}/${label}`),
      literal(label, constant) {
        const value = own.claim(`${id}/${label}`);
        constants.set(value, constant);
        shapes.set(value, constant.shape);
        return value;
      },
      alias(value: ValueId | undefined, output = 0) {
        if (!value) throw invalidModel(name, `node "${id}" (${proto.opType}) lacks its input`);
        // What a node reads has been resolved, so that names of names do not arise.
        aliases.set(written[output] as ValueId, value);
      },
      define(output, constant) {
        constants.set(written[output] as ValueId, constant);
        shapes.set(written[output] as ValueId, constant.shape);
      },
      add(op, from, attributes, to = written) {
        const main = to.includes(written[0] as ValueId);
        const draft: Node = {
          id: main ? id : `${id}/${(helpers += 1)}`,
          op,
          inputs: from,
          outputs: to,
          attributes,
          path: id,
          aliases: [],
        };
        const known = from.map((value) => constants.get(value));
        const type = typeBehind(draft, new Set(from.filter(isTruth)));
        if (type === undefined) throw new UnsupportedNode(mistyped);
        if (type === 'bool') for (const value of to) truths.add(value);
        const outputs = operatorOf(draft).infer(draft, {
          shapes: from.map((value) => shapes.get(value)),
          constants: known,
        });
        const complaint = outputs.map(misshapen).find((reason) => reason !== undefined);
        if (complaint !== undefined) throw invalidModel(name, `node "${id}" (${proto.opType}): ${complaint}`);
        to.forEach((value, i) => shapes.set(value, outputs[i] as Shape));
        if (from.every((value) => value === '' || constants.has(value))) {
          const values = effort.evaluate(draft, known, outputs);
          to.forEach((value, i) => constants.set(value, values[i] as Tensor));
          return;
        }
        drafts.push(draft);
        names.push(
          namesOf(
            proto,
            main ? proto.name : draft.id,
            to[0] as ValueId,
            from.some((value) => constants.has(value)),
          ),
        );
      },
    };
  };

  for (const proto of graph.node) {
    const from = proto.input.map(resolve);
    const id = ids.claim(proto.name || proto.output.find((output) => output !== '') || proto.opType);
    const operator =
      proto.domain === '' || proto.domain === 'ai.onnx' ? proto.opType : `${proto.domain}.${proto.opType}`;
    try {
      if (!rules.has(operator) && !folds.has(operator)) throw new UnsupportedNode();
      if (from.some((value) => lost.has(value))) throw new Unreachable();
      const missing = from.find((value) => value !== '' && !shapes.has(value));
      if (missing !== undefined) {
        throw invalidModel(name, `node "${id}" (${proto.opType}) reads "${missing}", which nothing before it writes`);
      }
      const translation = translationOf(proto, from, id);
      const index = batchIndexOf(translation);
      if (index) {
        batchIndices.set(proto.output[0] as ValueId, index);
        shapes.set(proto.output[0] as ValueId, [DYNAMIC, ...index.shape]);
        continue;
      }
      const place = `node "${id}" (${operator})`;
      const told = (error: unknown): boolean => error instanceof UnsupportedNode;
      atPlace(place, () => translateNode(operator, translation, effort), told);
    } catch (error) {
      for (const output of proto.output) lost.add(output);
      if (error instanceof Unreachable) continue;
      const isNeeded = parsed.needed.nodes.has(proto);
      if (!isNeeded && (error instanceof UnsupportedNode || error instanceof PercussError)) continue;
      if (!(error instanceof UnsupportedNode)) throw error;
      unsupported.push({ operator, node: proto.name || id, reason: error.reason });
    }
  }
  if (unsupported.length > 0) throw unsupportedError(name, `opset ${opset}`, unsupported, parsed.needed.others);

  const naming = nameNodes(names);
  const nodes = drafts.map((draft, i) => ({ ...draft, ...naming[i] }));
  const kept = graph.output.map((output) => output.name).filter((output) => !lost.has(output));
  const outputs = new Set(kept.map(resolve));
  const first = withChannelsFirst({ nodes, constants }, inputs, shapes, outputs);
  return finish(name, kept, inputs, withChannelShuffles(first.nodes, shapes, outputs), first.constants, resolve);
}

function translateNode(operator: string, translation: Translation, effort: Effort): void {
  const inputs = translation.inputs.map((_, input) => translation.constant(input));
  if (!inputs.includes(undefined)) effort.read(inputs, operator);
  const folded = folds.get(operator)?.(translation);
  const rule = rules.get(operator);
  if (folded) translation.define(0, folded);
  else if (rule) rule(translation);
  else throw new UnsupportedNode('only constants can be handled so');
}

/** A node behind an unsupported one: nothing to say about it. */
class Unreachable extends Error {}

const weighty = new Set(['Conv', 'Gemm', 'MatMul', 'BatchNormalization', 'PRelu']);

function namesOf(proto: NodeProto, name: string, output: ValueId, hasConstant: boolean): NodeNames {
  return {
    opType: proto.opType,
    name,
    weights: weighty.has(proto.opType) && hasConstant ? proto.input[1] : undefined,
    output,
    metadata: new Map(proto.metadataProps.map(({ key, value }) => [key, value])),
  };
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
