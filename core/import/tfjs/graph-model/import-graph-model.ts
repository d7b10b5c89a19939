import { PercussError } from '../../../errors.js';
import type { Tensor } from '../../../tensor.js';
import { atPlace } from '../../../border.js';
import { within } from '../../../network/budget.js';
import { buildGraph } from '../../../network/build.js';
import { truthsAmong, truthsBesideReaders } from '../../beside-reader.js';
import { answerOf } from '../../classifier.js';
import { DYNAMIC, type Graph, type ValueId } from '../../../network/graph.js';
import { unsupportedError, UnsupportedNode, type Unsupported } from '../../unsupported.js';
import { GraphBuilder, type Activation } from '../builder.js';
import { invalidModel, type JsonObject } from '../config.js';
import { readTensors } from '../manifest.js';
import { isConstant, NodeCall, type Operand } from './call.js';
import { folds } from './fold.js';
import { graphDefOf, requireFloats, type GraphDef, type GraphNode, type Reference } from './graph-def.js';
import { importers } from './importers.js';
import { namedLikeModules } from './module-names.js';

/**
 * Imports a TensorFlow.js graph model (`tensorflowjs_converter --output_format=tfjs_graph_model`): what its outputs need of
 * a GraphDef.
 *
 * The images are axis 0 of every activation, and their number is left open whatever the file says. Inputs and outputs keep
 * TensorFlow's order of axes; in between maps are NCHW, with a Transpose wherever the order of elements is looked at.
 * Outputs are called as the signature does. Only what leads to the answer must be supported: `output`, or else the last.
 *
 * @throws PercussError MODEL_INVALID, FILE_MISSING for weight files, MODEL_UNSUPPORTED naming all nodes that are not
 * supported at once.
 */
export function importGraphModel(
  name: string,
  json: JsonObject,
  files: ReadonlyMap<string, Uint8Array>,
  output?: string,
): Graph {
  const def = graphDefOf(name, json);
  const answer = answerOf([...def.outputs.keys()], output);
  const needed = inOrder(name, only(def, [answer]));
  const kept = keptOutputs(name, def, answer);
  const tensors = readTensors(name, json, files);
  const others = [...def.outputs.keys()].filter((key) => key !== answer);
  const result = new GraphModelImport(name, kept, tensors).run(inOrder(name, kept), new Set(needed), others);
  const nodes = truthsBesideReaders(
    name,
    namedLikeModules(result.nodes, result.constants),
    new Set(result.outputs),
    truthsAmong(result.inputs, result.constants),
  );
  return buildGraph({ name, ...result, nodes });
}

const form = 'TensorFlow.js graph model';

/** A graph with some of its outputs. */
const only = (def: GraphDef, keys: readonly (string | undefined)[]): GraphDef => ({
  ...def,
  outputs: new Map([...def.outputs].filter(([key]) => keys.includes(key))),
});

/** The answer, and beside it what can be ordered and takes the same images. */
function keptOutputs(model: string, def: GraphDef, answer: string | undefined): GraphDef {
  if (!canBeOrdered(model, def)) return only(def, [answer]);
  const takes = inOrder(model, def).filter((node) => node.op === 'Placeholder');
  return takes.length > 1 ? only(def, [answer]) : def;
}

/** Whether all nodes that the outputs need are there and go round in no circle. */
function canBeOrdered(model: string, def: GraphDef): boolean {
  try {
    inOrder(model, def);
    return true;
  } catch (error) {
    if (error instanceof PercussError) return false;
    throw error;
  }
}

/** Nodes that the outputs need, each behind those that it reads. */
function inOrder(model: string, { nodes, outputs }: GraphDef): readonly GraphNode[] {
  const state = new Map<string, 'open' | 'done'>();
  const order: GraphNode[] = [];
  const waiting: { readonly name: string; readonly reader: string }[] = [...outputs]
    .reverse()
    .map(([key, { node }]) => ({ name: node, reader: `output "${key}"` }));
  for (let next = waiting.at(-1); next !== undefined; next = waiting.at(-1)) {
    const node = nodes.get(next.name);
    if (node === undefined) throw invalidModel(model, `${next.reader} reads "${next.name}", which is no node`);
    if (state.get(node.name) !== undefined) {
      if (state.get(node.name) === 'open') order.push(node);
      state.set(node.name, 'done');
      waiting.pop();
      continue;
    }
    state.set(node.name, 'open');
    for (const input of node.inputs.toReversed()) {
      const known = state.get(input.node);
      if (known === 'open') {
        throw unsupportedError(model, form, [{ operator: node.op, node: node.name, reason: 'it is part of a loop' }]);
      }
      if (known === undefined) waiting.push({ name: input.node, reader: `node "${node.name}"` });
    }
  }
  return order;
}

interface Imported {
  readonly inputs: GraphBuilder['inputs'];
  readonly outputs: readonly ValueId[];
  readonly nodes: GraphBuilder['nodes'];
  readonly constants: GraphBuilder['constants'];
}

class GraphModelImport {
  readonly #model: string;
  readonly #def: GraphDef;
  readonly #tensors: ReadonlyMap<string, Tensor>;
  readonly #builder: GraphBuilder;
  readonly #values = new Map<string, readonly Operand[]>();
  #images: number | undefined;

