import { fromBinary } from '@bufbuild/protobuf';
import {
  AttributeProto_AttributeType,
  ModelProtoSchema,
  TensorProto_DataType,
  type AttributeProto,
  type GraphProto,
  type ModelProto,
  type NodeProto,
  type TensorProto,
} from 'onnx-buf';
import { PercussError } from '../../errors.js';
import { limits } from '../../limits.js';
import { sizeOf, tensor, type Tensor } from '../../tensor.js';
import { misshapen, within } from '../../network/budget.js';
import { isKnown } from '../open-dimension.js';
import { UnsupportedNode } from '../unsupported.js';
import { countMessages } from './count-messages.js';

const T = TensorProto_DataType;
const A = AttributeProto_AttributeType;

/** Element types that become float32, int64 and bool; everything else is refused. */
export type Kind = 'float32' | 'int64' | 'bool';

const kinds: Readonly<Partial<Record<number, Kind>>> = {
  [T.FLOAT]: 'float32',
  [T.DOUBLE]: 'float32',
  [T.FLOAT16]: 'float32',
  [T.BFLOAT16]: 'float32',
  [T.INT64]: 'int64',
  [T.INT32]: 'int64',
  [T.INT16]: 'int64',
  [T.INT8]: 'int64',
  [T.UINT32]: 'int64',
  [T.UINT16]: 'int64',
  [T.UINT8]: 'int64',
  [T.BOOL]: 'bool',
};

/** What elements of an ONNX type become here; undefined for strings, complex numbers and the like. */
export function kindOf(dataType: number): Kind | undefined {
  return kinds[dataType];
}

/** The name of an ONNX element type, for people. */
export function typeName(dataType: number): string {
  return T[dataType] ?? `type ${dataType}`;
}

/**
 * Parses an .onnx file.
 * @throws PercussError FILE_DAMAGED naming the model, for anything that is not a whole ONNX model; LIMIT_EXCEEDED for one with too many parts.
 */
export function decodeModel(name: string, bytes: Uint8Array): ModelProto & { graph: GraphProto } {
  const invalid = (complaint: string, cause?: unknown): PercussError =>
    new PercussError('FILE_DAMAGED', `model "${name}": ${complaint}`, { details: { model: name }, cause });
  within(name, 'messages', countMessages(ModelProtoSchema, bytes, limits.messages.value));
  let model: ModelProto;
  try {
    model = fromBinary(ModelProtoSchema, bytes, { readUnknownFields: false });
  } catch (cause) {
    throw invalid('not an ONNX file, or a damaged one: it cannot be parsed. Export or download it again', cause);
  }
  const { graph } = model;
  if (graph === undefined || graph.output.length === 0 || model.opsetImport.length === 0) {
    throw invalid('not an ONNX model, or a damaged one: it has no graph with outputs. Export or download it again');
  }
  countParts(name, graph);
  return { ...model, graph };
}

/** @throws PercussError LIMIT_EXCEEDED where there is more of something than whoever looks at it can bear. */
function countParts(model: string, graph: GraphProto): void {
  within(model, 'nodes', graph.node.length);
  within(model, 'constants', graph.initializer.length);
  within(model, 'outputs', graph.output.length);
  const named = (name: string): void => within(model, 'nameLength', name.length, `name "${name.slice(0, 40)}…"`);
  for (const { name, opType, domain, input, output } of graph.node) {
    for (const text of [name, opType, domain, ...input, ...output]) named(text);
    within(model, 'ports', input.length + output.length, `node "${name}"`);
  }
  for (const { name } of [...graph.initializer, ...graph.input, ...graph.output]) named(name);
}

/** A 16-bit IEEE half as a number. */
function half(bits: number): number {
  const [exponent, fraction] = [(bits >> 10) & 31, bits & 1023];
  const magnitude =
    exponent === 0
      ? fraction * 2 ** -24
      : exponent === 31
        ? fraction === 0
          ? Infinity
          : Number.NaN
        : (1 + fraction / 1024) * 2 ** (exponent - 15);
  return bits & 0x8000 ? -magnitude : magnitude;
}

