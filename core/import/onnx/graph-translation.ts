import type { GraphProto, NodeProto } from 'onnx-buf';
import { atPlace } from '../../border.js';
import { misshapen } from '../../network/budget.js';
import type { NodeDraft } from '../../network/build.js';
import { mistyped, typeBehind } from '../../network/element-type.js';
import { DYNAMIC, type Attribute, type GraphInput, type Node, type Shape, type ValueId } from '../../network/graph.js';
import { Names } from '../../network/names.js';
import { operatorOf, type OperatorName } from '../../network/operators/table.js';
import type { Tensor } from '../../tensor.js';
import { Effort } from '../effort.js';
import { UnsupportedNode } from '../unsupported.js';
import { batchIndexOf } from './batch-index.js';
import { Attributes } from './decode.js';
import { folds } from './fold.js';
import type { NodeNames } from './path.js';
import { rules } from './rules.js';
import { invalidModel, type BatchIndex, type Translation } from './translation.js';

/** What is translated. */
export interface TranslatedGraph {
  readonly name: string;
  readonly graph: GraphProto;
  readonly opset: number;
  readonly initialisers: ReadonlyMap<ValueId, Tensor>;
  readonly inputs: readonly GraphInput[];
  /** The batch size that the file fixes and that is left open here. */
  readonly freedBatch: number | undefined;
}

/** Why a node could not be translated. */
interface FailedNode {
  readonly error: unknown;
  /** Its operator, with the domain where that is another than ONNX's. */
  readonly operator: string;
  readonly id: string;
}

/** An ONNX graph on its way into ours, node by node: what is known of its values so far, and what they have become. */
export class GraphTranslation {
  readonly name: string;
  readonly opset: number;
  readonly freedBatch: number | undefined;
  readonly constants: Map<ValueId, Tensor>;
  readonly shapes: Map<ValueId, Shape>;
  readonly effort: Effort;
  readonly drafts: NodeDraft[] = [];
  /** What people may call each of `drafts`. */
  readonly names: NodeNames[] = [];
  readonly batchIndices = new Map<ValueId, BatchIndex>();
  /** Values of nodes that could not be translated, and of those behind them. */
  readonly lost = new Set<ValueId>();
  /** Names of values, those of the file and ours. */
  readonly values = new Names();
  readonly #aliases = new Map<ValueId, ValueId>();
  readonly #read: ReadonlySet<ValueId>;
  readonly #truths: Set<ValueId>;
  readonly #ids = new Names();

  constructor({ name, graph, opset, initialisers, inputs, freedBatch }: TranslatedGraph) {
    this.name = name;
    this.opset = opset;
    this.freedBatch = freedBatch;
    this.constants = new Map(initialisers);
    this.shapes = new Map([...initialisers].map(([id, constant]) => [id, constant.shape]));
    for (const input of inputs) this.shapes.set(input.id, input.shape);
    const elements = [...initialisers.values()].reduce((sum, constant) => sum + constant.data.length, 0);
    this.effort = new Effort(name, elements);
    for (const value of [...this.shapes.keys(), ...graph.node.flatMap((proto) => proto.output)])
      this.values.claim(value);
    this.#read = new Set([...graph.node.flatMap((proto) => proto.input), ...graph.output.map((output) => output.name)]);
    this.#truths = new Set(inputs.flatMap(({ id, dtype }) => (dtype === 'bool' ? [id] : [])));
  }

  /** The value that a name stands for. */
  resolve(value: ValueId): ValueId {
    return this.#aliases.get(value) ?? value;
  }

  alias(value: ValueId, of: ValueId): void {
    this.#aliases.set(value, of);
  }

  isRead(value: ValueId): boolean {
    return this.#read.has(value);
  }

  isTruth(value: ValueId): boolean {
    return this.#truths.has(value) || this.constants.get(value)?.dtype === 'bool';
  }

  setConstant(value: ValueId, constant: Tensor): void {
    this.constants.set(value, constant);
    this.shapes.set(value, constant.shape);
  }

  /** Translates the next node; why it can't be, if so. Nothing is said of a node that reads what was lost. */
  take(proto: NodeProto): FailedNode | undefined {
    const inputs = proto.input.map((value) => this.resolve(value));
    const id = this.#ids.claim(proto.name || proto.output.find((output) => output !== '') || proto.opType);
    const operator =
      proto.domain === '' || proto.domain === 'ai.onnx' ? proto.opType : `${proto.domain}.${proto.opType}`;
    const lose = (): void => proto.output.forEach((output) => this.lost.add(output));
    try {
      if (!rules.has(operator) && !folds.has(operator)) throw new UnsupportedNode();
      if (inputs.some((value) => this.lost.has(value))) {
        lose();
        return undefined;
      }
      this.#translate(proto, inputs, id, operator);
      return undefined;
    } catch (error) {
      lose();
      return { error, operator, id };
    }
  }

