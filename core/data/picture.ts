import type { Metadata, Sharp } from 'sharp';
import { PercussError, messageOf } from '../errors.js';
import { limits } from '../limits.js';
import type { Image, ImageFiles } from './image-source.js';
import { PixelBudget } from './pixel-budget.js';

type Size = Pick<ImageFiles, 'resize' | 'crop'>;

const kinds = 'png, jpeg, webp, gif, tiff or avif';
const latin1 = new TextDecoder('latin1');

/** What a picture is by its first bytes: other formats never reach the decoder, which would take them by their content. */
function kindOf(bytes: Uint8Array): string | undefined {
  const head = latin1.decode(bytes.subarray(0, 64));
  if (head.startsWith('\x89PNG\r\n\x1a\n')) return 'png';
  if (bytes[0] === 0xff && bytes[1] === 0xd8 && bytes[2] === 0xff) return 'jpeg';
  if (head.startsWith('RIFF') && head.startsWith('WEBP', 8)) return 'webp';
  if (/^GIF8[79]a/.test(head)) return 'gif';
  if (head.startsWith('II*\0') || head.startsWith('MM\0*')) return 'tiff';
  if (head.startsWith('ftyp', 4) && head.slice(8).includes('avif')) return 'avif';
  return undefined;
}

const budget = new PixelBudget(limits.picturesPixels.value);

/**
 * One picture: the shorter side scaled to `resize` (bilinear with antialiasing), then a central square of `crop`, as is
 * the custom of torchvision's evaluation transforms. Grey pictures have one channel, others red, green, blue; an alpha
 * channel is dropped and, as there, an EXIF orientation is not applied.
 * @throws PercussError FILE_DAMAGED, LIMIT_EXCEEDED or DATA_INVALID naming the file.
 */
export async function decodePicture(path: string, bytes: Uint8Array, size: Size): Promise<Image> {
  const { default: sharp } = await import('sharp');
  const kind = kindOf(bytes);
  if (kind === undefined) throw failed(path, 'FILE_DAMAGED', `not a picture that can be read; expected ${kinds}`);
  const options = { limitInputPixels: limits.picturePixels.value };
  try {
    // The limit of pixels is ours to tell; reading the header takes none of their memory.
    const metadata = await sharp(bytes, { limitInputPixels: false }).metadata();
    // Decoding AVIF takes about twice the memory of the others.
    const pixels = checkedPixels(path, metadata, kind === 'avif' ? 2 : 1);
    return await budget.with(pixels, async () => {
      const timed = (picture: Sharp): Sharp => picture.timeout({ seconds: limits.pictureSeconds.value });
      let picture = timed(sharp(bytes, options).removeAlpha());
      if (metadata.hasAlpha && size.resize !== undefined) {
        // Scaling would weigh pixels by their alpha, which is to be dropped.
        const { data, info } = await picture.raw({ depth: 'uchar' }).toBuffer({ resolveWithObject: true });
        const { width, height, channels } = info;
        picture = timed(sharp(data, { raw: { width, height, channels } }));
      }
      const grey = (metadata.channels ?? 3) <= 2;
      const { data, info } = await scaled(path, picture, metadata, size)
        .toColourspace(grey ? 'b-w' : 'srgb')
        .raw({ depth: 'uchar' })
        .toBuffer({ resolveWithObject: true });
      const { channels, width, height } = info;
      return { shape: [channels, height, width], data: planesOf(data, channels), where: path };
    });
  } catch (error) {
    if (error instanceof PercussError) throw error;
    throw failed(path, 'FILE_DAMAGED', `not a picture that can be read (${messageOf(error)})`, error);
  }
}

function checkedPixels(path: string, { width, height, pages = 1 }: Metadata, weight: number): number {
  const [side, all] = [limits.pictureLongest.value, limits.picturePixels.value / weight];
  if (!(width >= 1 && height >= 1)) throw failed(path, 'FILE_DAMAGED', 'a picture without any pixel');
  if (pages > 1)
    throw failed(
      path,
      'DATA_INVALID',
      `${pages} frames or pages, where one picture was expected; save them as files of their own`,
    );
  if (Math.max(width, height) > side || width * height > all) {
    throw failed(
      path,
      'LIMIT_EXCEEDED',
      `${height}×${width} pixels (height×width), above the limit of ${all} or of ${side} to a side (docs/limits.md); scale it down first`,
    );
  }
  return width * height * weight;
}

/** Adds scaling and cropping to the steps of a picture. */
function scaled(path: string, picture: Sharp, metadata: Metadata, { resize, crop }: Size): Sharp {
  let { width, height } = metadata;
  let result = picture;
  if (resize !== undefined) {
    const shorter = Math.min(width, height);
    [width, height] = [Math.floor((width * resize) / shorter), Math.floor((height * resize) / shorter)];
    if (width * height > limits.picturePixels.value) {
      throw failed(
        path,
        'LIMIT_EXCEEDED',
        `a resize to ${resize} makes it ${height}×${width} pixels, above the limit of ${limits.picturePixels.value} (docs/limits.md)`,
      );
    }
    result = result.resize({ width, height, fit: 'fill', kernel: 'linear', fastShrinkOnLoad: false });
  }
  if (crop === undefined) return result;
  if (crop > Math.min(width, height)) {
    throw failed(
      path,
      'DATA_INVALID',
      `${height}×${width} pixels (height×width) are too few for a crop of ${crop}; add or enlarge resize`,
    );
  }
  const [left, top] = [halfToEven((width - crop) / 2), halfToEven((height - crop) / 2)];
  return result.extract({ left, top, width: crop, height: crop });
}

function planesOf(data: Uint8Array, channels: number): Uint8Array {
  const plane = data.length / channels;
  const planes = new Uint8Array(data.length);
  for (let c = 0; c < channels; c++) {
    for (let i = 0; i < plane; i++) planes[c * plane + i] = data[i * channels + c] as number;
  }
  return planes;
}

function halfToEven(value: number): number {
  const below = Math.floor(value);
  return value - below === 0.5 ? below + (below % 2) : Math.round(value);
}

function failed(
  path: string,
  code: 'FILE_DAMAGED' | 'DATA_INVALID' | 'LIMIT_EXCEEDED',
  reason: string,
  cause?: unknown,
): PercussError {
  return new PercussError(code, `${path}: ${reason}`, { details: { file: path }, cause });
}