const scratch = new DataView(new ArrayBuffer(4));

/** The upper half of a float32 as a number. */
function brain(bits: number): number {
  scratch.setUint16(0, bits);
  scratch.setUint16(2, 0);
  return scratch.getFloat32(0);
}

type Reader = (view: DataView, at: number) => number | bigint;
const readers: Readonly<Partial<Record<number, readonly [bytes: number, Reader]>>> = {
  [T.FLOAT]: [4, (view, at) => view.getFloat32(at, true)],
  [T.DOUBLE]: [8, (view, at) => view.getFloat64(at, true)],
  [T.FLOAT16]: [2, (view, at) => half(view.getUint16(at, true))],
  [T.BFLOAT16]: [2, (view, at) => brain(view.getUint16(at, true))],
  [T.INT64]: [8, (view, at) => view.getBigInt64(at, true)],
  [T.INT32]: [4, (view, at) => view.getInt32(at, true)],
  [T.INT16]: [2, (view, at) => view.getInt16(at, true)],
  [T.INT8]: [1, (view, at) => view.getInt8(at)],
  [T.UINT32]: [4, (view, at) => view.getUint32(at, true)],
  [T.UINT16]: [2, (view, at) => view.getUint16(at, true)],
  [T.UINT8]: [1, (view, at) => view.getUint8(at)],
  [T.BOOL]: [1, (view, at) => view.getUint8(at)],
};

function elementsOf(proto: TensorProto, raw: Uint8Array): ArrayLike<number | bigint> {
  const type = proto.dataType;
  if (raw.length > 0) {
    const [bytes, read] = readers[type] as readonly [number, Reader];
    // Its length is told by the caller: a rest is no element.
    if (raw.length % bytes !== 0) return { length: raw.length / bytes };
    if (type === T.FLOAT) return new Float32Array(new Uint8Array(raw).buffer, 0, Math.floor(raw.length / 4));
    const view = new DataView(raw.buffer, raw.byteOffset, raw.byteLength);
    const length = Math.floor(raw.length / bytes);
    const element = (_: unknown, i: number): number | bigint => read(view, i * bytes);
    // Weights of 16 bits are too many for an array of numbers in between.
    if (kindOf(type) === 'float32') return Float32Array.from({ length }, element as (_: unknown, i: number) => number);
    return Array.from({ length }, element);
  }
  if (type === T.FLOAT) return proto.floatData;
  if (type === T.DOUBLE) return proto.doubleData;
  if (type === T.INT64) return proto.int64Data;
  if (type === T.UINT32) return proto.uint64Data;
  if (type === T.FLOAT16) return proto.int32Data.map((bits) => half(bits & 0xffff));
  if (type === T.BFLOAT16) return proto.int32Data.map((bits) => brain(bits & 0xffff));
  return proto.int32Data;
}

/**
 * A constant: floats of any width as float32, integers as int64, copied.
 * @param raw its bytes, where they are not in the model itself.
 * @throws PercussError MODEL_UNSUPPORTED for other types, MODEL_INVALID for a wrong length.
 */