  constructor(model: string, def: GraphDef, tensors: ReadonlyMap<string, Tensor>) {
    this.#model = model;
    this.#builder = new GraphBuilder(model);
    this.#def = def;
    this.#tensors = tensors;
  }

  /** `others`: outputs of the file besides the answer. */
  run(order: readonly GraphNode[], needed: ReadonlySet<GraphNode>, others: readonly string[]): Imported {
    const unsupported: Unsupported[] = [];
    const lost = new Set<string>();
    for (const node of order) {
      if (node.inputs.some((input) => lost.has(input.node))) {
        if (importers.has(node.op) || folds.has(node.op)) {
          lost.add(node.name);
          continue;
        }
      }
      try {
        const passes = (error: unknown): boolean => error instanceof UnsupportedNode;
        const values = atPlace(`node "${node.name}" (${node.op})`, () => this.#import(node), passes);
        this.#values.set(node.name, values);
      } catch (error) {
        const isTold = error instanceof UnsupportedNode;
        if (!isTold && !(error instanceof PercussError && !needed.has(node))) throw error;
        lost.add(node.name);
        if (isTold && needed.has(node)) unsupported.push({ operator: node.op, node: node.name, reason: error.reason });
      }
    }
    if (unsupported.length > 0) throw unsupportedError(this.#model, form, unsupported, others);
    const { inputs, nodes, constants } = this.#builder;
    return { outputs: this.#outputs(lost), inputs, nodes, constants };
  }

  #import(node: GraphNode): readonly Operand[] {
    if (node.op === 'Placeholder') return [this.#input(node)];
    if (node.op === 'Const') return [this.#constant(node)];
    const importer = importers.get(node.op);
    const fold = folds.get(node.op);
    if (!importer && !fold) throw new UnsupportedNode();
    within(this.#model, 'ports', node.inputs.length, `node "${node.name}"`);
    const inputs = node.inputs.map((input) => this.#operand(node, input));
    const names = node.inputs.map((input) => this.#holder(input));
    const call = new NodeCall(node, inputs, names, this.#builder, this.#images);
    if (inputs.every(isConstant)) this.#builder.effort.read(inputs, `node "${node.name}" (${node.op})`);
    const folded = node.op === 'Shape' || inputs.every(isConstant) ? fold?.(call) : undefined;
    if (folded) return [folded];
    if (!importer) throw new UnsupportedNode('only constants can be handled so');
    const made = importer(call);
    return isList(made) ? made : [made];
  }

  #operand(reader: GraphNode, { node, output }: Reference): Operand {
    const found = this.#values.get(node)?.[output];
    if (found === undefined) {
      const asked = this.#def.nodes.get(node)?.op ?? 'node';
      throw new UnsupportedNode(`output ${output} of the ${asked} "${node}", which ${reader.name} reads`);
    }
    return found;
  }

  /** The node whose constant comes through nodes that do nothing. */
  #holder({ node }: Reference): string {
    for (let name = node; ;) {
      const found = this.#def.nodes.get(name);
      const [from] = found?.inputs ?? [];
      if (found?.op !== 'Identity' || from === undefined) return name;
      name = from.node;
    }
  }

  #constant(node: GraphNode): Tensor {
    const tensor = this.#tensors.get(node.name);
    if (tensor) {
      this.#builder.effort.own(tensor.data.length);
      return tensor;
    }
    throw new UnsupportedNode('a constant that holds no numbers, or whose numbers are not among the weights');
  }

  #input(node: GraphNode): Activation {
    requireFloats(node.attributes.type('dtype'), 'it holds');
    const [images, ...shape] = node.attributes.shape('shape') ?? [];
    if (shape.length === 0 || !shape.every((dim) => dim > 0)) {
      throw new UnsupportedNode(
        `its shape [${[images, ...shape].map((dim) => (dim === undefined || dim < 0 ? '?' : dim)).join(', ')}]: only the number of images may be open; convert a model with images of one size`,
      );
    }
    if (images !== undefined && images > 0) this.#images = images;
    return this.#builder.input(node.name, DYNAMIC, shape);
  }

  #outputs(lost: ReadonlySet<string>): readonly ValueId[] {
    within(this.#model, 'outputs', this.#def.outputs.size);
    const renamed = new Map<ValueId, ValueId>();
    for (const [key, { node, output }] of this.#def.outputs) {
      if (lost.has(node)) continue;
      const operand = this.#values.get(node)?.[output];
      if (operand === undefined) throw invalidModel(this.#model, `its output "${key}" is missing`);
      if (isConstant(operand)) throw invalidModel(this.#model, `its output "${key}" does not depend on the images`);
      const value = this.#builder.form(operand, 'keras');
      const isInput = this.#builder.inputs.some((input) => input.id === value);
      if (!renamed.has(value)) renamed.set(value, isInput ? value : this.#builder.rename(value, key));
    }
    return [...renamed.values()];
  }
}

const isList = (made: Operand | readonly Operand[]): made is readonly Operand[] => Array.isArray(made);
