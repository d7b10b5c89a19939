import { PercussError } from './errors.js';
import { bytesPerElement, sizeOf } from './tensor.js';
import type { ArrayOf, DType, Tensor } from './tensor.js';

const names: Readonly<Record<DType, string>> = {
  float32: 'F32',
  float64: 'F64',
  int32: 'I32',
  int64: 'I64',
  uint8: 'U8',
  uint16: 'U16',
  bool: 'BOOL',
};
const dtypes = new Map<unknown, DType>(Object.entries(names).map(([dtype, name]) => [name, dtype as DType]));

const views: { readonly [D in DType]: (buffer: ArrayBufferLike, offset: number, length: number) => ArrayOf[D] } = {
  float32: (buffer, offset, length) => new Float32Array(buffer, offset, length),
  float64: (buffer, offset, length) => new Float64Array(buffer, offset, length),
  int32: (buffer, offset, length) => new Int32Array(buffer, offset, length),
  int64: (buffer, offset, length) => new BigInt64Array(buffer, offset, length),
  uint8: (buffer, offset, length) => new Uint8Array(buffer, offset, length),
  uint16: (buffer, offset, length) => new Uint16Array(buffer, offset, length),
  bool: (buffer, offset, length) => new Uint8Array(buffer, offset, length),
};

/** The format's own bound on its header. */
const MAX_HEADER = 100_000_000;
/** Axes of a tensor: more than any of ours, and few enough to be shown. */
const MAX_AXES = 32;

const byCodeUnit = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0);

/** What a safetensors file holds. Tensors may share memory with the bytes that were decoded. */
export interface Safetensors {
  readonly tensors: Map<string, Tensor>;
  readonly metadata: Readonly<Record<string, string>>;
}

/**
 * The safetensors form of named tensors (github.com/huggingface/safetensors, "Format"), readable from Python and Rust.
 * Equal content gives equal bytes, whatever the order of insertion: metadata by key; tensors by falling element size,
 * then by name, which keeps each aligned to its elements without the holes that the format forbids. The data start at a
 * multiple of 8 bytes.
 *
 * @throws RangeError if a tensor's data don't fit its shape, or it is called `__metadata__`.
 */
export function encodeSafetensors(
  tensors: ReadonlyMap<string, Tensor>,
  metadata: Readonly<Record<string, string>> = {},
): Uint8Array {
  const ordered = [...tensors].sort(
    ([a, x], [b, y]) => bytesPerElement[y.dtype] - bytesPerElement[x.dtype] || byCodeUnit(a, b),
  );
  const members: string[] = [];
  const entries = Object.entries(metadata).sort(([a], [b]) => byCodeUnit(a, b));
  if (entries.length > 0) {
    const pairs = entries.map(([key, value]) => `${JSON.stringify(key)}:${JSON.stringify(value)}`);
    members.push(`"__metadata__":{${pairs.join(',')}}`);
  }
  let end = 0;
  for (const [name, { dtype, shape, data }] of ordered) {
    if (name === '__metadata__') throw new RangeError('no tensor may be called __metadata__ in a safetensors file');
    if (data.length !== sizeOf(shape)) {
      throw new RangeError(`tensor ${name} of shape [${shape.join(', ')}] has ${data.length} elements`);
    }
    const start = end;
    end += data.byteLength;
    members.push(
      `${JSON.stringify(name)}:{"dtype":"${names[dtype]}","shape":[${shape.join(',')}],"data_offsets":[${start},${end}]}`,
    );
  }
  const json = Buffer.from(`{${members.join(',')}}`, 'utf8');
  const header = Math.ceil(json.length / 8) * 8;
  const bytes = new Uint8Array(8 + header + end);
  new DataView(bytes.buffer).setBigUint64(0, BigInt(header), true);
  bytes.fill(0x20, 8 + json.length, 8 + header);
  bytes.set(json, 8);
  let at = 8 + header;
  for (const [, { data }] of ordered) {
    bytes.set(new Uint8Array(data.buffer, data.byteOffset, data.byteLength), at);
    at += data.byteLength;
  }
  return bytes;
}

/**
 * Reads a safetensors file. Everything is checked: a truncated, lengthened or altered header never yields tensors.
 *
 * @param what what the bytes are, for the message: a key, a path.
 * @throws PercussError OBJECT_DAMAGED that says what does not hold.
 */
