import { float32, type Tensor } from '../../../tensor.js';
import type { Attribute, Shape, ValueId } from '../../../network/graph.js';
import { isKnown } from '../../open-dimension.js';
import type { OperatorName } from '../../../network/operators/table.js';
import { UnsupportedNode } from '../../unsupported.js';
import { isMap, shapeIn, type Activation, type Form, type GraphBuilder } from '../builder.js';
import { permuted } from '../permuted.js';
import type { GraphNode, NodeAttributes } from './graph-def.js';
import { spreadOf } from './spread.js';

/** A value of the graph: known on import, or computed from the images, which are its axis 0. */
export type Operand = Tensor | Activation;

export const isConstant = (operand: Operand): operand is Tensor => 'dtype' in operand;

export const isFloats = (operand: Operand): operand is Tensor<'float32'> =>
  isConstant(operand) && operand.dtype === 'float32';

/** One node of a TensorFlow graph on its way into ours: what its importer may ask and do. */
export class NodeCall {
  readonly node: GraphNode;
  readonly inputs: readonly Operand[];
  readonly builder: GraphBuilder;
  /** Names under which constants are kept: those of the nodes that hold them. */
  readonly #names: readonly string[];
  /** Number of images that the file fixes, where it does. */
  readonly images: number | undefined;

  constructor(
    node: GraphNode,
    inputs: readonly Operand[],
    names: readonly string[],
    builder: GraphBuilder,
    images: number | undefined,
  ) {
    this.node = node;
    this.inputs = inputs;
    this.builder = builder;
    this.#names = names;
    this.images = images;
  }

  get attributes(): NodeAttributes {
    return this.node.attributes;
  }

  input(index: number): Operand {
    const input = this.inputs[index];
    if (input === undefined) throw new UnsupportedNode(`its input ${index} is missing`);
    if (spreadOf(input)) throw new UnsupportedNode('it stands between SpaceToBatchND and BatchToSpaceND');
    return input;
  }

  activation(index: number): Activation {
    const input = this.input(index);
    if (isConstant(input)) throw new UnsupportedNode(`its input ${index} does not depend on the images`);
    return input;
  }

  /** An input that must be known. */
  constant(index: number, what: string): Tensor {
    const input = this.input(index);
    if (!isConstant(input)) throw new UnsupportedNode(`its ${what} must be constant, but depend on the images`);
    return input;
  }

  floats(index: number, what: string): Tensor<'float32'> {
    const constant = this.constant(index, what);
    if (!isFloats(constant)) throw new UnsupportedNode(`its ${what} are no floats`);
    return constant;
  }

  /** Whole numbers that must be known; open dimensions stay marked. */
  marked(index: number, what: string): readonly bigint[] {
    const constant = this.constant(index, what);
    if (constant.dtype !== 'int64') throw new UnsupportedNode(`its ${what} are no whole numbers`);
    this.builder.effort.read([constant], this.node.op);
    return Array.from((constant as Tensor<'int64'>).data);
  }

  ints(index: number, what: string): readonly number[] {
    return this.marked(index, what).map((value) => {
      if (!isKnown(value)) throw new UnsupportedNode(`its ${what} depend on an open dimension`);
      return Number(value);
    });
  }

  /** A map in our order of axes; its `shape` is [height, width, channels]. */
  mapIn(input: Activation): {
    readonly value: ValueId;
    readonly shape: readonly [number, number, number];
    readonly form: Form;
  } {
    if (!isMap(input)) {
      throw new UnsupportedNode(`it takes [images, height, width, channels], got ${input.shape.length + 1} dimensions`);
    }
    const form = this.channelForm();
    const [channels, height, width] = shapeIn(form, input) as [number, number, number];
    return { value: this.builder.form(input, form), shape: [height, width, channels], form };
  }

  /** The form in which channels are axis 1: with `NCHW` that is TensorFlow's own. */
  channelForm(): Form {
    const format = this.attributes.text('data_format', 'NHWC');
    if (format !== 'NHWC' && format !== 'NCHW') throw new UnsupportedNode(`data_format ${format}`);
    return format === 'NHWC' ? 'nchw' : 'keras';
  }

  /** An activation from a map in our order of axes. */
  mapOf(form: Form, value: ValueId, [height, width, channels]: readonly [number, number, number]): Activation {
    return inForm(form === 'nchw' ? [height, width, channels] : [channels, height, width], form, value);
  }

  /** Adds a node of ours: the main one, or one that `part` names. */
  emit(
    op: OperatorName,
    part: string,
    inputs: readonly ValueId[],
    attributes: Readonly<Record<string, Attribute>> = {},
  ): ValueId {
    return this.builder.node(op, this.path(part), inputs, { attributes });
  }

  path(part: string): string {
    return part === '' ? this.node.name : `${this.node.name}/${part}`;
  }

  /** A constant input under its own name, maybe with its elements in another order. */
  weight(index: number, tensor: Tensor): ValueId {
    return this.builder.constant(this.#names[index] ?? this.path(`input${index}`), tensor);
  }

  literal(part: string, tensor: Tensor): ValueId {
    return this.builder.constant(this.path(part), tensor);
  }

  /** A constant input so that it broadcasts with activations of `rank` dimensions in this form. */
  beside(index: number, tensor: Tensor<'float32'>, rank: number, form: Form): ValueId {
    if (form === 'keras' || rank !== 4 || tensor.data.length === 1) return this.weight(index, tensor);
    const { shape } = tensor;
    if (shape.length > 4) throw new UnsupportedNode(`it broadcasts ${shape.length} dimensions with 4`);
    // Images' axis: 1 or left out, since every image is treated alike.
    const [images, ...map] = [...Array.from({ length: 4 - shape.length }, () => 1), ...shape];
    if (images !== 1) throw new UnsupportedNode('its constant has a number of images');
    return this.weight(index, permuted(float32(map, tensor.data), [2, 0, 1]));
  }
}

export const inForm = (shape: Shape, form: Form, value: ValueId): Activation => ({ shape, forms: { [form]: value } });

/** Turns one node into values, one for each of its outputs. */
export type NodeImporter = (call: NodeCall) => Operand | readonly Operand[];
