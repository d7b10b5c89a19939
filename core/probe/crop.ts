import type { Tensor } from '../tensor.js';

/** The smallest rectangle of a map outside which a response is zero, in elements; 0 × 0 where it is zero everywhere. */
export interface Crop {
  readonly top: number;
  readonly left: number;
  readonly height: number;
  readonly width: number;
}

/** Eight units in the last place of float32: what summation order can do, relative to the base's largest activation. */
export const CROP_TOLERANCE = 8 * 2 ** -23;

/**
 * The crop of a response [channels, height, width] on a base whose largest activation is `scale`. Elements within
 * `CROP_TOLERANCE × scale` of zero are rounding; they are set to exactly 0, also inside the crop's rectangle.
 */
export function cropOf(response: Tensor<'float32'>, scale: number): Crop {
  const { data } = response;
  const [channels, height, width] = response.shape as [number, number, number];
  const tolerance = CROP_TOLERANCE * scale;
  let [top, left, bottom, right] = [height, width, -1, -1];
  for (let c = 0, j = 0; c < channels; c++) {
    for (let y = 0; y < height; y++) {
      let first = width;
      let last = -1;
      for (let x = 0; x < width; x++, j++) {
        const value = data[j] as number;
        if (value <= tolerance && value >= -tolerance) data[j] = 0;
        else {
          if (last < 0) first = x;
          last = x;
        }
      }
      if (last < 0) continue;
      if (y < top) top = y;
      if (y > bottom) bottom = y;
      if (first < left) left = first;
      if (last > right) right = last;
    }
  }
  return bottom < 0
    ? { top: 0, left: 0, height: 0, width: 0 }
    : { top, left, height: bottom - top + 1, width: right - left + 1 };
}

/** The smallest crop that holds both. */
export function unionOf(a: Crop, b: Crop): Crop {
  if (a.height === 0) return b;
  if (b.height === 0) return a;
  const [top, left] = [Math.min(a.top, b.top), Math.min(a.left, b.left)];
  const bottom = Math.max(a.top + a.height, b.top + b.height);
  const right = Math.max(a.left + a.width, b.left + b.width);
  return { top, left, height: bottom - top, width: right - left };
}

/** The crop's part of a response, [channels, crop.height, crop.width]. */
export function cropped(response: Tensor<'float32'>, crop: Crop): Tensor<'float32'> {
  const [channels, height, width] = response.shape as [number, number, number];
  const data = new Float32Array(channels * crop.height * crop.width);
  for (let c = 0; c < channels; c++) {
    for (let y = 0; y < crop.height; y++) {
      const from = (c * height + crop.top + y) * width + crop.left;
      data.set(response.data.subarray(from, from + crop.width), (c * crop.height + y) * crop.width);
    }
  }
  return { dtype: 'float32', shape: [channels, crop.height, crop.width], data };
}

/** The whole response [channels, height, width] from its crop. */
export function uncropped(part: Tensor<'float32'>, crop: Crop, height: number, width: number): Tensor<'float32'> {
  const channels = part.shape[0] as number;
  const data = new Float32Array(channels * height * width);
  for (let c = 0; c < channels; c++) {
    for (let y = 0; y < crop.height; y++) {
      const from = (c * crop.height + y) * crop.width;
      data.set(part.data.subarray(from, from + crop.width), (c * height + crop.top + y) * width + crop.left);
    }
  }
  return { dtype: 'float32', shape: [channels, height, width], data };
}
