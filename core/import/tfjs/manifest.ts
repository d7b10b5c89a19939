import { atPlace } from '../../border.js';
import { PercussError } from '../../errors.js';
import { within } from '../../network/budget.js';
import { sizeOf, zeros, type Tensor } from '../../tensor.js';
import { invalidModel, isObject, type JsonObject } from './config.js';
import { weightGroups, type WeightGroup } from './topology.js';

interface WeightEntry {
  readonly name: string;
  readonly shape: readonly number[];
  readonly dtype: string;
  readonly quantization: JsonObject | undefined;
}

type Decode = (view: DataView, at: number) => number;

const plain: ReadonlyMap<string, { readonly bytes: number; readonly decode: Decode }> = new Map(
  Object.entries<{ readonly bytes: number; readonly decode: Decode }>({
    float32: { bytes: 4, decode: (view, at) => view.getFloat32(at, true) },
    float16: { bytes: 2, decode: (view, at) => halfPrecision(view.getUint16(at, true)) },
    int32: { bytes: 4, decode: (view, at) => view.getInt32(at, true) },
    uint16: { bytes: 2, decode: (view, at) => view.getUint16(at, true) },
    uint8: { bytes: 1, decode: (view, at) => view.getUint8(at) },
    bool: { bytes: 1, decode: (view, at) => view.getUint8(at) },
  }),
);

/** What a weight is here, by its own element type. */
const kinds: ReadonlyMap<string, 'float32' | 'int64' | 'bool'> = new Map(
  Object.entries<'float32' | 'int64' | 'bool'>({
    float32: 'float32',
    float16: 'float32',
    int32: 'int64',
    uint16: 'int64',
    uint8: 'int64',
    bool: 'bool',
  }),
);

/**
 * Reads all weights of a model.json from the files it names; integers become int64. Quantised ones become
 * `value · scale + min`, computed in float64 and rounded once, as TensorFlow.js does it. Texts are left out: nothing that
 * computes reads them.
 * @throws PercussError FILE_MISSING naming the shard; MODEL_INVALID if sizes do not fit; MODEL_UNSUPPORTED for an
 * unknown element type.
 */
export function readTensors(
  model: string,
  json: JsonObject,
  files: ReadonlyMap<string, Uint8Array>,
): ReadonlyMap<string, Tensor> {
  const byName = new Map<string, Tensor>();
  for (const group of weightGroups(model, json)) {
    const bytes = joined(model, group, files);
    const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    let at = 0;
    for (const entry of group.weights.map((weight) => weightEntry(model, weight))) {
      const stored = entry.quantization ? String(entry.quantization['dtype']) : entry.dtype;
      const count = sizeOf(entry.shape);
      const need = (bytesMore: number): number => {
        if (at + bytesMore <= bytes.length) return bytesMore;
        throw invalidModel(model, `${group.paths.join(', ')} end before the weight "${entry.name}" does`);
      };
      if (stored === 'string') {
        for (let i = 0; i < count; i++) at += need(4 + (at + 4 <= bytes.length ? view.getUint32(at, true) : 0));
        continue;
      }
      const [type, kind] = [plain.get(stored), kinds.get(entry.dtype)];
      if (!type || !kind) {
        const given = type ? entry.dtype : stored;
        throw new PercussError('MODEL_UNSUPPORTED', `"${model}": weight "${entry.name}" has element type ${given}`, {
          details: { model, weight: entry.name, dtype: given },
        });
      }
      need(count * type.bytes);
      const finish = dequantiser(entry.quantization);
      const value = (i: number): number => finish(type.decode(view, at + i * type.bytes));
      if (byName.has(entry.name)) throw invalidModel(model, `two weights are called "${entry.name}"`);
      byName.set(
        entry.name,
        atPlace(`weight "${entry.name}"`, () => tensorOf(kind, entry.shape, value)),
      );
      at += count * type.bytes;
    }
    if (at !== bytes.length) {
      throw invalidModel(model, `${group.paths.join(', ')} hold ${bytes.length} bytes, but the weights ${at}`);
    }
  }
  return byName;
}

function tensorOf(kind: 'float32' | 'int64' | 'bool', shape: readonly number[], value: (i: number) => number): Tensor {
  const result = zeros(kind, shape);
  for (let i = 0; i < result.data.length; i++) {
    result.data[i] = kind === 'int64' ? BigInt(Math.round(value(i))) : value(i);
  }
  return result;
}

function joined(model: string, group: WeightGroup, files: ReadonlyMap<string, Uint8Array>): Uint8Array {
  const shards = group.paths.map((path) => {
    const bytes = files.get(path);
    if (!bytes) {
      throw new PercussError(
        'FILE_MISSING',
        `"${model}": the weight file "${path}", which model.json names, is missing; it belongs beside model.json`,
        { details: { model, file: path } },
      );
    }
    return bytes;
  });
  const whole = new Uint8Array(shards.reduce((sum, shard) => sum + shard.length, 0));
  let at = 0;
  for (const shard of shards) {
    whole.set(shard, at);
    at += shard.length;
  }
  return whole;
}

function weightEntry(model: string, weight: unknown): WeightEntry {
  if (!isObject(weight)) throw invalidModel(model, 'the weightsManifest lists something that is no weight');
  const { name, shape, dtype, quantization } = weight;
  if (
    typeof name !== 'string' ||
    typeof dtype !== 'string' ||
    !Array.isArray(shape) ||
    !shape.every((dim): dim is number => Number.isInteger(dim) && dim >= 0)
  ) {
    throw invalidModel(
      model,
      `${(JSON.stringify(weight) ?? '').slice(0, 200)} in the weightsManifest lacks a name, a shape or a dtype`,
    );
  }
  within(model, 'axes', shape.length, `weight "${name.slice(0, 40)}"`);
  within(model, 'nameLength', name.length, `weight "${name.slice(0, 40)}…"`);
  return { name, shape, dtype, quantization: isObject(quantization) ? quantization : undefined };
}

function dequantiser(quantization: JsonObject | undefined): (value: number) => number {
  const [scale, min] = [quantization?.['scale'], quantization?.['min']];
  if (typeof scale !== 'number' || typeof min !== 'number') return (value) => value;
  return (value) => value * scale + min;
}

function halfPrecision(bits: number): number {
  const sign = bits & 0x8000 ? -1 : 1;
  const exponent = (bits >> 10) & 0x1f;
  const fraction = bits & 0x3ff;
  if (exponent === 0) return sign * fraction * 2 ** -24;
  if (exponent === 0x1f) return fraction === 0 ? sign * Infinity : Number.NaN;
  return sign * (1 + fraction / 1024) * 2 ** (exponent - 15);
}
