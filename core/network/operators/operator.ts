import type { Tensor } from '../../tensor.js';
import type { Attribute, Operation, Shape, ValueId } from '../operation.js';
import type { Adjoint } from './term.js';

/**
 * What an operator is to the search for sites. `bias` and `scale`: elementwise with a constant, as part of a convolution.
 * `product`: activations multiplied (or divided) channel by channel, as gates do. `choice`: another function of several
 * activations, element by element (Max, Min, Where, comparisons).
 */
export type Role =
  | 'convolution'
  | 'dense'
  | 'normalisation'
  | 'activation'
  | 'identity'
  | 'bias'
  | 'scale'
  | 'pooling'
  | 'join'
  | 'product'
  | 'choice'
  | 'layout'
  | 'other';

/**
 * What an operator is to a normalisation that a file holds as several nodes: `statistic` gathers along axes, `power` is a
 * function of one element that statistics are made with, `exponent` one by a constant, `normalise` is a normalisation by itself, whose channel c is
 * channel c before, however many others it looks at.
 */
export type Arithmetic =
  | 'sum'
  | 'difference'
  | 'product'
  | 'quotient'
  | 'power'
  | 'exponent'
  | 'reciprocal'
  | 'statistic'
  | 'normalise'
  | 'reshape'
  | 'transpose'
  | 'expand';

/** Between which numbers the elements of a value lie, both included; ±∞ where nobody knows. Truth values: 0 and 1. */
export interface Range {
  readonly low: number;
  readonly high: number;
  /** Of a comparison: between which numbers a value that it reads lies where it holds, and where it does not. */
  readonly implied?: {
    readonly value: ValueId;
    readonly where: Omit<Range, 'implied'>;
    readonly elsewhere: Omit<Range, 'implied'>;
  };
}

/** What the elements of a value are: numbers, or truth values as comparisons give and Where reads. */
export type ElementType = 'float32' | 'bool';

/** What engines compute together with the product of sums before it. */
export const fusibleRoles: ReadonlySet<Role> = new Set<Role>(['normalisation', 'activation', 'bias', 'scale']);

/** Channel `channel` of activation input number `input` of the node. */
export interface ChannelSource {
  readonly input: number;
  readonly channel: number;
}

/**
 * What each output channel is made of, one to one: entry c lists the input channels that output channel c carries or
 * transforms by itself (two for an Add, none for padding). `mixed` where channels are combined or have no meaning.
 */
export type ChannelSources = readonly (readonly ChannelSource[])[] | 'mixed';

/** The channels (axis 1) that are left of each input and output of a node, ascending; undefined: all, or there are none. */
export interface KeptChannels {
  readonly inputs: readonly (readonly number[] | undefined)[];
  readonly outputs: readonly (readonly number[] | undefined)[];
}

/** What a node with fewer channels is: attributes that changed, and constant inputs by their place. */
export interface Narrowed {
  readonly attributes: Readonly<Record<string, Attribute>>;
  readonly constants: ReadonlyMap<number, Tensor>;
}

/** A sliding window, for receptive fields: [rows, columns]. */
export interface Window {
  readonly size: readonly [number, number];
  readonly stride: readonly [number, number];
  /** Padding before the first row and column. */
  readonly padding: readonly [number, number];
  readonly dilation: readonly [number, number];
}

/** Shapes and constants of a node's inputs, in order; `shapes[i]` is undefined for an optional input left out. */
export interface NodeInputs {
  readonly shapes: readonly (Shape | undefined)[];
  /** The tensor, where the input is a constant. */
  readonly constants: readonly (Tensor | undefined)[];
}

/** An ONNX node as it is emitted; `constants` become further inputs, in order. */
export interface Emission {
  readonly opType: string;
  readonly attributes: Readonly<Record<string, Attribute>>;
  readonly constants?: readonly Tensor[];
}

/**
 * All that percuss knows of one operator: one file each, one row in `table.ts`. Whoever needs to know something about a
 * node asks its row; nobody else branches on operator names.
 */
export interface Operator {
  role(node: Operation, inputs: NodeInputs): Role;
  /** The ONNX opset in which it appeared, where that is newer than the one that is emitted otherwise (14). */
  readonly since?: number;
  /** Whether no output element can be negative. */
  rectifies(node: Operation): boolean;
  /** Whether no output element can be negative where no input element is. */
  keepsSign?(node: Operation): boolean;
  /** Between which numbers the output lies, given that of each input; where it says more than the two above. */
  range?(node: Operation, ranges: readonly Range[]): Range;
  /** What it can be in a normalisation of several nodes; undefined: no part of one. */
  readonly arithmetic?: Arithmetic;
  /** What its outputs hold, given what its inputs do; undefined: it is not made for such. By default numbers of numbers. */
  types?(inputs: readonly ElementType[]): ElementType | undefined;
  /** Shapes of the outputs. @throws PercussError MODEL_INVALID naming the node. */
  infer(node: Operation, inputs: NodeInputs): readonly Shape[];
  /** Multiply-accumulates for one image (open dimensions count once); 0 for everything that is not a product sum. */
  macs(node: Operation, inputs: NodeInputs, outputs: readonly Shape[]): number;
  /** Steps of `evaluate` besides one for each element read and written; none where it is left out. */
  work?(node: Operation, inputs: NodeInputs, outputs: readonly Shape[]): number;
  /** What the channels of one output are made of; `output` is 0 but for operators that have several. */
  channels(node: Operation, inputs: NodeInputs, outputs: readonly Shape[], output: number): ChannelSources;
  /**
   * Whether along `axis` of input number `input`, which is the images', elements meet in one output element or do not keep
   * their places; left out: never. An output that has no such axis needs no word.
   */
  imagesMeet?(node: Operation, inputs: NodeInputs, input: number, axis: number): boolean;
  /** Where an axis of the input stands in the output, for operators that move axes. */
  axisBehind?(node: Operation, axis: number): number;
  /**
   * The node without some of its channels: attributes that change, and the constants that it reads then. Left out: its constants
   * are broadcast, and its attributes say nothing of channels.
   */
  narrow?(node: Operation, inputs: NodeInputs, kept: KeptChannels): Narrowed;
  /**
   * Whether what it does to channels is linear, adds nothing and is the same for each, so that a channel that is a sum of others is one behind it, too;
   * left out: no.
   */
  passesSums?(node: Operation): boolean;
  /** Of a product with constant weights, at input 1: along which of their axes all channels of input 0 are read; undefined: not all by each output. */
  readAxis?(node: Operation): number | undefined;
  /** The window through which an output element sees its input; `global` for all of it; undefined: elementwise in space. */
  window?(node: Operation, inputs: NodeInputs): Window | 'global' | undefined;
  /** Inputs that hold statistics measured in training, which nobody counts as parameters. */
  readonly statistics?: readonly number[];
  /** For the given ONNX opset: 14 or newer. */
  emit(node: Operation, opset: number): Emission;
  /** How cotangents pass backwards; held to the definition by differences (`test/engine/adjoint.test.ts`). */
  readonly adjoint: Adjoint;
  /** The definition of the operator: plain loops, sums in float64 in fixed order. Open dimensions come from the tensors. */
  evaluate(node: Operation, inputs: readonly (Tensor | undefined)[]): readonly Tensor[];
}
