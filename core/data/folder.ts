import type { Sharp } from 'sharp';
import { PercussError, messageOf } from '../errors.js';
import type { DataSpec } from './data-spec.js';
import type { Image, ImageRecords, ImageSource } from './image-source.js';

const extensions = ['.avif', '.gif', '.jpeg', '.jpg', '.png', '.tif', '.tiff', '.webp'];

const byCodeUnit = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0);

/**
 * A folder with a sub-folder for each class: classes are numbered in the order of their names, images stand in the order
 * of their paths. Files that are no pictures, and hidden ones, are passed over.
 * @throws PercussError DATA_INVALID if there is no picture, or one belongs to no class.
 */
export async function folderRecords(
  folder: string,
  source: ImageSource,
  size: Pick<DataSpec, 'resize' | 'crop'>,
): Promise<ImageRecords> {
  const root = folder.replace(/\/+$/, '');
  const paths = (await source.list(root))
    .filter((path) => !path.split('/').some((part) => part.startsWith('.')))
    .filter((path) => extensions.some((extension) => path.toLowerCase().endsWith(extension)))
    .sort(byCodeUnit);
  const stray = paths.find((path) => !path.includes('/'));
  if (stray !== undefined || paths.length === 0) {
    const found = stray === undefined ? 'no picture was found in it' : `${stray} lies in no sub-folder`;
    throw new PercussError(
      'DATA_INVALID',
      `${folder}: ${found}; expected a sub-folder for each class with pictures (${extensions.join(', ')})`,
      { details: { folder } },
    );
  }
  const classOf = (path: string): string => path.slice(0, path.indexOf('/'));
  const classes = [...new Set(paths.map(classOf))].sort(byCodeUnit);
  const numbers = new Map(classes.map((name, number) => [name, number]));
  return {
    labels: Uint16Array.from(paths, (path) => numbers.get(classOf(path)) as number),
    classes,
    image: async (index) => {
      const path = `${root}/${paths[index]}`;
      return decodePicture(path, await source.read(path), size);
    },
  };
}

/**
 * One picture: the shorter side scaled to `resize` (bilinear with antialiasing), then a central square of `crop`, as is
 * the custom of torchvision's evaluation transforms. Grey pictures have one channel, others red, green, blue; an alpha
 * channel is dropped and, as there, an EXIF orientation is not applied.
 */
async function decodePicture(
  path: string,
  bytes: Uint8Array,
  { resize, crop }: Pick<DataSpec, 'resize' | 'crop'>,
): Promise<Image> {
  const { default: sharp } = await import('sharp');
  const invalid = (reason: string, cause?: unknown): PercussError =>
    new PercussError('DATA_INVALID', `${path}: ${reason}`, { details: { file: path }, cause });
  try {
    const metadata = await sharp(bytes).metadata();
    let [width, height] = [metadata.width, metadata.height];
    let picture: Sharp = sharp(bytes).removeAlpha();
    if (resize !== undefined) {
      const shorter = Math.min(width, height);
      [width, height] = [Math.floor((width * resize) / shorter), Math.floor((height * resize) / shorter)];
      picture = picture.resize({ width, height, fit: 'fill', kernel: 'linear', fastShrinkOnLoad: false });
    }
    if (crop !== undefined) {
      if (crop > Math.min(width, height)) {
        throw invalid(
          `${height}×${width} pixels (height×width) are too few for a crop of ${crop}; add or enlarge resize`,
        );
      }
      const [left, top] = [halfToEven((width - crop) / 2), halfToEven((height - crop) / 2)];
      picture = picture.extract({ left, top, width: crop, height: crop });
    }
    const grey = (metadata.channels ?? 3) <= 2;
    const { data, info } = await picture
      .toColourspace(grey ? 'b-w' : 'srgb')
      .raw({ depth: 'uchar' })
      .toBuffer({ resolveWithObject: true });
    const channels = info.channels;
    const plane = info.width * info.height;
    const planes = new Uint8Array(channels * plane);
    for (let c = 0; c < channels; c++) {
      for (let i = 0; i < plane; i++) planes[c * plane + i] = data[i * channels + c] as number;
    }
    return { shape: [channels, info.height, info.width], data: planes, where: path };
  } catch (error) {
    if (error instanceof PercussError) throw error;
    throw invalid(`not a picture that can be read (${messageOf(error)})`, error);
  }
}

function halfToEven(value: number): number {
  const below = Math.floor(value);
  return value - below === 0.5 ? below + (below % 2) : Math.round(value);
}
