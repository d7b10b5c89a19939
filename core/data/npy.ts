import { PercussError } from '../errors.js';
import { sizeOf, tensor, type DType, type Tensor } from '../tensor.js';

interface Element {
  readonly dtype: DType;
  readonly bytes: number;
  wrap(buffer: ArrayBuffer): Float32Array | Float64Array | Int32Array | BigInt64Array | Uint8Array | Uint16Array;
}

/** NumPy's element types that are read, all little endian. */
const elements: ReadonlyMap<string, Element> = new Map([
  ['<f4', { dtype: 'float32', bytes: 4, wrap: (buffer) => new Float32Array(buffer) }],
  ['<f8', { dtype: 'float64', bytes: 8, wrap: (buffer) => new Float64Array(buffer) }],
  ['<i4', { dtype: 'int32', bytes: 4, wrap: (buffer) => new Int32Array(buffer) }],
  ['<i8', { dtype: 'int64', bytes: 8, wrap: (buffer) => new BigInt64Array(buffer) }],
  ['<u2', { dtype: 'uint16', bytes: 2, wrap: (buffer) => new Uint16Array(buffer) }],
  ['|u1', { dtype: 'uint8', bytes: 1, wrap: (buffer) => new Uint8Array(buffer) }],
  ['|b1', { dtype: 'bool', bytes: 1, wrap: (buffer) => new Uint8Array(buffer) }],
]);

/** What stands before the data of an .npy file. */
interface NpyHeader {
  readonly element: Element;
  readonly shape: readonly number[];
  /** Bytes before the first element. */
  readonly offset: number;
}

const magic = [0x93, 0x4e, 0x55, 0x4d, 0x50, 0x59];

/** Bytes of header that a file may have; those of the arrays that are read have some hundred. */
const LONGEST_HEADER = 2 ** 16;

const damaged = (name: string, complaint: string): PercussError =>
  new PercussError('FILE_DAMAGED', `${name}: ${complaint}`, { details: { file: name } });

const unsupported = (name: string, complaint: string): PercussError =>
  new PercussError('DATA_INVALID', `${name}: ${complaint}`, { details: { file: name } });

function elementOf(name: string, descr: string): Element {
  const element = elements.get(descr);
  if (element !== undefined) return element;
  const known = [...elements.keys()].join(', ');
  throw unsupported(
    name,
    `elements of type ${JSON.stringify(descr.slice(0, 40))} are not read; save the array as one of ${known}`,
  );
}

function headerText(name: string, bytes: Uint8Array): { readonly text: string; readonly offset: number } {
  if (bytes.length < 12 || magic.some((byte, i) => bytes[i] !== byte)) {
    throw damaged(name, 'not an .npy file: it does not begin with \\x93NUMPY');
  }
  const version = bytes[6] as number;
  if (version < 1 || version > 3) throw damaged(name, `.npy of version ${version}; versions 1 to 3 are read`);
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const start = version === 1 ? 10 : 12;
  const length = version === 1 ? view.getUint16(8, true) : view.getUint32(8, true);
  if (length > LONGEST_HEADER) throw damaged(name, `its header of ${length} bytes is no array's`);
  if (bytes.length < start + length) throw damaged(name, 'the file ends within its header');
  return { text: new TextDecoder('latin1').decode(bytes.subarray(start, start + length)), offset: start + length };
}

/** One entry of a header's dictionary: a text, True or False, or a tuple of whole numbers. */
const entry = /\s*'(\w+)'\s*:\s*(?:'([^']*)'|(True|False)|\(([\d\s,L]*)\))\s*(?:,|(?=\}))/y;

function readHeader(name: string, bytes: Uint8Array): NpyHeader {
  const { text, offset } = headerText(name, bytes);
  const start = /^\s*\{/.exec(text)?.[0].length;
  const found = new Map<string, string>();
  entry.lastIndex = start ?? 0;
  for (let match = entry.exec(text); match; match = entry.exec(text)) {
    const [whole, key, quoted, flag, tuple] = match;
    if (found.has(key as string)) throw damaged(name, `its header has "${key}" twice`);
    found.set(key as string, (quoted ?? flag ?? tuple) as string);
    entry.lastIndex = match.index + whole.length;
    if (/^\s*\}\s*$/.test(text.slice(entry.lastIndex))) return headerOf(name, found, offset);
  }
  if (/'descr'\s*:\s*\[/.test(text))
    throw unsupported(name, 'an array of records, which is not read; save plain numbers');
  throw damaged(name, 'its header is no dictionary of descr, fortran_order and shape');
}

function headerOf(name: string, found: ReadonlyMap<string, string>, offset: number): NpyHeader {
  const [descr, order, dims] = ['descr', 'fortran_order', 'shape'].map((key) => found.get(key));
  if (descr === undefined || dims === undefined || !(order === 'True' || order === 'False')) {
    throw damaged(name, 'its header does not tell descr, fortran_order and shape');
  }
  const shape = dims
    .split(',')
    .map((dim) => dim.trim())
    .filter((dim, axis, all) => dim !== '' || axis < all.length - 1)
    .map((dim) => (/^\d+L?$/.test(dim) ? Number.parseInt(dim, 10) : NaN));
  if (!Number.isSafeInteger(sizeOf(shape)) || !shape.every(Number.isSafeInteger)) {
    throw damaged(name, `its header tells the shape (${dims.slice(0, 80)}), which no array has`);
  }
  const element = elementOf(name, descr);
  if (order === 'True' && shape.length > 1) {
    throw unsupported(name, 'the array is in Fortran order; save it with numpy.ascontiguousarray');
  }
  return { element, shape, offset };
}

/** Bytes of a whole .npy file by its first bytes; undefined where they don't tell it. */
export function npySize(head: Uint8Array): number | undefined {
  try {
    const { element, shape, offset } = readHeader('', head);
    return offset + sizeOf(shape) * element.bytes;
  } catch {
    return undefined;
  }
}

/**
 * Reads an .npy file (versions 1 to 3): little endian, C order. The data is a copy.
 * @throws PercussError FILE_DAMAGED or, for arrays of other kinds, DATA_INVALID; both name the file.
 */
export function readNpy(name: string, bytes: Uint8Array): Tensor {
  const { element, shape, offset } = readHeader(name, bytes);
  const length = sizeOf(shape) * element.bytes;
  if (bytes.length - offset !== length) {
    throw damaged(name, `${length} bytes of data expected for [${shape.join(', ')}], got ${bytes.length - offset}`);
  }
  return tensor(element.dtype, shape, element.wrap(new Uint8Array(bytes.subarray(offset)).buffer));
}
