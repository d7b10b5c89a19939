import { inputLayout as layoutOf, printShape } from '../../data/preprocess.js';
import { PercussError } from '../../errors.js';
import type { Shape } from '../../network/graph.js';
import type { InputLayout } from '../../probe/base-image.js';
import type { InputSpec } from '../../spec/study-spec.js';

/** Where an image's element (channel, row, column) lies in a network's input. @throws PercussError DATA_INVALID. */
export function inputLayout(shape: Shape, image: readonly number[]): InputLayout {
  const [channels, height, width] = image as [number, number, number];
  const kind = layoutOf(shape, image);
  if (kind === undefined) {
    throw new PercussError(
      'DATA_INVALID',
      `images of ${channels}×${height}×${width} do not fit a network input of ${printShape(shape)}`,
    );
  }
  const indices: { readonly [K in typeof kind]: InputLayout['index'] } = {
    planes: (c, y, x) => (c * height + y) * width + x,
    interleaved: (c, y, x) => (y * width + x) * channels + c,
  };
  return {
    shape: [channels, height, width],
    index: indices[kind],
  };
}

/** What a black pixel becomes, by channel in the network's order. */
export function blackPixel(input: InputSpec, channels: number): number[] {
  const at = (values: readonly number[], c: number): number => values[values.length === 1 ? 0 : c] ?? 0;
  return Array.from({ length: channels }, (_, c) => (0 - at(input.mean, c)) / (at(input.std, c) || 1));
}
