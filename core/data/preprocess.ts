import { PercussError } from '../errors.js';
import { DYNAMIC, type Shape } from '../network/graph.js';
import { zeros, type Tensor } from '../tensor.js';
import { channelOrders } from './channel-order.js';
import type { Chunk } from './chunk.js';
import type { InputSpec } from './data-spec.js';

/** How a network wants its images: planes, or the channels of a pixel together. */
export type InputLayout = 'planes' | 'interleaved';

/**
 * Which layout an input has for images [channels, height, width]: [N, C, H, W] is `planes`, [N, H, W, C] `interleaved`,
 * [N, H, W] either for grey images. Planes where both fit. Undefined: such images don't fit the input.
 */
export function inputLayout(input: Shape, image: readonly number[]): InputLayout | undefined {
  const [channels, height, width] = image as [number, number, number];
  const fits = (...dims: number[]): boolean =>
    input.length === dims.length + 1 && dims.every((dim, i) => input[i + 1] === dim || input[i + 1] === DYNAMIC);
  if (fits(channels, height, width) || (channels === 1 && fits(height, width))) return 'planes';
  return fits(height, width, channels) ? 'interleaved' : undefined;
}

/** What is wrong between images [channels, height, width] and an input with its preprocessing, if anything. */
export function inputProblem(input: InputSpec, shape: Shape, image: readonly number[]): string | undefined {
  const [channels] = image as [number, number, number];
  if (inputLayout(shape, image) === undefined) {
    return (
      `the images are [${image.join(', ')}] (channels, height, width), ` +
      `which do not fit the network's input ${printShape(shape)}`
    );
  }
  for (const key of ['mean', 'std'] as const) {
    const { length } = input[key];
    if (length !== 1 && length !== channels) {
      return `${key} has ${length} numbers, but the images have ${channels} channel${channels === 1 ? '' : 's'}; ${channels === 1 ? 'give 1' : `give 1 or ${channels}`}`;
    }
  }
  const { channels: needed = channels } = channelOrders[input.order];
  if (channels !== needed) return `order ${input.order} needs ${needed} channels, but the images have ${channels}`;
  return undefined;
}

/** A shape for people: [N, 3, 32, 32], open dimensions as `?`, the first as `N`. */
export function printShape(shape: Shape): string {
  return `[${shape.map((dim, axis) => (dim !== DYNAMIC ? dim : axis === 0 ? 'N' : '?')).join(', ')}]`;
}

/**
 * The images of a chunk as a network takes them, [n, …] in the layout of its input: (pixel / divide − mean) / std,
 * computed in float64 and rounded once. `mean` and `std` have one number, or one for each channel in the network's own
 * channel order; `bgr` reverses the channels of the images.
 *
 * @param shape of the network's input, images first.
 * @throws PercussError DATA_INVALID that states both shapes, if the images don't fit.
 */
export function preprocess(chunk: Chunk, input: InputSpec, shape: Shape): Tensor<'float32'> {
  const [count, ...image] = chunk.pixels.shape as [number, number, number, number];
  const problem = inputProblem(input, shape, image);
  if (problem !== undefined) throw new PercussError('DATA_INVALID', problem);
  const [channels, height, width] = image;
  const plane = height * width;
  const interleaved = inputLayout(shape, image) === 'interleaved';
  const dims = shape.length === 3 ? [height, width] : interleaved ? [height, width, channels] : image;
  const result = zeros('float32', [count, ...dims]);
  const pixels = chunk.pixels.data;
  for (let c = 0; c < channels; c++) {
    const source = channelOrders[input.order].source(c, channels);
    const [mean, std] = [at(input.mean, c), at(input.std, c)];
    const scale = (pixel: number): number => (pixel / input.divide - mean) / std;
    const table = pixels instanceof Uint8Array ? Float32Array.from({ length: 256 }, (_, pixel) => scale(pixel)) : null;
    for (let n = 0; n < count; n++) {
      const from = (n * channels + source) * plane;
      const to = interleaved ? n * channels * plane + c : (n * channels + c) * plane;
      const step = interleaved ? channels : 1;
      for (let i = 0; i < plane; i++) {
        const pixel = pixels[from + i] as number;
        result.data[to + i * step] = table ? (table[pixel] as number) : scale(pixel);
      }
    }
  }
  return result;
}

const at = (values: readonly number[], channel: number): number =>
  (values.length === 1 ? values[0] : values[channel]) as number;
