import type { File as H5File, Group } from 'h5wasm';
import type { Tensor } from '../../tensor.js';
import type { Graph } from '../graph.js';
import { isObject } from '../tfjs/config.js';
import { generationOf, importLayers } from '../tfjs/import.js';
import { rootDraft, type ModelDraft } from '../tfjs/topology.js';
import { Weights } from '../tfjs/weights.js';
import { floatsOf, invalidFile, isDataset, isGroup, withHdf5 } from './hdf5.js';

/**
 * Imports a whole Keras model saved as .h5 (Keras 2, or Keras 3 in this legacy form): its configuration is that of a
 * TensorFlow.js layers model, its weights are HDF5 datasets.
 *
 * @throws PercussError MODEL_INVALID if it is no such file, or holds weights alone; MODEL_UNSUPPORTED naming all layers that
 * are not supported at once.
 */
export function importH5(name: string, bytes: Uint8Array, output?: string): Promise<Graph> {
  return withHdf5(name, bytes, (file) => {
    const generation = generationOf(file.attrs['keras_version']?.value);
    return importLayers(name, draftOf(name, file), generation, () => new Weights(name, weightsOf(name, file)), output);
  });
}

function draftOf(name: string, file: H5File): ModelDraft {
  const text = file.attrs['model_config']?.value;
  if (typeof text !== 'string') {
    throw invalidFile(
      name,
      "it holds no model_config: weights alone are no network. Save the whole model: model.save('MODEL.h5')",
    );
  }
  const config: unknown = JSON.parse(text);
  if (!isObject(config)) throw invalidFile(name, 'its model_config is no object');
  return rootDraft(name, config);
}

/** Datasets by layer and name: `conv2d/conv2d/kernel:0`. */
function weightsOf(name: string, file: H5File): ReadonlyMap<string, Tensor<'float32'>> {
  const root = file.get('model_weights');
  if (!isGroup(root)) throw invalidFile(name, 'it has no group model_weights');
  const found = new Map<string, Tensor<'float32'>>();
  const visit = (group: Group, prefix: string): void => {
    for (const key of group.keys()) {
      const item = group.get(key);
      if (isGroup(item)) visit(item, `${prefix}${key}/`);
      else if (isDataset(item)) found.set(`${prefix}${key}`, floatsOf(name, `${prefix}${key}`, item));
    }
  };
  visit(root, '');
  return found;
}
