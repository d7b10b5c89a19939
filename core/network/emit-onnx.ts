import { create } from '@bufbuild/protobuf';
import {
  AttributeProto_AttributeType,
  AttributeProtoSchema,
  NodeProtoSchema,
  OperatorSetIdProtoSchema,
  StringStringEntryProtoSchema,
  TensorProto_DataType,
  TensorProtoSchema,
  TensorShapeProto_DimensionSchema,
  TensorShapeProtoSchema,
  TypeProto_TensorSchema,
  TypeProtoSchema,
  ValueInfoProtoSchema,
  type AttributeProto,
  type NodeProto,
  type ValueInfoProto,
} from 'onnx-buf';
import type { DType, Tensor } from '../tensor.js';
import { DYNAMIC, type Attribute, type Graph, type Node, type Shape, type ValueId } from './graph.js';
import { operatorOf } from './operators/table.js';
import { encodeModel, type Initializer } from './encode-onnx.js';

/** The oldest opset that has every operator of a graph; 14 at least, so that graphs without newer ones are written alike. */
function opsetFor(graph: Graph): number {
  return Math.max(14, ...graph.nodes.map((node) => operatorOf(node).since ?? 0));
}

/** IR 8 came with opset 15 and is read wherever 14 is; opset 19 asks for IR 9. */
const irFor = (opset: number): bigint => (opset < 19 ? 8n : 9n);

const dataTypes: Readonly<Record<DType, TensorProto_DataType>> = {
  float32: TensorProto_DataType.FLOAT,
  float64: TensorProto_DataType.DOUBLE,
  int32: TensorProto_DataType.INT32,
  int64: TensorProto_DataType.INT64,
  uint8: TensorProto_DataType.UINT8,
  uint16: TensorProto_DataType.UINT16,
  bool: TensorProto_DataType.BOOL,
};

/** Numbers that ONNX types as float; all other numbers are integers. */
const floatAttributes = new Set(['alpha', 'beta', 'bias', 'epsilon', 'gamma']);

function attributeProto(name: string, value: Attribute): AttributeProto {
  const T = AttributeProto_AttributeType;
  if (typeof value === 'string')
    return create(AttributeProtoSchema, { name, type: T.STRING, s: new TextEncoder().encode(value) });
  if (typeof value === 'object') return create(AttributeProtoSchema, { name, type: T.INTS, ints: value.map(BigInt) });
  if (floatAttributes.has(name)) return create(AttributeProtoSchema, { name, type: T.FLOAT, f: value });
  return create(AttributeProtoSchema, { name, type: T.INT, i: BigInt(value) });
}

function initializerOf(name: string, { dtype, shape, data }: Tensor): Initializer {
  return {
    head: create(TensorProtoSchema, { name, dataType: dataTypes[dtype], dims: shape.map(BigInt) }),
    data: new Uint8Array(data.buffer as ArrayBuffer, data.byteOffset, data.byteLength),
  };
}

function valueProto(name: string, shape: Shape, dtype: DType, newSymbol: () => string): ValueInfoProto {
  const dim = shape.map((size) =>
    create(TensorShapeProto_DimensionSchema, {
      value: size === DYNAMIC ? { case: 'dimParam', value: newSymbol() } : { case: 'dimValue', value: BigInt(size) },
    }),
  );
  const tensorType = create(TypeProto_TensorSchema, {
    elemType: dataTypes[dtype],
    shape: create(TensorShapeProtoSchema, { dim }),
  });
  return create(ValueInfoProtoSchema, {
    name,
    type: create(TypeProtoSchema, { value: { case: 'tensorType', value: tensorType } }),
  });
}

/** What only percuss knows of a node, so that a graph read back is the same. */
function metadataOf(node: Node): readonly { key: string; value: string }[] {
  return [
    { key: 'percuss.path', value: node.path },
    { key: 'percuss.aliases', value: node.aliases.join('\n') },
  ];
}

/**
 * The graph as an ONNX model of opset 14, or newer where an operator asks for it, with constants as raw initialisers. Reading
 * it again with `importOnnx` gives an equal graph.
 */
export function emitOnnx(graph: Graph): Uint8Array {
  const opset = opsetFor(graph);
  let symbols = 0;
  const newSymbol = (): string => `open_${symbols++}`;
  const initializers = [...graph.constants].map(([id, constant]) => initializerOf(id, constant));
  const extra = (node: Node, i: number): ValueId => {
    let id = `${node.id}/constant${i}`;
    while (graph.shapes.has(id)) id += '_';
    return id;
  };
  const node: NodeProto[] = graph.nodes.map((own) => {
    const { opType, attributes, constants = [] } = operatorOf(own).emit(own, opset);
    const added = constants.map((constant, i) => {
      const id = extra(own, i);
      initializers.push(initializerOf(id, constant));
      return id;
    });
    return create(NodeProtoSchema, {
      name: own.id,
      opType,
      input: [...own.inputs, ...added],
      output: [...own.outputs],
      attribute: Object.entries(attributes).map(([name, value]) => attributeProto(name, value)),
      metadataProps: metadataOf(own).map((entry) => create(StringStringEntryProtoSchema, entry)),
    });
  });
  return encodeModel({
    irVersion: irFor(opset),
    opsetImport: [create(OperatorSetIdProtoSchema, { domain: '', version: BigInt(opset) })],
    name: graph.name === '' ? 'graph' : graph.name,
    node,
    initializers,
    input: graph.inputs.map((input) => valueProto(input.id, input.shape, input.dtype, newSymbol)),
    output: graph.outputs.map((id) =>
      valueProto(id, graph.shapes.get(id) as Shape, graph.truths.has(id) ? 'bool' : 'float32', newSymbol),
    ),
  });
}
