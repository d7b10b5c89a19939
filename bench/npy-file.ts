import type { DType, Tensor } from '../core/tensor.js';

/** NumPy's names of element types. */
const names: Readonly<Partial<Record<DType, string>>> = {
  float32: '<f4',
  float64: '<f8',
  int32: '<i4',
  int64: '<i8',
  uint16: '<u2',
  uint8: '|u1',
  bool: '|b1',
};

/** The .npy file of a tensor: format version 1, little endian, C order, data aligned to 64 bytes as NumPy writes it. */
export function writeNpy({ dtype, shape, data }: Tensor): Uint8Array {
  const dims = shape.length === 1 ? `${shape[0]},` : shape.join(', ');
  const dictionary = `{'descr': '${names[dtype]}', 'fortran_order': False, 'shape': (${dims}), }`;
  const start = Math.ceil((10 + dictionary.length + 1) / 64) * 64;
  const bytes = new Uint8Array(start + data.byteLength);
  bytes.set([0x93, ...new TextEncoder().encode('NUMPY'), 1, 0, (start - 10) & 0xff, (start - 10) >> 8]);
  bytes.set(new TextEncoder().encode(dictionary.padEnd(start - 11) + '\n'), 10);
  bytes.set(new Uint8Array(data.buffer, data.byteOffset, data.byteLength), start);
  return bytes;
}
