import type { Dataset, File as H5File, Group } from 'h5wasm';
import { messageOf, PercussError } from '../../errors.js';
import { float32, type Tensor } from '../../tensor.js';

/** A complaint about a Keras file. */
export function invalidFile(model: string, complaint: string, cause?: unknown): PercussError {
  return new PercussError('MODEL_INVALID', `model "${model}": ${complaint}`, { details: { model }, cause });
}

/** Names files within the library's own file system, which is in memory. */
let opened = 0;

/**
 * Opens an HDF5 file for as long as `use` runs.
 * @throws PercussError MODEL_INVALID if it is none.
 */
export async function withHdf5<T>(model: string, bytes: Uint8Array, use: (file: H5File) => T): Promise<T> {
  const h5 = await import('h5wasm');
  const { FS } = await h5.ready;
  const path = `/${++opened}.h5`;
  FS.writeFile(path, bytes);
  let file: H5File | undefined;
  try {
    file = openedFile(model, () => new h5.File(path, 'r'));
    return use(file);
  } finally {
    file?.close();
    FS.unlink(path);
  }
}

function openedFile(model: string, open: () => H5File): H5File {
  const complaint = 'no HDF5 file, or a damaged one';
  try {
    const file = open();
    if (file.file_id >= 0n) return file;
  } catch (cause) {
    throw invalidFile(model, `${complaint} (${messageOf(cause)}). Save or download it again`, cause);
  }
  throw invalidFile(model, `${complaint}. Save or download it again`);
}

export const isGroup = (item: object | null): item is Group => item !== null && 'keys' in item;

export const isDataset = (item: object | null): item is Dataset => item !== null && 'dtype' in item && 'value' in item;

/** A dataset's numbers, as float32. @throws PercussError MODEL_INVALID naming the weight. */
export function floatsOf(model: string, name: string, dataset: Dataset): Tensor<'float32'> {
  const data = dataset.value;
  const numbers = typeof data === 'number' || typeof data === 'bigint' ? [data] : data;
  const isNumbers = Array.isArray(numbers) || (ArrayBuffer.isView(numbers) && !(numbers instanceof DataView));
  if (!isNumbers) throw invalidFile(model, `the weight "${name}" holds no numbers that can be read as float32`);
  if (numbers instanceof Float32Array) return float32(dataset.shape ?? [], numbers.slice());
  return float32(dataset.shape ?? [], Array.from(numbers as ArrayLike<number | bigint>, Number));
}
