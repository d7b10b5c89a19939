import type { GraphProto, NodeProto, ValueInfoProto } from 'onnx-buf';
import { PercussError } from '../../errors.js';
import type { Tensor } from '../../tensor.js';
import { buildGraph, type NodeDraft } from '../build.js';
import { DYNAMIC, type Graph, type GraphInput, type Node, type Shape, type ValueId } from '../graph.js';
import { Names } from '../names.js';
import { operatorOf } from '../operators/table.js';
import { unsupportedError, UnsupportedNode, type Unsupported } from '../unsupported.js';
import { Attributes, decodeModel, decodeTensor, kindOf, typeName } from './decode.js';
import { batchIndexOf, type BatchIndex } from './batch-index.js';
import { withChannelShuffles } from './channel-shuffle.js';
import { withChannelsFirst } from './channels-first.js';
import { bytesOf } from './external-data.js';
import { folds } from './fold.js';
import { nameNodes, type NodeNames } from './path.js';
import { checkOpset } from './opset.js';
import { rules } from './rules.js';
import { invalidModel, type Translation } from './translation.js';

interface Parsed {
  readonly name: string;
  readonly graph: GraphProto;
  readonly opset: number;
  readonly initialisers: ReadonlyMap<ValueId, Tensor>;
  readonly inputs: readonly GraphInput[];
}

/**
 * Reads an ONNX model (opset 6 and newer) into a graph of one normal form. Whatever only handles constants is computed
 * here; a batch size that the file fixes is left open where the whole graph allows it.
 *
 * @param files what lies beside it, by the paths that `externalFiles` gives.
 * @throws PercussError MODEL_INVALID for a damaged file, MODEL_UNSUPPORTED naming every unsupported operator at once.
 */
export function importOnnx(name: string, bytes: Uint8Array, files: ReadonlyMap<string, Uint8Array> = new Map()): Graph {
  const model = decodeModel(name, bytes);
  const opset = Number(
    model.opsetImport.find((entry) => entry.domain === '' || entry.domain === 'ai.onnx')?.version ?? 0,
  );
  checkOpset(name, opset);
  const initialisers = new Map(
    model.graph.initializer.map((proto) => [proto.name, decodeTensor(name, proto, bytesOf(name, proto, files))]),
  );
  if (model.graph.sparseInitializer.length > 0) {
    throw new PercussError('MODEL_UNSUPPORTED', `model "${name}": sparse constants are not supported`, {
      details: { model: name },
    });
  }
  const inputs = model.graph.input
    .filter((input) => !initialisers.has(input.name))
    .map((input) => inputOf(name, input));
  const parsed: Parsed = { name, graph: model.graph, opset, initialisers, inputs };
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
    const free = graph.outputs.every((output) => {
      const [images, ...rest] = graph.shapes.get(output) ?? [];
      return images === DYNAMIC && (otherOpen || !rest.includes(DYNAMIC));
    });
    return free ? graph : undefined;
  } catch (error) {
    if (error instanceof PercussError) return undefined;
    throw error;
  }
}

function inputOf(model: string, input: ValueInfoProto): GraphInput {
  const type = input.type?.value;
  if (type?.case !== 'tensorType' || type.value.shape === undefined) {
    throw new PercussError('MODEL_UNSUPPORTED', `model "${model}": the input "${input.name}" has no known shape`, {
      details: { model, input: input.name },
    });
  }
  const kind = kindOf(type.value.elemType);
  if (kind !== 'float32' && kind !== 'bool') {
    const given = typeName(type.value.elemType);
    throw new PercussError(
      'MODEL_UNSUPPORTED',
      `model "${model}": the input "${input.name}" holds ${given}; export the network so that it takes floats`,
      { details: { model, input: input.name } },
    );
  }
  const shape = type.value.shape.dim.map(({ value }) =>
    value.case === 'dimValue' && value.value > 0n ? Number(value.value) : DYNAMIC,
  );
  return { id: input.name, shape, dtype: kind };
}

