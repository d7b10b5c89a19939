import { atPlace } from '../../border.js';
import { PercussError } from '../../errors.js';
import type { Tensor } from '../../tensor.js';
import type { Graph } from '../../network/graph.js';
import { isObject, type JsonObject } from '../tfjs/config.js';
import { generationOf, importLayers } from '../tfjs/import-layers-model.js';
import { isContainer, modelDraft, rootDraft, type LayerDraft, type ModelDraft } from '../tfjs/topology.js';
import { Weights } from '../tfjs/weights.js';
import { readArchive } from './archive.js';
import { invalidFile } from './bounds.js';
import type { Hdf5Group } from './hdf5-task.js';
import { floatsOf, readHdf5 } from './hdf5.js';

/**
 * Imports a whole Keras 3 model saved as .keras: a zip archive of its configuration and of an HDF5 file in which each
 * layer's weights are numbered in the order in which the layer makes them.
 *
 * @throws PercussError FILE_DAMAGED if it is no such file; MODEL_UNSUPPORTED naming all layers that are not supported at once.
 */
export async function importKeras(name: string, bytes: Uint8Array, output?: string): Promise<Graph> {
  const files = await readArchive(name, bytes, ['config.json', 'metadata.json', 'model.weights.h5']);
  const json = (file: string): JsonObject => {
    const text = files.get(file);
    if (text === undefined)
      throw invalidFile(name, `it holds no ${file}. Save the whole model: model.save('MODEL.keras')`);
    const parsed: unknown = atPlace(file, () => JSON.parse(new TextDecoder().decode(text)) as unknown);
    return isObject(parsed) ? parsed : {};
  };
  const [config, metadata] = [json('config.json'), json('metadata.json')];
  const draft = rootDraft(name, config);
  const weights = files.get('model.weights.h5');
  if (weights === undefined)
    throw invalidFile(name, "it holds no weights. Save the whole model: model.save('MODEL.keras')");
  const file = await readHdf5(name, weights, { roots: [], skip: ['optimizer'], attributes: ['name'] });
  const generation = generationOf(metadata['keras_version']);
  return importLayers(name, draft, generation, () => new Weights(name, weightsOf(name, draft, file)), output);
}

const kernelAndBias = (): readonly string[] => ['kernel', 'bias'];
const affine = ({ settings }: LayerDraft): readonly string[] => [
  ...(settings['scale'] === false ? [] : ['gamma']),
  ...(settings['center'] === false ? [] : ['beta']),
];

/** Names of a layer's weights, in the order in which Keras makes them. A layer with weights that is read has a row here. */
const weightNames: ReadonlyMap<string, (layer: LayerDraft) => readonly string[]> = new Map(
  Object.entries<(layer: LayerDraft) => readonly string[]>({
    BatchNormalization: (layer) => [...affine(layer), 'moving_mean', 'moving_variance'],
    Conv2D: kernelAndBias,
    Dense: kernelAndBias,
    DepthwiseConv2D: kernelAndBias,
    GroupNormalization: affine,
    LayerNormalization: affine,
    Normalization: () => ['mean', 'variance', 'count'],
    PReLU: () => ['alpha'],
    SeparableConv2D: () => ['depthwise_kernel', 'pointwise_kernel', 'bias'],
  }),
);

/** Layers, also those of models within the model, by their path. */
function layersByPath(model: string, draft: ModelDraft, path = ''): ReadonlyMap<string, LayerDraft> {
  return new Map(
    draft.layers.flatMap((layer): readonly (readonly [string, LayerDraft])[] =>
      isContainer(layer.className)
        ? [...layersByPath(model, modelDraft(model, layer.className, layer.settings), `${path}${layer.name}/`)]
        : [[`${path}${layer.name}`, layer]],
    ),
  );
}

/** Groups stand under names of classes with numbers; the layer's own name is an attribute of its `vars`. */
function weightsOf(model: string, draft: ModelDraft, file: Hdf5Group): ReadonlyMap<string, Tensor<'float32'>> {
  const layers = layersByPath(model, draft);
  const found = new Map<string, Tensor<'float32'>>();
  const visit = (group: Hdf5Group, path: string): void => {
    for (const [key, inner] of group.groups) {
      if (key === 'vars') continue;
      const vars = inner.groups.get('vars');
      const named = vars?.attributes.get('name');
      const holds = vars !== undefined && vars.datasets.size + vars.groups.size > 0;
      if (holds && typeof named !== 'string') throw namelessWeights(model);
      const here = typeof named === 'string' ? `${path}${named}` : undefined;
      const layer = here === undefined ? undefined : layers.get(here);
      if (vars !== undefined && layer !== undefined) {
        (weightNames.get(layer.className)?.(layer) ?? []).forEach((part, i) => {
          const dataset = vars.datasets.get(`${i}`);
          if (dataset) found.set(`${here}/${part}`, floatsOf(model, `${here}/${part}`, dataset));
        });
      }
      visit(inner, here === undefined ? path : `${here}/`);
    }
  };
  visit(file, '');
  return found;
}

function namelessWeights(model: string): PercussError {
  return new PercussError(
    'MODEL_UNSUPPORTED',
    `model "${model}": its weights name no layers, as those of early versions of Keras 3; save it again with a newer one, or as .h5: ` +
      "keras.models.load_model('MODEL.keras').save('MODEL.h5')",
    { details: { model } },
  );
}
