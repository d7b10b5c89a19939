import { PercussError } from '../errors.js';
import type { Image, ImageRecords } from './image-source.js';

/** A file of images with its file of labels, both read. */
export interface PairedFile {
  readonly path: string;
  readonly labelPath: string;
  readonly images: {
    readonly count: number;
    readonly shape: Image['shape'];
    pixels(index: number): Uint8Array | Float32Array;
  };
  readonly labels: Uint16Array;
}

/**
 * Image sets of formats that keep images and labels in files of their own.
 * @param classes names by label, where the spec gives them.
 * @throws PercussError DATA_INVALID if a pair of files differs in its number of images and labels, or a label has no name.
 */
export function pairedRecords(files: readonly PairedFile[], classes: readonly string[] | null): ImageRecords {
  const places: { readonly file: PairedFile; readonly index: number }[] = [];
  for (const file of files) {
    const { path, labelPath, images, labels } = file;
    if (images.count !== labels.length) {
      throw new PercussError(
        'DATA_INVALID',
        `${path} holds ${images.count} images, but ${labelPath} holds ${labels.length} labels`,
        { details: { images: path, labels: labelPath } },
      );
    }
    for (let index = 0; index < images.count; index++) places.push({ file, index });
  }
  const labels = Uint16Array.from(places, ({ file, index }) => file.labels[index] as number);
  const unnamed = classes === null ? -1 : labels.findIndex((label) => label >= classes.length);
  if (classes !== null && unnamed >= 0) {
    const { file, index } = places[unnamed] as (typeof places)[number];
    throw new PercussError(
      'DATA_INVALID',
      `${file.labelPath}: image ${index} has the label ${labels[unnamed]}, but classes names ${classes.length}, 0 to ${classes.length - 1}`,
      { details: { file: file.labelPath, image: index } },
    );
  }
  return {
    labels,
    classes,
    notices: [],
    image: (at) => {
      const { file, index } = places[at] as (typeof places)[number];
      const { images, path } = file;
      return Promise.resolve({ shape: images.shape, data: images.pixels(index), where: `${path}, image ${index}` });
    },
  };
}
