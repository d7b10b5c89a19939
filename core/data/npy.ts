import { PercussError } from '../errors.js';
import { sizeOf, tensor, type DType, type Tensor } from '../tensor.js';

interface Element {
  readonly dtype: DType;
  readonly bytes: number;
  wrap(buffer: ArrayBuffer): Float32Array | Float64Array | Int32Array | BigInt64Array | Uint8Array | Uint16Array;
}

/** NumPy's element types that are read, all little endian. */
const elements: Readonly<Record<string, Element>> = {
  '<f4': { dtype: 'float32', bytes: 4, wrap: (buffer) => new Float32Array(buffer) },
  '<f8': { dtype: 'float64', bytes: 8, wrap: (buffer) => new Float64Array(buffer) },
  '<i4': { dtype: 'int32', bytes: 4, wrap: (buffer) => new Int32Array(buffer) },
  '<i8': { dtype: 'int64', bytes: 8, wrap: (buffer) => new BigInt64Array(buffer) },
  '<u2': { dtype: 'uint16', bytes: 2, wrap: (buffer) => new Uint16Array(buffer) },
  '|u1': { dtype: 'uint8', bytes: 1, wrap: (buffer) => new Uint8Array(buffer) },
  '|b1': { dtype: 'bool', bytes: 1, wrap: (buffer) => new Uint8Array(buffer) },
};

/** What stands before the data of an .npy file. */
export interface NpyHeader {
  readonly dtype: DType;
  readonly shape: readonly number[];
  /** Bytes before the first element. */
  readonly offset: number;
}

const magic = [0x93, 0x4e, 0x55, 0x4d, 0x50, 0x59];

function describe(name: string, complaint: string): PercussError {
  return new PercussError('DATA_INVALID', `${name}: ${complaint}`, { details: { file: name } });
}

function elementOf(name: string, header: string): Element {
  const descr = /'descr'\s*:\s*'([^']*)'/.exec(header)?.[1];
  const element = descr === undefined ? undefined : elements[descr];
  if (element === undefined) {
    const known = Object.keys(elements).join(', ');
    throw describe(name, `elements of type ${descr ?? '(unknown)'} are not read; save the array as one of ${known}`);
  }
  return element;
}

function headerText(name: string, bytes: Uint8Array): { readonly text: string; readonly offset: number } {
  if (bytes.length < 10 || magic.some((byte, i) => bytes[i] !== byte)) {
    throw describe(name, 'not an .npy file: it does not begin with \\x93NUMPY');
  }
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const start = bytes[6] === 1 ? 10 : 12;
  if (bytes.length < start) throw describe(name, 'the file ends within its header');
  const length = start === 10 ? view.getUint16(8, true) : view.getUint32(8, true);
  if (bytes.length < start + length) throw describe(name, 'the file ends within its header');
  return { text: new TextDecoder().decode(bytes.subarray(start, start + length)), offset: start + length };
}

/** Reads the header of an .npy file (format versions 1 to 3). @throws PercussError DATA_INVALID naming the file. */
export function readNpyHeader(name: string, bytes: Uint8Array): NpyHeader {
  const { text, offset } = headerText(name, bytes);
  const dims = /'shape'\s*:\s*\(([^)]*)\)/.exec(text)?.[1];
  if (dims === undefined) throw describe(name, 'the header does not tell the shape');
  if (/'fortran_order'\s*:\s*True/.test(text)) {
    throw describe(name, 'the array is in Fortran order; save it with numpy.ascontiguousarray');
  }
  const shape = dims
    .split(',')
    .filter((dim) => dim.trim() !== '')
    .map(Number);
  return { dtype: elementOf(name, text).dtype, shape, offset };
}

/** Reads an .npy file: little endian, C order. The data is a copy. @throws PercussError DATA_INVALID naming the file. */
export function readNpy(name: string, bytes: Uint8Array): Tensor {
  const { shape, offset } = readNpyHeader(name, bytes);
  const element = elementOf(name, headerText(name, bytes).text);
  const length = sizeOf(shape) * element.bytes;
  if (bytes.length - offset !== length) {
    throw describe(name, `${length} bytes of data expected for [${shape.join(', ')}], got ${bytes.length - offset}`);
  }
  return tensor(element.dtype, shape, element.wrap(new Uint8Array(bytes.subarray(offset)).buffer));
}
