import { create, toBinary, type DescField } from '@bufbuild/protobuf';
import {
  GraphProtoSchema,
  ModelProtoSchema,
  TensorProtoSchema,
  type GraphProto,
  type ModelProto,
  type TensorProto,
} from 'onnx-buf';

/** A constant: a head without its numbers, and these. */
export interface Initializer {
  readonly head: TensorProto;
  readonly data: Uint8Array;
}

/** What percuss writes of an ONNX model: the model's and its graph's own fields side by side. */
export interface Model
  extends Pick<ModelProto, 'irVersion' | 'opsetImport'>, Pick<GraphProto, 'name' | 'node' | 'input' | 'output'> {
  readonly initializers: readonly Initializer[];
}

/**
 * The model in ONNX's format, with fields in the order of their numbers: the bytes that protobuf's own writer gives. That one lets
 * an array grow while it writes and copies it at the end, which takes three times the weights for a while.
 */
export function encodeModel(model: Model): Uint8Array {
  const { irVersion, opsetImport, name, node, initializers, input, output } = model;
  const tensors = initializers.flatMap(({ head, data }) => {
    const before = toBinary(TensorProtoSchema, head);
    const field = TensorProtoSchema.field.rawData;
    return delimited(GraphProtoSchema.field.initializer, [before, ...delimited(field, [data])]);
  });
  const parts = [
    toBinary(ModelProtoSchema, create(ModelProtoSchema, { irVersion, producerName: 'percuss' })),
    ...delimited(ModelProtoSchema.field.graph, [
      toBinary(GraphProtoSchema, create(GraphProtoSchema, { name, node })),
      ...tensors,
      toBinary(GraphProtoSchema, create(GraphProtoSchema, { input, output })),
    ]),
    toBinary(ModelProtoSchema, create(ModelProtoSchema, { opsetImport })),
  ];
  const bytes = new Uint8Array(lengthOf(parts));
  let at = 0;
  for (const part of parts) {
    bytes.set(part, at);
    at += part.length;
  }
  return bytes;
}

const LENGTH_DELIMITED = 2;

const lengthOf = (parts: readonly Uint8Array[]): number => parts.reduce((sum, part) => sum + part.length, 0);

/** A field that holds bytes or a message, whose bytes are given. */
function delimited({ number }: DescField, content: readonly Uint8Array[]): readonly Uint8Array[] {
  return [varint(number * 8 + LENGTH_DELIMITED), varint(lengthOf(content)), ...content];
}

/** Seven bits a byte, the lowest first (protobuf's encoding guide, "Base 128 Varints"). Lengths above 2³² bytes work. */
function varint(value: number): Uint8Array {
  const bytes: number[] = [];
  let rest = value;
  for (; rest >= 128; rest = Math.floor(rest / 128)) bytes.push((rest % 128) + 128);
  return Uint8Array.from([...bytes, rest]);
}
