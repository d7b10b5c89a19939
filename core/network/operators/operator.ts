import type { Tensor } from '../../tensor.js';
import type { Attribute, Node, Shape } from '../graph.js';

/** What an operator is to the search for sites. `bias` and `scale`: elementwise with a constant, as part of a convolution. */
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
  | 'layout'
  | 'other';

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

/** An ONNX node of opset 14 as it is emitted; `constants` become further inputs, in order. */
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
  role(node: Node, inputs: NodeInputs): Role;
  /** Whether no output element can be negative. */
  rectifies(node: Node): boolean;
  /** Shapes of the outputs. @throws PercussError MODEL_INVALID naming the node. */
  infer(node: Node, inputs: NodeInputs): readonly Shape[];
  /** Multiply-accumulates for one image (open dimensions count once); 0 for everything that is not a product sum. */
  macs(node: Node, inputs: NodeInputs, outputs: readonly Shape[]): number;
  channels(node: Node, inputs: NodeInputs, outputs: readonly Shape[]): ChannelSources;
  /** The window through which an output element sees its input; `global` for all of it; undefined: elementwise in space. */
  window?(node: Node, inputs: NodeInputs): Window | 'global';
  /** Inputs that hold statistics measured in training, which nobody counts as parameters. */
  readonly statistics?: readonly number[];
  emit(node: Node): Emission;
  /** The definition of the operator: plain loops, sums in float64 in fixed order. Open dimensions come from the tensors. */
  evaluate(node: Node, inputs: readonly (Tensor | undefined)[]): readonly Tensor[];
}
