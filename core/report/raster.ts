import { encode } from 'fast-png';
import { negative, positive } from './palette.js';

/** Of the opacity of others. */
const FAINT = 0.2;

/**
 * Values as a PNG, one pixel a value, as a data URL: opacity grows linearly with |value| / limit, blue above zero and
 * orange below; NaN (no value) and zero are clear. Faint ones have a fifth of that opacity.
 *
 * @param values row-major, height × width.
 * @param limit the absolute value at full opacity; values beyond are drawn like it.
 */
export function rasterUrl(
  values: ArrayLike<number>,
  height: number,
  width: number,
  limit: number,
  faint: (index: number) => boolean = () => false,
): string {
  const pixels = new Uint8Array(4 * height * width);
  for (let i = 0; i < height * width; i++) {
    const value = values[i] ?? Number.NaN;
    if (Number.isNaN(value) || limit <= 0) continue;
    const alpha = Math.round(255 * Math.min(1, Math.abs(value) / limit) * (faint(i) ? FAINT : 1));
    if (alpha === 0) continue;
    pixels.set(value > 0 ? positive : negative, 4 * i);
    pixels[4 * i + 3] = alpha;
  }
  const png = encode({ width, height, data: pixels, channels: 4, depth: 8 });
  return `data:image/png;base64,${Buffer.from(png).toString('base64')}`;
}
