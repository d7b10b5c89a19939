import { TensorProto_DataType as T } from 'onnx-buf';

const scratch = new DataView(new ArrayBuffer(4));

/** The nearest number of 11 significant bits and the exponents of an IEEE half; from half-way the even one. */
function toHalf(x: number): number {
  if (!Number.isFinite(x) || x === 0) return x;
  const exponent = Math.max(Math.floor(Math.log2(Math.abs(x))), -14);
  // Adding and taking away a number this much larger leaves the bits that a half has, rounded as all float64 sums are.
  const large = Math.sign(x) * 1.5 * 2 ** (exponent + 42);
  const rounded = x + large - large;
  return Math.abs(rounded) > 65504 ? Math.sign(x) * Infinity : rounded;
}

/** The nearest number that is the upper half of a float32. */
function toBrain(x: number): number {
  if (Number.isNaN(x)) return x;
  scratch.setFloat32(0, x);
  const bits = scratch.getUint32(0);
  scratch.setUint32(0, (bits + 0x7fff + ((bits >>> 16) & 1)) & 0xffff0000);
  return scratch.getFloat32(0);
}

/** How numbers are rounded when they are cast to an ONNX type of 16 bits; undefined for all others. */
export const narrowed = (type: number): ((x: number) => number) | undefined =>
  type === T.FLOAT16 ? toHalf : type === T.BFLOAT16 ? toBrain : undefined;