export function decodeTensor(model: string, proto: TensorProto, raw: Uint8Array = proto.rawData): Tensor {
  const kind = kindOf(proto.dataType);
  const where = `model "${model}", constant "${proto.name}"`;
  if (kind === undefined) {
    throw new PercussError(
      'MODEL_UNSUPPORTED',
      `${where}: elements of type ${typeName(proto.dataType)} are not supported`,
      {
        details: { model },
      },
    );
  }
  const shape = proto.dims.map(Number);
  const complaint = misshapen(shape) ?? (shape.includes(-1) ? `its shape [${shape.join(', ')}] is open` : undefined);
  if (complaint !== undefined) {
    throw new PercussError('MODEL_INVALID', `${where}: ${complaint}`, { details: { model } });
  }
  within(model, 'axes', shape.length, `constant "${proto.name}"`);
  const elements = elementsOf(proto, raw);
  if (elements.length !== sizeOf(shape)) {
    throw new PercussError(
      'MODEL_INVALID',
      `${where}: the file is damaged: ${sizeOf(shape)} elements expected for [${shape.join(', ')}], got ${elements.length}`,
      { details: { model } },
    );
  }
  if (kind === 'float32') {
    return tensor(kind, shape, elements instanceof Float32Array ? elements : Float32Array.from(elements as number[]));
  }
  if (kind === 'int64') {
    const [least, most] = rangeOf(proto.dataType);
    const whole = BigInt64Array.from(Array.from(elements, BigInt));
    // Two numbers stand for open dimensions while shapes are computed: no file may write them.
    if (!whole.every((value) => value >= least && value <= most && isKnown(value))) {
      throw new PercussError('MODEL_INVALID', `${where}: it holds numbers that ${typeName(proto.dataType)} cannot`, {
        details: { model },
      });
    }
    return tensor(kind, shape, whole);
  }
  return tensor(kind, shape, Uint8Array.from(Array.from(elements, (element) => (Number(element) === 0 ? 0 : 1))));
}

/** The least and the largest whole number of an ONNX element type. */
export function rangeOf(dataType: number): readonly [bigint, bigint] {
  const bits = integerBits[dataType] ?? 64;
  return bits > 0 ? [-(2n ** BigInt(bits - 1)), 2n ** BigInt(bits - 1) - 1n] : [0n, 2n ** BigInt(-bits) - 1n];
}

/** Widths of whole numbers; below 0 where they have no sign. */
const integerBits: Readonly<Partial<Record<number, number>>> = {
  [T.INT64]: 64,
  [T.INT32]: 32,
  [T.INT16]: 16,
  [T.INT8]: 8,
  [T.UINT32]: -32,
  [T.UINT16]: -16,
  [T.UINT8]: -8,
};

/** The attributes of one ONNX node, by name, with ONNX's defaults given by the caller. */
export class Attributes {
  readonly #byName: ReadonlyMap<string, AttributeProto>;

  constructor(node: NodeProto) {
    this.#byName = new Map(node.attribute.map((attribute) => [attribute.name, attribute]));
  }

  /** An attribute that says what it is must be that; old files leave it out. @throws UnsupportedNode. */
  #found(name: string, type: AttributeProto_AttributeType): AttributeProto | undefined {
    const found = this.#byName.get(name);
    if (found === undefined || found.type === type || found.type === A.UNDEFINED) return found;
    throw new UnsupportedNode(`its attribute ${name} is of type ${A[found.type] ?? found.type}, not ${A[type]}`);
  }

  int<D>(name: string, otherwise: D): number | D {
    const found = this.#found(name, A.INT);
    return found ? Number(found.i) : otherwise;
  }

  /** 0 or 1. @throws UnsupportedNode for anything else. */
  flag(name: string, otherwise: 0 | 1): 0 | 1 {
    const value = this.int(name, otherwise);
    if (value !== 0 && value !== 1) throw new UnsupportedNode(`its attribute ${name} is ${value}, neither 0 nor 1`);
    return value;
  }

  float<D>(name: string, otherwise: D): number | D {
    const found = this.#found(name, A.FLOAT);
    return found ? found.f : otherwise;
  }

  text(name: string, otherwise: string): string {
    const found = this.#found(name, A.STRING);
    return found ? new TextDecoder().decode(found.s) : otherwise;
  }

  ints<D>(name: string, otherwise: D): number[] | D {
    const found = this.#found(name, A.INTS);
    return found ? found.ints.map(Number) : otherwise;
  }

  floats(name: string): number[] | undefined {
    return this.#found(name, A.FLOATS)?.floats;
  }

  tensor(name: string): TensorProto | undefined {
    return this.#found(name, A.TENSOR)?.t;
  }
}
