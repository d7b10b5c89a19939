import { create, toBinary } from '@bufbuild/protobuf';
import {
  AttributeProto_AttributeType as Type,
  AttributeProtoSchema,
  GraphProtoSchema,
  ModelProtoSchema,
  NodeProtoSchema,
  OperatorSetIdProtoSchema,
  StringStringEntryProtoSchema,
  TensorProto_DataLocation,
  TensorProto_DataType,
  TensorProtoSchema,
  TensorShapeProto_DimensionSchema,
  TensorShapeProtoSchema,
  TypeProto_TensorSchema,
  TypeProtoSchema,
  ValueInfoProtoSchema,
  type TensorProto,
  type ValueInfoProto,
} from 'onnx-buf';
import { evaluateGraph } from '../../core/engine/reference.js';
import { importOnnx } from '../../core/import/onnx/import-onnx.js';
import type { Graph } from '../../core/network/graph.js';
import type { Tensor } from '../../core/tensor.js';

export interface OnnxNode {
  readonly op: string;
  readonly inputs: readonly string[];
  readonly outputs: readonly string[];
  readonly name?: string;
  readonly domain?: string;
  readonly attributes?: Readonly<Record<string, number | string | readonly number[] | TensorProto>>;
  readonly metadata?: Readonly<Record<string, string>>;
}

export interface OnnxModel {
  readonly opset?: number;
  readonly inputs: Readonly<Record<string, readonly (number | string)[]>>;
  readonly outputs: readonly string[];
  readonly nodes: readonly OnnxNode[];
  readonly initialisers?: readonly TensorProto[];
  /** Element type of the inputs; float. */
  readonly inputType?: TensorProto_DataType;
}

export const floats = (name: string, dims: readonly number[], data?: readonly number[]): TensorProto =>
  create(TensorProtoSchema, {
    name,
    dims: dims.map(BigInt),
    dataType: TensorProto_DataType.FLOAT,
    floatData: data
      ? [...data]
      : Array.from({ length: dims.reduce((a, b) => a * b, 1) }, (_, i) => ((i * 37) % 11) / 11 - 0.5),
  });

export const integers = (name: string, data: readonly number[], scalar = false): TensorProto =>
  create(TensorProtoSchema, {
    name,
    dims: scalar ? [] : [BigInt(data.length)],
    dataType: TensorProto_DataType.INT64,
    int64Data: data.map(BigInt),
  });

export const halves = (name: string, bits: readonly number[]): TensorProto =>
  create(TensorProtoSchema, {
    name,
    dims: [BigInt(bits.length)],
    dataType: TensorProto_DataType.FLOAT16,
    rawData: new Uint8Array(Uint16Array.from(bits).buffer),
  });

/** Seeded weights of 16 bits: IEEE halves, or the upper halves of float32. */
export function narrowFloats(name: string, dims: readonly number[], type: 'FLOAT16' | 'BFLOAT16'): TensorProto {
  const length = dims.reduce((a, b) => a * b, 1);
  // Signs and fractions vary; exponents are those of 2^-4 to 2^-1.
  const bits = Uint16Array.from({ length }, (_, i) => {
    const [sign, exponent, fraction] = [(i % 3 === 0 ? 1 : 0) << 15, i % 4, (i * 397) & 0x3ff];
    return type === 'FLOAT16'
      ? sign | ((11 + exponent) << 10) | fraction
      : sign | ((123 + exponent) << 7) | (fraction >> 3);
  });
  const dataType = TensorProto_DataType[type];
  return create(TensorProtoSchema, { name, dims: dims.map(BigInt), dataType, rawData: new Uint8Array(bits.buffer) });
}

export const doubles = (name: string, data: readonly number[]): TensorProto =>
  create(TensorProtoSchema, {
    name,
    dims: [BigInt(data.length)],
    dataType: TensorProto_DataType.DOUBLE,
    doubleData: [...data],
  });

export const elsewhere = (name: string): TensorProto =>
  create(TensorProtoSchema, {
    name,
    dims: [1n],
    dataType: TensorProto_DataType.FLOAT,
    dataLocation: TensorProto_DataLocation.EXTERNAL,
  });

function attribute(name: string, value: number | string | readonly number[] | TensorProto) {
  if (typeof value === 'string')
    return create(AttributeProtoSchema, { name, type: Type.STRING, s: new TextEncoder().encode(value) });
  if (typeof value === 'number') {
    return Number.isInteger(value)
      ? create(AttributeProtoSchema, { name, type: Type.INT, i: BigInt(value) })
      : create(AttributeProtoSchema, { name, type: Type.FLOAT, f: value });
  }
  if ('dims' in value) return create(AttributeProtoSchema, { name, type: Type.TENSOR, t: value });
  return create(AttributeProtoSchema, { name, type: Type.INTS, ints: value.map(BigInt) });
}

export function info(name: string, dims: readonly (number | string)[], elemType: TensorProto_DataType): ValueInfoProto {
  const dim = dims.map((size) =>
    create(TensorShapeProto_DimensionSchema, {
      value: typeof size === 'string' ? { case: 'dimParam', value: size } : { case: 'dimValue', value: BigInt(size) },
    }),
  );
  const value = create(TypeProto_TensorSchema, { elemType, shape: create(TensorShapeProtoSchema, { dim }) });
  return create(ValueInfoProtoSchema, {
    name,
    type: create(TypeProtoSchema, { value: { case: 'tensorType', value } }),
  });
}

/** The bytes of an .onnx file, as other tools write them. */
export function onnxFile(model: OnnxModel): Uint8Array {
  const { FLOAT } = TensorProto_DataType;
  const node = model.nodes.map(({ op, inputs, outputs, name = '', domain = '', attributes = {}, metadata = {} }) =>
    create(NodeProtoSchema, {
      opType: op,
      name,
      domain,
      input: [...inputs],
      output: [...outputs],
      attribute: Object.entries(attributes).map(([key, value]) => attribute(key, value)),
      metadataProps: Object.entries(metadata).map(([key, value]) =>
        create(StringStringEntryProtoSchema, { key, value }),
      ),
    }),
  );
  const graph = create(GraphProtoSchema, {
    name: 'test',
    node,
    initializer: [...(model.initialisers ?? [])],
    input: Object.entries(model.inputs).map(([name, dims]) => info(name, dims, model.inputType ?? FLOAT)),
    output: model.outputs.map((name) => info(name, [], FLOAT)),
  });
  const opsetImport = [create(OperatorSetIdProtoSchema, { domain: '', version: BigInt(model.opset ?? 13) })];
  return toBinary(ModelProtoSchema, create(ModelProtoSchema, { irVersion: 8n, opsetImport, graph }));
}

/** The network that percuss makes of such a file. */
export const read = (model: OnnxModel): Graph => importOnnx('net', onnxFile(model));

export const opsOf = (model: OnnxModel): string[] => read(model).nodes.map((node) => node.op);

/** Its first output for an input called x, by the reference engine. */
export function valueOf(model: OnnxModel, x: Tensor): number[] {
  const [output] = evaluateGraph(read(model), new Map([['x', x]])).values();
  return Array.from(output?.data as Float32Array);
}
