import { PercussError } from '../../errors.js';
import { float32, sizeOf, type Tensor } from '../../tensor.js';
import { invalidModel, isObject, type JsonObject } from './config.js';
import { weightGroups, type WeightGroup } from './topology.js';

/** The weights of a layers model by name, as float32. */
export class Weights {
  readonly #model: string;
  readonly #byName: ReadonlyMap<string, Tensor<'float32'>>;

  constructor(model: string, byName: ReadonlyMap<string, Tensor<'float32'>>) {
    this.#model = model;
    this.#byName = byName;
  }

  /**
   * Weight `part` of a layer: `conv2d/kernel`, with the scopes and suffixes that Keras puts around it
   * (`conv2d_1/conv2d/kernel:0`, `model/conv2d/kernel`).
   * @throws PercussError MODEL_INVALID if there is none, or more than one that fits.
   */
  get(layer: string, part: string): { readonly name: string; readonly tensor: Tensor<'float32'> } {
    const exact = this.#byName.get(`${layer}/${part}`);
    if (exact) return { name: `${layer}/${part}`, tensor: exact };
    const fits = this.#fitting(layer, part);
    const [only, ...others] = fits;
    if (!only || others.length > 0) {
      const found = fits.length === 0 ? 'there is none' : `${fits.map(([name]) => name).join(' and ')} fit`;
      throw invalidModel(this.#model, `the weight "${part}" of layer "${layer}" was expected, but ${found}`);
    }
    return { name: only[0], tensor: only[1] };
  }

  has(layer: string, part: string): boolean {
    return this.#byName.has(`${layer}/${part}`) || this.#fitting(layer, part).length > 0;
  }

  #fitting(layer: string, part: string): readonly (readonly [string, Tensor<'float32'>])[] {
    return [...this.#byName].filter(([name]) => {
      const parts = name.replace(/:\d+$/, '').split('/');
      return parts.at(-1) === part && parts.slice(0, -1).includes(layer);
    });
  }
}

interface WeightEntry {
  readonly name: string;
  readonly shape: readonly number[];
  readonly dtype: string;
  readonly quantization: JsonObject | undefined;
}

type Decode = (view: DataView, at: number) => number;

const plain: Readonly<Record<string, { readonly bytes: number; readonly decode: Decode }>> = {
  float32: { bytes: 4, decode: (view, at) => view.getFloat32(at, true) },
  float16: { bytes: 2, decode: (view, at) => halfPrecision(view.getUint16(at, true)) },
  int32: { bytes: 4, decode: (view, at) => view.getInt32(at, true) },
  uint16: { bytes: 2, decode: (view, at) => view.getUint16(at, true) },
  uint8: { bytes: 1, decode: (view, at) => view.getUint8(at) },
  bool: { bytes: 1, decode: (view, at) => view.getUint8(at) },
};

/**
 * Reads all weights of a model.json from the files it names. Quantised ones become `value · scale + min`,
 * computed in float64 and rounded once, as TensorFlow.js does it.
 * @throws PercussError FILE_MISSING naming the shard; MODEL_INVALID if sizes do not fit; MODEL_UNSUPPORTED for an
 * unknown element type.
 */
export function readWeights(model: string, json: JsonObject, files: ReadonlyMap<string, Uint8Array>): Weights {
  const byName = new Map<string, Tensor<'float32'>>();
  for (const group of weightGroups(model, json)) {
    const bytes = joined(model, group, files);
    const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    let at = 0;
    for (const entry of group.weights.map((weight) => weightEntry(model, weight))) {
      const stored = entry.quantization ? String(entry.quantization['dtype']) : entry.dtype;
      const type = plain[stored];
      if (!type) {
        throw new PercussError('MODEL_UNSUPPORTED', `"${model}": weight "${entry.name}" has element type ${stored}`, {
          details: { model, weight: entry.name, dtype: stored },
        });
      }
      const count = sizeOf(entry.shape);
      if (at + count * type.bytes > bytes.length) {
        throw invalidModel(model, `${group.paths.join(', ')} end before the weight "${entry.name}" does`);
      }
      const finish = dequantiser(entry.quantization);
      const data = new Float32Array(count);
      for (let i = 0; i < count; i++) data[i] = finish(type.decode(view, at + i * type.bytes));
      byName.set(entry.name, float32(entry.shape, data));
      at += count * type.bytes;
    }
    if (at !== bytes.length) {
      throw invalidModel(model, `${group.paths.join(', ')} hold ${bytes.length} bytes, but the weights ${at}`);
    }
  }
  return new Weights(model, byName);
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
    throw invalidModel(model, `${JSON.stringify(weight)} in the weightsManifest lacks a name, a shape or a dtype`);
  }
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