  /** Adds a node of ours, or computes it at once if everything it reads is constant. */
  add(draft: Node, proto: NodeProto, isMain: boolean): void {
    const { inputs, outputs } = draft;
    const known = inputs.map((value) => this.constants.get(value));
    const type = typeBehind(draft, new Set(inputs.filter((value) => this.isTruth(value))));
    if (type === undefined) throw new UnsupportedNode(mistyped);
    if (type === 'bool') for (const value of outputs) this.#truths.add(value);
    const shapes = operatorOf(draft).infer(draft, {
      shapes: inputs.map((value) => this.shapes.get(value)),
      constants: known,
    });
    const complaint = shapes.map(misshapen).find((reason) => reason !== undefined);
    if (complaint !== undefined) throw invalidModel(this.name, `node "${draft.path}" (${proto.opType}): ${complaint}`);
    outputs.forEach((value, i) => this.shapes.set(value, shapes[i] as Shape));
    if (inputs.every((value) => value === '' || this.constants.has(value))) {
      const values = this.effort.evaluate(draft, known, shapes);
      outputs.forEach((value, i) => this.constants.set(value, values[i] as Tensor));
      return;
    }
    const hasConstant = inputs.some((value) => this.constants.has(value));
    this.drafts.push(draft);
    this.names.push(namesOf(proto, isMain ? proto.name : draft.id, outputs[0] as ValueId, hasConstant));
  }

  #translate(proto: NodeProto, inputs: readonly ValueId[], id: string, operator: string): void {
    const missing = inputs.find((value) => value !== '' && !this.shapes.has(value));
    if (missing !== undefined) {
      throw invalidModel(
        this.name,
        `node "${id}" (${proto.opType}) reads "${missing}", which nothing before it writes`,
      );
    }
    const translation = new NodeTranslation(this, proto, inputs, id);
    const index = batchIndexOf(translation);
    if (index) {
      this.batchIndices.set(proto.output[0] as ValueId, index);
      this.shapes.set(proto.output[0] as ValueId, [DYNAMIC, ...index.shape]);
      return;
    }
    const told = (error: unknown): boolean => error instanceof UnsupportedNode;
    atPlace(`node "${id}" (${operator})`, () => translateNode(operator, translation), told);
  }
}

class NodeTranslation implements Translation {
  readonly attributes: Attributes;
  readonly inputs: readonly ValueId[];
  readonly outputs: readonly ValueId[];
  readonly #whole: GraphTranslation;
  readonly #proto: NodeProto;
  readonly #id: string;
  #helpers = 0;

  constructor(whole: GraphTranslation, proto: NodeProto, inputs: readonly ValueId[], id: string) {
    this.#whole = whole;
    this.#proto = proto;
    this.#id = id;
    this.attributes = new Attributes(proto);
    this.inputs = inputs;
    // A result that nobody asks for has a name, too: '' stands for an input that is left out.
    this.outputs = proto.output.map((output, i) => output || this.intermediate(`unused${i}`));
  }

  get model(): string {
    return this.#whole.name;
  }

  get effort(): Effort {
    return this.#whole.effort;
  }

  get opType(): string {
    return this.#proto.opType;
  }

  get opset(): number {
    return this.#whole.opset;
  }

  get freedBatch(): number | undefined {
    return this.#whole.freedBatch;
  }

  shape(input: number): Shape {
    const shape = this.shapeOf(this.#input(input));
    if (shape !== undefined) return shape;
    throw invalidModel(this.model, `node "${this.#id}" (${this.opType}) lacks its input ${input}`);
  }

  shapeOf(value: ValueId): Shape | undefined {
    return this.#whole.shapes.get(value);
  }

  batchIndex(input: number): BatchIndex | undefined {
    return this.#whole.batchIndices.get(this.#input(input));
  }

  producer(input: number): NodeDraft | undefined {
    return this.#whole.drafts.find((draft) => draft.outputs.includes(this.#input(input)));
  }

  constant(input: number): Tensor | undefined {
    return this.#whole.constants.get(this.#input(input));
  }

  isTruth(input: number): boolean {
    return this.#whole.isTruth(this.#input(input));
  }

  isRead(value: ValueId): boolean {
    return this.#whole.isRead(value);
  }

  intermediate(label: string): ValueId {
    return this.#whole.values.claim(`${this.#id}/${label}`);
  }

  literal(label: string, constant: Tensor): ValueId {
    const value = this.intermediate(label);
    this.#whole.setConstant(value, constant);
    return value;
  }

  alias(value: ValueId | undefined, output = 0): void {
    if (!value) throw invalidModel(this.model, `node "${this.#id}" (${this.opType}) lacks its input`);
    // What a node reads has been resolved, so that names of names do not arise.
    this.#whole.alias(this.outputs[output] as ValueId, value);
  }

  define(output: number, constant: Tensor): void {
    this.#whole.setConstant(this.outputs[output] as ValueId, constant);
  }

  add(
    op: OperatorName,
    inputs: readonly ValueId[],
    attributes: Readonly<Record<string, Attribute>>,
    outputs: readonly ValueId[] = this.outputs,
  ): void {
    const isMain = outputs.includes(this.outputs[0] as ValueId);
    const id = isMain ? this.#id : `${this.#id}/${(this.#helpers += 1)}`;
    this.#whole.add({ id, op, inputs, outputs, attributes, path: this.#id, aliases: [] }, this.#proto, isMain);
  }

  #input(input: number): ValueId {
    return this.inputs[input] ?? '';
  }
}

function translateNode(operator: string, translation: Translation): void {
  const inputs = translation.inputs.map((_, input) => translation.constant(input));
  if (!inputs.includes(undefined)) translation.effort.read(inputs, operator);
  const folded = folds.get(operator)?.(translation);
  const rule = rules.get(operator);
  if (folded) translation.define(0, folded);
  else if (rule) rule(translation);
  else throw new UnsupportedNode('only constants can be handled so');
}

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
