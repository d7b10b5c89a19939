type Parts = Uint16Array | Uint32Array | Float32Array;

/**
 * Parts one behind the other, in an array of their size.
 * @param make Makes an array of so many elements.
 */
export function joined<A extends Parts>(parts: readonly A[], make: (length: number) => A): A {
  const whole = make(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    whole.set(part, at);
    at += part.length;
  }
  return whole;
}

/** Float32 parts one behind the other. */
export const joinedFloats = (parts: readonly Float32Array[]): Float32Array =>
  joined<Float32Array>(parts, (length) => new Float32Array(length));
