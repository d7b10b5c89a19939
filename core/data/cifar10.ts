import { PercussError } from '../errors.js';
import type { ImageRecords } from './image-source.js';

const SIDE = 32;
const PIXELS = 3 * SIDE * SIDE;
const RECORD = 1 + PIXELS;
const CLASSES = ['airplane', 'automobile', 'bird', 'cat', 'deer', 'dog', 'frog', 'horse', 'ship', 'truck'];

/** CIFAR-10's binary version: records of a label byte, then 1,024 red, green and blue bytes, each plane row by row. */
export function cifar10Records(files: readonly { readonly path: string; readonly bytes: Uint8Array }[]): ImageRecords {
  const places: { readonly path: string; readonly bytes: Uint8Array; readonly index: number }[] = [];
  for (const { path, bytes } of files) {
    if (bytes.length === 0 || bytes.length % RECORD !== 0) {
      throw new PercussError(
        'FILE_DAMAGED',
        `${path}: ${bytes.length} bytes are not a whole number of CIFAR-10 records of ${RECORD} bytes; ` +
          'expected the binary version (data_batch_*.bin, test_batch.bin)',
        { details: { file: path } },
      );
    }
    for (let index = 0; index < bytes.length / RECORD; index++) places.push({ path, bytes, index });
  }
  const labels = Uint16Array.from(places, ({ path, bytes, index }) => {
    const label = bytes[index * RECORD] as number;
    if (label >= CLASSES.length) {
      throw new PercussError(
        'DATA_INVALID',
        `${path}: record ${index} has the label ${label}, but CIFAR-10 has the labels 0 to 9`,
        { details: { file: path, record: index } },
      );
    }
    return label;
  });
  return {
    labels,
    classes: CLASSES,
    notices: [],
    image: (at) => {
      const { path, bytes, index } = places[at] as (typeof places)[number];
      const start = index * RECORD + 1;
      return Promise.resolve({
        shape: [3, SIDE, SIDE],
        data: bytes.subarray(start, start + PIXELS),
        where: `${path}, record ${index}`,
      });
    },
  };
}
