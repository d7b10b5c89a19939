const scratch = new DataView(new ArrayBuffer(4));

/** The bits of the nearest IEEE half of a number, from half-way the even one; infinite above 65,504. */
function halfBits(value: number): number {
  scratch.setFloat32(0, value);
  const bits = scratch.getUint32(0);
  const sign = (bits >>> 16) & 0x8000;
  const exponent = (bits >>> 23) & 0xff;
  if (exponent === 0xff) return sign | 0x7c00 | ((bits & 0x7fffff) === 0 ? 0 : 0x200);
  // The 24 significant bits, of which a half has 11, or fewer below its least exponent.
  const significant = exponent === 0 ? 0 : (bits & 0x7fffff) | 0x800000;
  const scale = exponent - 127;
  const dropped = 13 + Math.max(0, -14 - scale);
  if (dropped > 24) return sign;
  const kept = significant >>> dropped;
  const rest = significant - kept * 2 ** dropped;
  const half = 2 ** (dropped - 1);
  const rounded = kept + (rest > half || (rest === half && (kept & 1) === 1) ? 1 : 0);
  // A carry out of the significant bits runs into the exponent, as it should.
  const whole = scale < -14 ? rounded : rounded - 0x400 + ((scale + 15) << 10);
  return sign | Math.min(whole, 0x7c00);
}

/** Numbers as IEEE halves, two bytes each, little endian. */
export function toHalves(values: Float32Array): Uint8Array {
  const bytes = new Uint8Array(2 * values.length);
  const view = new DataView(bytes.buffer);
  for (const [i, value] of values.entries()) view.setUint16(2 * i, halfBits(value), true);
  return bytes;
}

/** The number whose bits as an IEEE half these are. */
export function halfValue(bits: number): number {
  const sign = bits & 0x8000 ? -1 : 1;
  const exponent = (bits >>> 10) & 0x1f;
  const fraction = bits & 0x3ff;
  if (exponent === 0x1f) return fraction === 0 ? sign * Infinity : NaN;
  return sign * (exponent === 0 ? fraction * 2 ** -24 : (fraction + 0x400) * 2 ** (exponent - 25));
}
