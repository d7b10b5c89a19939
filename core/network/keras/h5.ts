import type { Dataset, File as H5File, Group } from 'h5wasm';
import { messageOf, PercussError } from '../../errors.js';
import { float32, type Tensor } from '../../tensor.js';
import type { Graph } from '../graph.js';
import { isObject } from '../tfjs/config.js';
import { importLayers } from '../tfjs/import.js';
import { rootDraft, type ModelDraft } from '../tfjs/topology.js';
import { Weights } from '../tfjs/weights.js';

function invalid(model: string, complaint: string, cause?: unknown): PercussError {
  return new PercussError('MODEL_INVALID', `model "${model}" (.h5): ${complaint}`, { details: { model }, cause });
}

/**
 * Imports a whole Keras model saved as .h5 (Keras 2, or Keras 3 in this legacy form): its configuration is that of a
 * TensorFlow.js layers model, its weights are HDF5 datasets.
 *
 * @throws PercussError MODEL_INVALID if it is no such file, or holds weights alone; MODEL_UNSUPPORTED naming all layers that
 * are not supported at once.
 */
export async function importH5(name: string, bytes: Uint8Array): Promise<Graph> {
  const h5 = await import('h5wasm');
  const { FS } = await h5.ready;
  const path = `/${++opened}.h5`;
  FS.writeFile(path, bytes);
  let file: H5File | undefined;
  try {
    file = openedFile(name, () => new h5.File(path, 'r'));
    const whole = file;
    return importLayers(name, draftOf(name, whole), () => new Weights(name, weightsOf(name, h5, whole)));
  } finally {
    file?.close();
    FS.unlink(path);
  }
}

/** Names files within the library's own file system, which is in memory. */
let opened = 0;

function openedFile(name: string, open: () => H5File): H5File {
  try {
    const file = open();
    if (file.file_id >= 0n) return file;
  } catch (cause) {
    throw invalid(name, `no HDF5 file, or a damaged one (${messageOf(cause)}). Save or download it again`, cause);
  }
  throw invalid(name, 'no HDF5 file, or a damaged one. Save or download it again');
}

function draftOf(name: string, file: H5File): ModelDraft {
  const text = file.attrs['model_config']?.value;
  if (typeof text !== 'string') {
    throw invalid(
      name,
      "it holds no model_config: weights alone are no network. Save the whole model: model.save('MODEL.h5')",
    );
  }
  const config: unknown = JSON.parse(text);
  if (!isObject(config)) throw invalid(name, 'its model_config is no object');
  return rootDraft(name, config);
}

/** Datasets by layer and name: `conv2d/conv2d/kernel:0`. */
function weightsOf(name: string, h5: typeof import('h5wasm'), file: H5File): ReadonlyMap<string, Tensor<'float32'>> {
  const root = file.get('model_weights');
  if (!(root instanceof h5.Group)) throw invalid(name, 'it has no group model_weights');
  const found = new Map<string, Tensor<'float32'>>();
  const visit = (group: Group, prefix: string): void => {
    for (const key of group.keys()) {
      const item = group.get(key);
      if (item instanceof h5.Group) visit(item, `${prefix}${key}/`);
      else if (item instanceof h5.Dataset) found.set(`${prefix}${key}`, tensorOf(name, `${prefix}${key}`, item));
    }
  };
  visit(root, '');
  return found;
}

function tensorOf(model: string, name: string, dataset: Dataset): Tensor<'float32'> {
  const data = dataset.value;
  if (typeof data === 'number') return float32(dataset.shape ?? [], [data]);
  if (
    !ArrayBuffer.isView(data) ||
    data instanceof DataView ||
    data instanceof BigInt64Array ||
    data instanceof BigUint64Array
  ) {
    throw invalid(model, `the weight "${name}" holds no numbers that can be read as float32`);
  }
  return float32(dataset.shape ?? [], Float32Array.from(data as Float32Array));
}