function translate(parsed: Parsed, inputs: readonly GraphInput[], freedBatch: number | undefined): Graph {
  const { name, graph, opset } = parsed;
  const constants = new Map(parsed.initialisers);
  const shapes = new Map<ValueId, Shape>([...constants].map(([id, constant]) => [id, constant.shape]));
  for (const input of inputs) shapes.set(input.id, input.shape);
  const aliases = new Map<ValueId, ValueId>();
  const resolve = (value: ValueId): ValueId => {
    const target = aliases.get(value);
    return target === undefined ? value : resolve(target);
  };
  const read = new Set([...graph.node.flatMap((proto) => proto.input), ...graph.output.map((output) => output.name)]);
  const batchIndices = new Map<ValueId, BatchIndex>();
  const drafts: NodeDraft[] = [];
  const names: NodeNames[] = [];
  const unsupported: Unsupported[] = [];
  const lost = new Set<ValueId>();
  const ids = new Names();

  const translationOf = (proto: NodeProto, inputs: readonly ValueId[], id: string): Translation => {
    let helpers = 0;
    return {
      model: name,
      opType: proto.opType,
      opset,
      attributes: new Attributes(proto),
      inputs,
      outputs: proto.output,
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
      isRead: (value) => read.has(value),
      intermediate: (label) => `${id}/${label}`,
      literal(label, constant) {
        const value = `${id}/${label}`;
        constants.set(value, constant);
        shapes.set(value, constant.shape);
        return value;
      },
      alias: (value, output = 0) => void aliases.set(proto.output[output] as ValueId, value),
      define(output, constant) {
        constants.set(proto.output[output] as ValueId, constant);
        shapes.set(proto.output[output] as ValueId, constant.shape);
      },
      add(op, from, attributes, to = proto.output) {
        const main = to.includes(proto.output[0] as ValueId);
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
        const outputs = operatorOf(draft).infer(draft, {
          shapes: from.map((value) => shapes.get(value)),
          constants: known,
        });
        to.forEach((value, i) => shapes.set(value, outputs[i] as Shape));
        if (from.every((value) => value === '' || constants.has(value))) {
          operatorOf(draft)
            .evaluate(draft, known)
            .forEach((value, i) => constants.set(to[i] as ValueId, value));
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
      if (!(operator in rules) && !(operator in folds)) throw new UnsupportedNode();
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
      const folded = folds[operator]?.(translation);
      const rule = rules[operator];
      if (folded) translation.define(0, folded);
      else if (rule) rule(translation);
      else throw new UnsupportedNode('only constants can be handled so');
    } catch (error) {
      for (const output of proto.output) lost.add(output);
      if (error instanceof Unreachable) continue;
      if (!(error instanceof UnsupportedNode)) throw error;
      unsupported.push({ operator, node: proto.name || id, reason: error.reason });
    }
  }
  if (unsupported.length > 0) throw unsupportedError(name, `opset ${opset}`, unsupported);

  const naming = nameNodes(names);
  const nodes = drafts.map((draft, i) => ({ ...draft, ...naming[i] }));
  const outputs = new Set(graph.output.map((output) => resolve(output.name)));
  const first = withChannelsFirst({ nodes, constants }, inputs, shapes, outputs);
  return finish(parsed, inputs, withChannelShuffles(first.nodes, shapes, outputs), first.constants, resolve);
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
  { name, graph }: Parsed,
  inputs: readonly GraphInput[],
  nodes: readonly NodeDraft[],
  constants: ReadonlyMap<ValueId, Tensor>,
  resolve: (value: ValueId) => ValueId,
): Graph {
  const written = new Set(nodes.flatMap((node) => node.outputs));
  const declared = new Set(graph.output.map((output) => output.name));
  const renamed = new Map<ValueId, ValueId>();
  for (const output of declared) {
    const value = resolve(output);
    if (value !== output && written.has(value) && !declared.has(value) && !renamed.has(value))
      renamed.set(value, output);
  }
  const rename = (value: ValueId): ValueId => renamed.get(value) ?? value;
  return buildGraph({
    name,
    inputs,
    outputs: [...new Set([...declared].map((output) => rename(resolve(output))))],
    nodes: nodes.map((node) => ({ ...node, inputs: node.inputs.map(rename), outputs: node.outputs.map(rename) })),
    constants,
  });
}
