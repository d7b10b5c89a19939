import { atPlace } from '../../border.js';
import type { Tensor } from '../../tensor.js';
import type { Graph } from '../../network/graph.js';
import { isObject } from '../tfjs/config.js';
import { generationOf, importLayers } from '../tfjs/import-layers-model.js';
import { rootDraft, type ModelDraft } from '../tfjs/topology.js';
import { Weights } from '../tfjs/weights.js';
import { invalidFile } from './bounds.js';
import type { Hdf5Group } from './hdf5-task.js';
import { floatsOf, readHdf5 } from './hdf5.js';

/**
 * Imports a whole Keras model saved as .h5 (Keras 2, or Keras 3 in this legacy form): its configuration is that of a
 * TensorFlow.js layers model, its weights are HDF5 datasets.
 *
 * @throws PercussError FILE_DAMAGED if it is no such file, or holds weights alone; MODEL_UNSUPPORTED naming all layers that
 * are not supported at once.
 */
export async function importH5(name: string, bytes: Uint8Array, output?: string): Promise<Graph> {
  const file = await readHdf5(name, bytes, {
    roots: ['model_weights'],
    skip: [],
    attributes: ['model_config', 'keras_version'],
  });
  const generation = generationOf(file.attributes.get('keras_version'));
  return importLayers(name, draftOf(name, file), generation, () => new Weights(name, weightsOf(name, file)), output);
}

function draftOf(name: string, file: Hdf5Group): ModelDraft {
  const text = file.attributes.get('model_config');
  if (typeof text !== 'string') {
    throw invalidFile(
      name,
      "it holds no model_config: weights alone are no network. Save the whole model: model.save('MODEL.h5')",
    );
  }
  const config: unknown = atPlace('its model_config', () => JSON.parse(text) as unknown);
  if (!isObject(config)) throw invalidFile(name, 'its model_config is no object');
  return rootDraft(name, config);
}

/** Datasets by layer and name: `conv2d/conv2d/kernel:0`. */
function weightsOf(name: string, file: Hdf5Group): ReadonlyMap<string, Tensor<'float32'>> {
  const root = file.groups.get('model_weights');
  if (root === undefined) throw invalidFile(name, 'it has no group model_weights');
  const found = new Map<string, Tensor<'float32'>>();
  const visit = (group: Hdf5Group, prefix: string): void => {
    for (const [key, dataset] of group.datasets)
      found.set(`${prefix}${key}`, floatsOf(name, `${prefix}${key}`, dataset));
    for (const [key, inner] of group.groups) visit(inner, `${prefix}${key}/`);
  };
  visit(root, '');
  return found;
}
