import { float32, type Tensor } from '../../tensor.js';
import { DYNAMIC, type Attribute, type Operation, type Shape, type ValueId } from '../operation.js';

/** For what a value of an adjoint program stands once: for all images, for each image, or for each row (each cotangent of each image). */
export type Standing = 'all' | 'image' | 'row';

/** A value of an adjoint program while that is written. */
export interface Term {
  readonly id: ValueId;
  readonly per: Standing;
  /** Of one image or row: axis 0, along which these follow one another, has 1 or however many elements one of them has there. */
  readonly shape: Shape;
}

/** What writes the nodes behind terms. */
export interface TermHost {
  /** A node; operands broadcast by NumPy's rules, and what stands for an image to each of its rows. */
  apply(op: string, terms: readonly Term[], attributes: Readonly<Record<string, Attribute>>): Term;
  constant(tensor: Tensor<'float32'>): Term;
}

/** Why a node has no adjoint, where its operator has one otherwise: a clause. */
export class NoAdjoint extends Error {}

/** One node on the way back, as the adjoint of its operator sees it. */
export interface Passage {
  readonly node: Operation;
  /** What the node reads; undefined for an optional input left out. */
  readonly inputs: readonly (Term | undefined)[];
  readonly constants: readonly (Tensor | undefined)[];
  readonly outputs: readonly Term[];
  /** Of its outputs; undefined where nothing that is asked for depends on one. */
  readonly cotangents: readonly (Term | undefined)[];
  /** Whether the cotangent of an input is asked for. */
  readonly wanted: readonly boolean[];
  readonly write: TermWriter;
}

/**
 * How cotangents pass a node backwards: the transpose of its derivative, in nodes that every engine runs, for each input (undefined: none is
 * asked for, or none passes). Or why nothing passes: the derivative is 0 wherever there is one.
 */
export type Adjoint = ((passage: Passage) => readonly (Term | undefined)[]) | { readonly nothing: string };

/** An input that must be there. */
export function inputAt({ node, inputs }: Passage, index: number): Term {
  const term = inputs[index];
  if (term === undefined) throw new NoAdjoint(`input ${index} of ${node.op} is missing`);
  return term;
}

/** The cotangent of the first output of a node that has one alone. */
export function cotangentOf({ node, cotangents: [first] }: Passage): Term {
  if (first === undefined) throw new NoAdjoint(`${node.op} got no cotangent`);
  return first;
}

/** A constant among the inputs of a node. @throws NoAdjoint */
export function constantAt({ constants }: Passage, index: number, what: string): Tensor<'float32'> {
  const constant = constants[index];
  if (constant?.dtype !== 'float32') throw new NoAdjoint(`its ${what} are computed in the network, not constants`);
  return constant as Tensor<'float32'>;
}

/** Arithmetic on terms. */
export class TermWriter {
  readonly #host: TermHost;

  constructor(host: TermHost) {
    this.#host = host;
  }

  apply(op: string, terms: readonly Term[], attributes: Readonly<Record<string, Attribute>> = {}): Term {
    return this.#host.apply(op, terms, attributes);
  }

  constant(shape: Shape, data: ArrayLike<number>): Term {
    return this.#host.constant(float32(shape, data));
  }

  number(value: number): Term {
    return this.constant([], [value]);
  }

  add(a: Term, b: Term): Term {
    return this.apply('Add', [a, b]);
  }

  subtract(a: Term, b: Term): Term {
    return this.apply('Sub', [a, b]);
  }

  multiply(a: Term, b: Term): Term {
    return this.apply('Mul', [a, b]);
  }

  divide(a: Term, b: Term): Term {
    return this.apply('Div', [a, b]);
  }

  scaled(a: Term, factor: number): Term {
    return factor === 1 ? a : this.multiply(a, this.number(factor));
  }

  shifted(a: Term, by: number): Term {
    return this.add(a, this.number(by));
  }

  /** A function of each element. */
  of(op: string, a: Term, attributes: Readonly<Record<string, Attribute>> = {}): Term {
    return this.apply(op, [a], attributes);
  }

  choose(condition: Term, a: Term, b: Term): Term {
    return this.apply('Where', [condition, a, b]);
  }

  /** 1 where a > b, else 0. */
  above(a: Term, b: Term): Term {
    return this.choose(this.apply('Greater', [a, b]), this.number(1), this.number(0));
  }

  /** 1 where a = b, else 0. */
  alike(a: Term, b: Term): Term {
    return this.choose(this.apply('Equal', [a, b]), this.number(1), this.number(0));
  }

  /** Along axes, which stay with extent 1. */
  sum(a: Term, axes: readonly number[]): Term {
    return axes.length === 0 ? a : this.apply('ReduceSum', [a], { axes: [...axes], keepdims: 1 });
  }

  mean(a: Term, axes: readonly number[]): Term {
    return axes.length === 0 ? a : this.apply('ReduceMean', [a], { axes: [...axes], keepdims: 1 });
  }

  /** The same elements of each image or row under another shape. */
  reshaped(a: Term, shape: Shape): Term {
    if (shape.length === a.shape.length && shape.every((dim, axis) => dim === a.shape[axis])) return a;
    const target = a.per === 'all' ? shape : [DYNAMIC, ...shape.slice(1)];
    return { ...this.apply('Reshape', [a], { shape: target }), shape };
  }

  /** Broadcast to a shape. */
  spread(a: Term, shape: Shape): Term {
    const wider = shape.some((dim, axis) => dim !== a.shape[axis]);
    return wider ? { ...this.apply('Expand', [a], { shape: [1, ...shape.slice(1)] }), shape } : a;
  }

  /** The transpose of broadcasting: sums over what was spread. */
  gathered(a: Term, shape: Shape): Term {
    const lead = a.shape.length - shape.length;
    const axes = a.shape.flatMap((dim, axis) => (axis < lead || (shape[axis - lead] === 1 && dim !== 1) ? [axis] : []));
    if (axes.includes(0)) throw new NoAdjoint('it spreads one value over all images');
    return this.reshaped(this.sum(a, axes), shape);
  }

  transposed(a: Term, perm: readonly number[]): Term {
    return this.apply('Transpose', [a], { perm: [...perm] });
  }

  /** Slices of one axis, by their places. */
  picked(a: Term, axis: number, places: readonly number[]): Term {
    const size = a.shape[axis] as number;
    if (places.length === size && places.every((place, i) => place === i)) return a;
    return this.apply('Gather', [a], { axis, indices: [...places] });
  }

  /** From `start`, in steps of `step`, `length` elements of each of some axes. */
  cut(a: Term, cuts: readonly { axis: number; start: number; step: number; length: number }[]): Term {
    const real = cuts.filter(({ axis, start, step, length }) => start !== 0 || step !== 1 || length !== a.shape[axis]);
    if (real.length === 0) return a;
    return this.apply('Slice', [a], {
      axes: real.map(({ axis }) => axis),
      starts: real.map(({ start }) => start),
      ends: real.map(({ start, step, length }) => start + step * (length - 1) + 1),
      steps: real.map(({ step }) => step),
    });
  }

  /** More elements before and behind axes. */
  padded(a: Term, pads: ReadonlyMap<number, readonly [number, number]>, value = 0): Term {
    if ([...pads.values()].every(([before, behind]) => before === 0 && behind === 0)) return a;
    const at = (side: 0 | 1): number[] => a.shape.map((_, axis) => pads.get(axis)?.[side] ?? 0);
    return this.apply('Pad', [a], { mode: 'constant', pads: [...at(0), ...at(1)], value });
  }
}
