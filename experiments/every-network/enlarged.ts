/**
 * A square plane of bytes on a larger grid, bilinear between the centres of its pixels, which repeat beyond the outermost.
 *
 * @param plane [from, from].
 * @returns [to, to].
 */
export function enlarged(plane: Uint8Array, from: number, to: number): Uint8Array {
  const places = Array.from({ length: to }, (_, i) => {
    const at = Math.min(from - 1, Math.max(0, ((i + 0.5) * from) / to - 0.5));
    const low = Math.min(from - 2, Math.floor(at));
    return { low, share: at - low };
  });
  const larger = new Uint8Array(to * to);
  places.forEach(({ low: row, share: down }, y) =>
    places.forEach(({ low: column, share: right }, x) => {
      const pixel = (dy: number, dx: number): number => plane[(row + dy) * from + column + dx] ?? 0;
      const upper = pixel(0, 0) * (1 - right) + pixel(0, 1) * right;
      const lower = pixel(1, 0) * (1 - right) + pixel(1, 1) * right;
      larger[y * to + x] = Math.round(upper * (1 - down) + lower * down);
    }),
  );
  return larger;
}