export function decodeSafetensors(bytes: Uint8Array, what = 'the object'): Safetensors {
  const damaged = (reason: string): PercussError =>
    new PercussError('OBJECT_DAMAGED', `${what} is not a whole safetensors file: ${reason}`);
  if (bytes.length < 8) throw damaged(`it has ${bytes.length} bytes, fewer than the 8 of the header's length`);
  const length = Number(new DataView(bytes.buffer, bytes.byteOffset, 8).getBigUint64(0, true));
  if (length > MAX_HEADER || 8 + length > bytes.length) {
    throw damaged(`its header claims ${length} bytes, but only ${bytes.length - 8} follow`);
  }
  const { metadata, entries } = readHeader(bytes.subarray(8, 8 + length), damaged);
  const start = 8 + length;
  const tensors = new Map<string, Tensor>();
  let end = 0;
  for (const { name, dtype, shape, from, to } of entries) {
    if (from !== end) throw damaged(`tensor ${shortened(name)} starts at ${from}, where ${end} was expected`);
    const size = sizeOf(shape) * bytesPerElement[dtype];
    if (to - from !== size) {
      throw damaged(`tensor ${shortened(name)} of shape ${shown(shape)} needs ${size} bytes and has ${to - from}`);
    }
    if (start + to > bytes.length)
      throw damaged(`tensor ${shortened(name)} ends ${start + to - bytes.length} bytes after the end`);
    end = to;
    const offset = bytes.byteOffset + start + from;
    const aligned = offset % bytesPerElement[dtype] === 0;
    // `slice` of a Buffer shares memory, and with it the place that is not aligned.
    const copy = aligned ? undefined : Uint8Array.from(bytes.subarray(start + from, start + to));
    const data = views[dtype](copy?.buffer ?? bytes.buffer, copy ? copy.byteOffset : offset, sizeOf(shape));
    tensors.set(name, { dtype, shape, data });
  }
  if (start + end !== bytes.length) throw damaged(`${bytes.length - start - end} bytes follow its last tensor`);
  return { tensors, metadata };
}

interface Entry {
  readonly name: string;
  readonly dtype: DType;
  readonly shape: readonly number[];
  readonly from: number;
  readonly to: number;
}

function readHeader(
  bytes: Uint8Array,
  damaged: (reason: string) => PercussError,
): { readonly metadata: Readonly<Record<string, string>>; readonly entries: readonly Entry[] } {
  let header: unknown;
  try {
    header = JSON.parse(new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes));
  } catch (error) {
    throw damaged(`its header is not JSON (${shortened(error instanceof Error ? error.message : String(error))})`);
  }
  if (!isObject(header)) throw damaged('its header is not a JSON object');
  const members = new Map(Object.entries(header));
  const metadata = members.has('__metadata__') ? members.get('__metadata__') : {};
  members.delete('__metadata__');
  if (!isObject(metadata) || !Object.values(metadata).every((value) => typeof value === 'string')) {
    throw damaged('its metadata are not strings');
  }
  const entries = [...members].map(([name, entry]): Entry => {
    const own = isObject(entry) ? new Map(Object.entries(entry)) : new Map<string, unknown>();
    const dtype = dtypes.get(own.get('dtype'));
    const [shape, offsets] = [own.get('shape'), own.get('data_offsets')];
    const title = `tensor ${shortened(name)}`;
    if (dtype === undefined) throw damaged(`${title} has the element type ${shown(own.get('dtype'))}`);
    if (!isSizes(shape) || shape.length > MAX_AXES) throw damaged(`${title} has the shape ${shown(shape)}`);
    const [from, to] = isSizes(offsets) && offsets.length === 2 ? offsets : [];
    if (from === undefined || to === undefined) throw damaged(`${title} has the offsets ${shown(offsets)}`);
    return { name, dtype, shape, from, to };
  });
  return {
    // Without a prototype, whatever is looked up is what the file says, or nothing.
    metadata: Object.assign(Object.create(null) as Record<string, string>, metadata),
    entries: entries.sort((a, b) => a.from - b.from || a.to - b.to),
  };
}

/** For a message: what a foreign file holds in a place, however much and however nested that is. */
function shown(value: unknown): string {
  if (Array.isArray(value)) {
    const parts = value.slice(0, 8).map((part) => (typeof part === 'object' ? '…' : shortened(String(part))));
    return `[${parts.join(', ')}${value.length > 8 ? ', …' : ''}]`;
  }
  return typeof value === 'object' && value !== null ? '{…}' : shortened(JSON.stringify(value) ?? 'undefined');
}

function shortened(text: string): string {
  return text.length > 100 ? `${text.slice(0, 100)}…` : text;
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function isSizes(value: unknown): value is readonly number[] {
  return Array.isArray(value) && value.every((size) => Number.isSafeInteger(size) && size >= 0);
}
