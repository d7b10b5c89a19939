import { PercussError } from '../errors.js';
import type { Shape } from '../network/graph.js';
import type { InputLayout } from '../probe/response-batch.js';
import type { InputSpec } from '../spec/study-spec.js';

/**
 * Where an image's element (channel, row, column) lies in a network's input, of any layout that images have there: NCHW,
 * NHWC, or [n, height, width] for one channel.
 */
export function inputLayout(shape: Shape, image: readonly number[]): InputLayout {
  const [channels, height, width] = image as [number, number, number];
  const dims = shape.slice(1);
  const is = (...expected: number[]): boolean =>
    dims.length === expected.length && dims.every((dim, i) => dim === expected[i] || dim < 0);
  const layout = { shape: [channels, height, width] as const };
  if (is(channels, height, width)) {
    return { ...layout, index: (c, y, x) => (c * height + y) * width + x };
  }
  if (is(height, width, channels)) {
    return { ...layout, index: (c, y, x) => (y * width + x) * channels + c };
  }
  if (channels === 1 && is(height, width)) {
    return { ...layout, index: (_, y, x) => y * width + x };
  }
  throw new PercussError(
    'DATA_INVALID',
    `images of ${channels}×${height}×${width} do not fit a network input of [${shape.map((d) => (d < 0 ? 'N' : d)).join(', ')}]`,
  );
}

/** What a black pixel becomes, by channel in the network's order. */
export function blackPixel(input: InputSpec, channels: number): number[] {
  const at = (values: readonly number[], c: number): number => values[values.length === 1 ? 0 : c] ?? 0;
  return Array.from({ length: channels }, (_, c) => (0 - at(input.mean, c)) / (at(input.std, c) || 1));
}
