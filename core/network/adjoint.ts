import { PercussError } from '../errors.js';
import type { Tensor } from '../tensor.js';
import { buildGraph, nodeInputs, type NodeDraft } from './build.js';
import { DYNAMIC, type Attribute, type Graph, type GraphInput, type Node, type Shape, type ValueId } from './graph.js';
import { printShape } from './operators/attribute.js';
import { operatorOf, operators, type OperatorName } from './operators/table.js';
import { NoAdjoint, TermWriter, type Passage, type Standing, type Term, type TermHost } from './operators/term.js';

export interface AdjointRequest {
  readonly graph: Graph;
  /** The value whose linear form is derived, [images, …]. */
  readonly output: ValueId;
  /** Values by which it is derived. */
  readonly wanted: readonly ValueId[];
  /** How many cotangents there are of each image. */
  readonly cotangents: number;
  /** Writes them, [1, cotangents, …] of an image, from what the intact network holds; left out, they are fed (`COTANGENT`). */
  readonly written?: (program: AdjointProgram) => Term;
}

/** Receives the gradient of a wanted value as soon as it is whole, the last values of the network first, and what may write more behind it. */
export type OnGradient = (value: ValueId, gradient: Term, program: AdjointProgram) => void;

/** The feed with the cotangents: float32 [images × cotangents, … of the output], those of one image side by side. */
export const COTANGENT = 'cotangent';

/**
 * Writes a network and its reverse mode as one graph that every engine runs: Jᵀ·c for cotangents c of the output, at each wanted value. Rows
 * stand as images do, [images × cotangents, …]; what the intact network holds is computed once an image and broadcast to its rows, so that
 * each cotangent costs what passes back alone.
 */
export class AdjointProgram implements TermHost {
  readonly write = new TermWriter(this);
  readonly #request: AdjointRequest;
  /** Of one image. */
  readonly #shapes: ReadonlyMap<ValueId, Shape>;
  readonly #nodes: NodeDraft[] = [];
  readonly #constants = new Map<ValueId, Tensor>();
  readonly #numbers = new Map<number, Term>();
  readonly #inputs: GraphInput[] = [];
  readonly #constantOf = new Map<ValueId, Tensor>();
  /** Rows that are products of rows with what stands for an image or for all. */
  readonly #products = new Map<ValueId, readonly [rows: Term, factor: Term]>();

  /**
   * @throws PercussError MODEL_UNSUPPORTED naming every node on the way whose operator has no adjoint there.
   */
  constructor(request: AdjointRequest, onGradient: OnGradient) {
    this.#request = request;
    this.#shapes = shapesOfOne(request.graph);
    const { shape } = this.intact(request.output);
    const cotangent = request.written
      ? this.#rowsOf(request.written(this), shape)
      : this.input(COTANGENT, 'row', shape);
    this.#passBack(cotangent, onGradient);
  }

  /** A value of the intact network. */
  intact(id: ValueId): Term {
    const { graph } = this.#request;
    const constant = graph.constants.get(id);
    if (constant) {
      this.#constantOf.set(id, constant);
      return { id, per: 'all', shape: constant.shape };
    }
    const open = graph.shapes.get(id) ?? [];
    const shape = this.#shapes.get(id) as Shape;
    if (open.lastIndexOf(DYNAMIC) > 0)
      throw new NoAdjoint(`the images do not stand along the first axis of "${id}", ${printShape(open)}`);
    return { id, per: open[0] === DYNAMIC ? 'image' : 'all', shape };
  }

  /** One more feed, with a row of it (axis 0 is open), or one tensor for all. */
  input(id: ValueId, per: Standing, shape: Shape): Term {
    this.#inputs.push({ id, shape: per === 'all' ? shape : [DYNAMIC, ...shape.slice(1)], dtype: 'float32' });
    return { id, per, shape };
  }

