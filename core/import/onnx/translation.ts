import { PercussError } from '../../errors.js';
import type { Tensor } from '../../tensor.js';
import type { NodeDraft } from '../../network/build.js';
import type { Attribute, Shape, ValueId } from '../../network/graph.js';
import type { Effort } from '../effort.js';
import { isKnown } from '../open-dimension.js';
import type { OperatorName } from '../../network/operators/table.js';
import { UnsupportedNode } from '../unsupported.js';
import type { Attributes } from './decode.js';

/**
 * Positions computed from the open number of images: scale · image + offsets, of shape [images, …shape]. PyTorch's newer
 * exporter writes so what amounts to a Reshape (`as_strided` behind a pool, in ConvNeXt).
 */
export interface BatchIndex {
  readonly scale: number;
  readonly shape: Shape;
  /** Row-major, for one image. */
  readonly offsets: readonly number[];
}

/** One ONNX node on its way into the graph: what a rule may ask and do. */
export interface Translation {
  readonly model: string;
  readonly opType: string;
  readonly opset: number;
  readonly attributes: Attributes;
  /** Value names, '' for an optional input left out. */
  readonly inputs: readonly ValueId[];
  readonly outputs: readonly ValueId[];
  /** The batch size that the file fixes and that this import leaves open. */
  readonly freedBatch: number | undefined;
  /** The shape of an input; unsupported if it is missing. */
  shape(input: number): Shape;
  shapeOf(value: ValueId): Shape | undefined;
  constant(input: number): Tensor | undefined;
  /** Whether an input holds truth values. */
  isTruth(input: number): boolean;
  /** The input, where it holds positions that depend on the open number of images. */
  batchIndex(input: number): BatchIndex | undefined;
  /** The node of ours that writes an input. */
  producer(input: number): NodeDraft | undefined;
  /** Adds a node, or computes it at once if everything it reads is constant. Default outputs: those of the ONNX node. */
  add(
    op: OperatorName,
    inputs: readonly ValueId[],
    attributes: Readonly<Record<string, Attribute>>,
    outputs?: readonly ValueId[],
  ): void;
  /** Whether a node or the world reads a value of this name. */
  isRead(value: ValueId): boolean;
  /** A value name for an intermediate result. */
  intermediate(label: string): ValueId;
  /** A constant of our own beside the node. */
  literal(label: string, constant: Tensor): ValueId;
  /** Makes output number `output` another name of a value. */
  alias(value: ValueId, output?: number): void;
  define(output: number, constant: Tensor): void;
  /** What computing constants may still take. */
  readonly effort: Effort;
}

/** How one ONNX operator is expressed by ours. */
export type Rule = (t: Translation) => void;

/** A list of integers from an attribute (older opsets) or a constant input (newer ones); undefined if neither is given. */
export function integers(t: Translation, attribute: string, input: number): readonly bigint[] | undefined {
  const given = t.attributes.ints(attribute, undefined);
  if (given !== undefined) return given.map(BigInt);
  if ((t.inputs[input] ?? '') === '') return undefined;
  const constant = t.constant(input);
  if (constant === undefined) throw new UnsupportedNode(`its ${attribute} must be constant, but depend on the input`);
  if (constant.dtype !== 'int64' || constant.shape.length > 1)
    throw new UnsupportedNode(`its ${attribute} are no list of whole numbers`);
  t.effort.read([constant], t.opType);
  return Array.from(constant.data as ArrayLike<number | bigint>, (value) => BigInt(value));
}

/** As `integers`, all of which must be known. Beyond ±(2³¹ − 1), which ONNX uses for "to the end", they are clamped. */
export function numbers(t: Translation, attribute: string, input: number): readonly number[] | undefined {
  return integers(t, attribute, input)?.map((value) => {
    if (!isKnown(value)) throw new UnsupportedNode(`its ${attribute} depend on an open dimension`);
    return Math.min(Math.max(Number(value), -largest), largest);
  });
}

export const largest = 2 ** 31 - 1;

/** A single float from an attribute or a constant input. */
export function scalar(t: Translation, attribute: string, input: number, otherwise: number): number {
  const given = t.attributes.float(attribute, undefined);
  if (given !== undefined) return given;
  if ((t.inputs[input] ?? '') === '') return otherwise;
  const constant = t.constant(input);
  if (constant === undefined || constant.data.length !== 1)
    throw new UnsupportedNode(`its ${attribute} must be constant`);
  return Number(constant.data[0]);
}

export function invalidModel(model: string, complaint: string): PercussError {
  return new PercussError('MODEL_INVALID', `model "${model}": ${complaint}`, { details: { model } });
}