  constant(tensor: Tensor<'float32'>): Term {
    const number = tensor.shape.length === 0 ? (tensor.data[0] as number) : undefined;
    const known = number === undefined ? undefined : this.#numbers.get(number);
    if (known) return known;
    const term: Term = { id: `adjoint:constant ${this.#constants.size}`, per: 'all', shape: tensor.shape };
    this.#constants.set(term.id, tensor);
    this.#constantOf.set(term.id, tensor);
    if (number !== undefined) this.#numbers.set(number, term);
    return term;
  }

  apply(op: string, terms: readonly Term[], attributes: Readonly<Record<string, Attribute>>): Term {
    if (!isOperator(op)) throw new PercussError('BUG', `an adjoint asks for an operator ${op}, which there is not`);
    return (op === 'Mul' ? this.#multiplied(terms) : undefined) ?? this.#applied(op, terms, attributes);
  }

  #applied(op: OperatorName, terms: readonly Term[], attributes: Readonly<Record<string, Attribute>>): Term {
    const standing = (per: Standing): boolean => terms.some((term) => term.per === per);
    const shape = this.#inferred(op, terms, attributes);
    const per = standing('row') ? 'row' : standing('image') ? 'image' : 'all';
    if (per !== 'row' || !standing('image') || this.#request.cotangents === 1) {
      return { id: this.#node(op, terms, attributes), per, shape };
    }
    const several = terms.some((term) => term.per !== 'all' && term.shape[0] !== 1);
    const raised = terms.map((term) => this.#raised(term, several));
    const mixed: Term = { id: this.#node(op, raised, attributes), per, shape };
    return { id: this.#node('Reshape', [mixed], { shape: [DYNAMIC, ...shape.slice(1)] }), per, shape };
  }

  /** The program, with these outputs. Nodes that they don't need are left out. */
  build(name: string, outputs: readonly ValueId[]): Graph {
    const { graph } = this.#request;
    return buildGraph({
      name,
      inputs: [...graph.inputs, ...this.#inputs],
      outputs,
      nodes: [...graph.nodes, ...this.#nodes],
      constants: new Map([...graph.constants, ...this.#constants]),
    });
  }

  /** Rows times factors, one behind the other, are rows times the factors' product, which is computed once an image; undefined for all else. */
  #multiplied([a, b]: readonly Term[]): Term | undefined {
    const [rows, factor] = a?.per === 'row' ? [a, b] : [b, a];
    if (rows?.per !== 'row' || !factor || factor.per === 'row') return undefined;
    const before = this.#products.get(rows.id);
    const product = before && this.write.multiply(before[1], factor);
    const pair: readonly [Term, Term] = before && product ? [before[0], product] : [rows, factor];
    const term = this.#applied('Mul', pair, {});
    this.#products.set(term.id, pair);
    return term;
  }

  #passBack(cotangent: Term, onGradient: OnGradient): void {
    const { graph, output, wanted } = this.#request;
    const reached = reachedFrom(graph, wanted);
    const asked = new Set(wanted);
    const parts = new Map<ValueId, Term[]>([[output, [cotangent]]]);
    const whole = (value: ValueId): Term | undefined => {
      const [first, ...others] = parts.get(value) ?? [];
      const sum = first && others.reduce((total, part) => this.write.add(total, part), first);
      if (sum && asked.has(value)) onGradient(value, sum, this);
      return sum;
    };
    const refusals: string[] = [];
    for (const node of graph.nodes.toReversed()) {
      const cotangents = node.outputs.map((value) => (reached.has(value) ? whole(value) : undefined));
      if (cotangents.every((term) => term === undefined)) continue;
      const wants = node.inputs.map((value) => reached.has(value));
      if (!wants.includes(true)) continue;
      try {
        const back = this.#through(node, cotangents, wants);
        node.inputs.forEach((value, index) => {
          const part = back[index];
          if (part && wants[index] === true) parts.set(value, [...(parts.get(value) ?? []), part]);
        });
      } catch (cause) {
        if (!(cause instanceof NoAdjoint)) throw cause;
        refusals.push(`${node.op} "${node.path}": ${cause.message}`);
      }
    }
    for (const { id } of graph.inputs) if (asked.has(id)) whole(id);
    if (refusals.length === 0) return;
    throw new PercussError(
      'MODEL_UNSUPPORTED',
      `network "${graph.name}" has no linearised lesions: gradients do not pass ${refusals.reverse().join('; ')}`,
      { details: { graph: graph.name } },
    );
  }

  #through(node: Node, cotangents: Passage['cotangents'], wanted: readonly boolean[]): readonly (Term | undefined)[] {
    const { adjoint } = operatorOf(node);
    if (typeof adjoint !== 'function') return [];
    return adjoint({
      node,
      inputs: node.inputs.map((value) => (value === '' ? undefined : this.intact(value))),
      constants: nodeInputs(this.#request.graph, node).constants,
      outputs: node.outputs.map((value) => this.intact(value)),
      cotangents,
      wanted,
      write: this.write,
    });
  }

  /** Of an image or row; operands of rows and images are brought together afterwards. */
  #inferred(op: OperatorName, terms: readonly Term[], attributes: Readonly<Record<string, Attribute>>): Shape {
    const node = { id: op, op, path: op, inputs: terms.map(({ id }) => id), outputs: [''], attributes };
    const [shape] = operators[op].infer(node, {
      shapes: terms.map((term) => term.shape),
      constants: terms.map(({ id }) => this.#constantOf.get(id)),
    });
    return shape as Shape;
  }

  /** What an image has side by side, as rows of their own. */
  #rowsOf(term: Term, shape: Shape): Term {
    return { id: this.#node('Reshape', [term], { shape: [DYNAMIC, ...shape.slice(1)] }), per: 'row', shape };
  }

  /** [images × cotangents × own, …] as [images, cotangents, (own,) …], and what is of an image as [images, 1, (own,) …]. */
  #raised(term: Term, several: boolean): Term {
    if (term.per === 'all') return term;
    const repeats = term.per === 'row' ? this.#request.cotangents : 1;
    const shape = [DYNAMIC, repeats, ...term.shape.slice(several ? 0 : 1)];
    return { ...term, id: this.#node('Reshape', [term], { shape }) };
  }

  #node(op: OperatorName, terms: readonly Term[], attributes: Readonly<Record<string, Attribute>>): ValueId {
    const id = `adjoint:${this.#nodes.length}`;
    this.#nodes.push({ id, op, inputs: terms.map((term) => term.id), outputs: [id], attributes });
    return id;
  }
}

const isOperator = (op: string): op is OperatorName => Object.hasOwn(operators, op);

/** Shapes of all values for one image. */
function shapesOfOne(graph: Graph): ReadonlyMap<ValueId, Shape> {
  const shapes = new Map<ValueId, Shape>();
  for (const { id, shape } of graph.inputs) shapes.set(id, [...shape.slice(0, 1).map(Math.abs), ...shape.slice(1)]);
  for (const [id, constant] of graph.constants) shapes.set(id, constant.shape);
  for (const node of graph.nodes) {
    const outputs = operatorOf(node).infer(node, nodeInputs({ shapes, constants: graph.constants }, node));
    node.outputs.forEach((output, i) => shapes.set(output, outputs[i] as Shape));
  }
  return shapes;
}

/** Values that depend on some by derivatives that are not 0 everywhere, these included. */
function reachedFrom(graph: Graph, values: readonly ValueId[]): ReadonlySet<ValueId> {
  const reached = new Set(values);
  for (const node of graph.nodes) {
    if (typeof operatorOf(node).adjoint !== 'function') continue;
    if (node.inputs.some((input) => reached.has(input))) for (const output of node.outputs) reached.add(output);
  }
  return reached;
}
