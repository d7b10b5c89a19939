import { PercussError } from '../../errors.js';
import { atPlace } from '../../border.js';
import { within } from '../../network/budget.js';
import { buildGraph } from '../../network/build.js';
import { DYNAMIC, type Graph } from '../../network/graph.js';
import { activationName, knowsActivation } from './activation.js';
import { GraphBuilder, type Activation } from './builder.js';
import { invalidModel, isObject, itemsOf, LayerConfig, type JsonObject } from './config.js';
import { isGraphModel } from './graph-model/graph-def.js';
import { importGraphModel } from './graph-model/import-graph-model.js';
import { LayerCall } from './layer.js';
import { layers } from './layers.js';
import { isContainer, leadingTo, modelDraft, parseModelJson, topologyOf, weightGroups } from './topology.js';
import type { LayerDraft, ModelDraft, TensorReference } from './topology.js';
import { readWeights, type Weights } from './weights.js';

/**
 * Imports a TensorFlow.js model: a layers model, as tfjs itself or the Python converter wrote it, or a graph model
 * (`importGraphModel`).
 *
 * Inputs and outputs of a layers model keep Keras's shapes (channels last); in between maps are NCHW, with a Transpose
 * wherever the order of elements is looked at. Outputs are called after their layers.
 *
 * @param files model.json and the weight files that it names, under the names by which it names them.
 * @throws PercussError MODEL_INVALID, FILE_MISSING for weight files, MODEL_UNSUPPORTED naming all layers that are not
 * supported at once.
 */
export function importTfjs(name: string, files: ReadonlyMap<string, Uint8Array>, output?: string): Graph {
  const json = parseModelJson(name, modelJson(name, files));
  if (isGraphModel(json)) return importGraphModel(name, json, files, output);
  const generation = generationOf(kerasVersion(json));
  return importLayers(name, topologyOf(name, json), generation, () => readWeights(name, json, files), output);
}

function kerasVersion(json: JsonObject): unknown {
  const topology = json['modelTopology'];
  return isObject(topology) ? topology['keras_version'] : undefined;
}

/** 3 from `3.12.0`; TensorFlow.js itself is of generation 2. */
export function generationOf(version: unknown): number {
  return Number(/^\d+/.exec(String(version))?.[0] ?? 2);
}

/**
 * Builds the graph of a Keras model from its layers and weights, whatever file they came in. `generation` is that of the
 * Keras that wrote it. Of a model with several inputs, or with layers that are not supported, what leads to `output` is read.
 * @throws PercussError MODEL_INVALID, or MODEL_UNSUPPORTED naming all layers that are not supported at once.
 */
export function importLayers(
  name: string,
  whole: ModelDraft,
  generation: number,
  read: () => Weights,
  output?: string,
): Graph {
  const isPlain = whole.inputs.length === 1 && unsupportedIn(name, whole).length === 0;
  const model = isPlain ? whole : leadingTo(whole, output);
  refuseUnsupported(name, model);
  const weights = read();
  const builder = new GraphBuilder(name);
  within(name, 'outputs', model.outputs.length);
  within(name, 'inputs', model.inputs.length);
  const entries = model.inputs.map((reference) => {
    const layer = model.layers.find((candidate) => candidate.name === reference.layer);
    if (!layer) throw invalidModel(name, `its input "${reference.layer}" is no layer`);
    return inputOf(name, layer, builder);
  });
  const results = new ModelImport({ model: name, generation }, '', builder, weights).run(model, entries);
  const outputs = results.map((activation, i) => {
    const value = builder.form(activation, 'keras');
    const isInput = builder.inputs.some((input) => input.id === value);
    return isInput ? value : { value, layer: (model.outputs[i] as TensorReference).layer };
  });
  const renamed = new Map<string, string>();
  const ids = outputs.map((output) => {
    if (typeof output === 'string') return output;
    const known = renamed.get(output.value) ?? builder.rename(output.value, output.layer);
    renamed.set(output.value, known);
    return known;
  });
  return buildGraph({
    name,
    inputs: builder.inputs,
    outputs: [...new Set(ids)],
    nodes: builder.nodes,
    constants: builder.constants,
  });
}

/** The weight files that a model.json names, relative to it. @throws PercussError MODEL_INVALID or MODEL_UNSUPPORTED. */
export function weightFiles(name: string, bytes: Uint8Array): readonly string[] {
  return [...new Set(weightGroups(name, parseModelJson(name, bytes)).flatMap((group) => group.paths))];
}

function modelJson(name: string, files: ReadonlyMap<string, Uint8Array>): Uint8Array {
  const named = files.get('model.json');
  const candidates = named ? [named] : [...files].flatMap(([file, bytes]) => (file.endsWith('.json') ? [bytes] : []));
  const [only, ...others] = candidates;
  if (only && others.length === 0) return only;
  const found = candidates.length === 0 ? 'none' : `${candidates.length} of them`;
  throw new PercussError('FILE_MISSING', `"${name}": a TensorFlow.js model needs one model.json, got ${found}`, {
    details: { model: name },
  });
}

/** @throws PercussError MODEL_UNSUPPORTED with every layer that has no importer, in one message. */
function refuseUnsupported(name: string, model: ModelDraft): void {
  const faults = unsupportedIn(name, model);
  if (faults.length === 0) return;
  throw new PercussError(
    'MODEL_UNSUPPORTED',
    `"${name}" cannot be imported: ${faults.join('; ')}. Supported layers: ${[...layers.keys()].join(', ')}.`,
    { details: { model: name, faults: faults.slice(0, 5).join('; ') } },
  );
}

function unsupportedIn(name: string, model: ModelDraft): readonly string[] {
  const faults: string[] = [];
  const visit = (draft: ModelDraft, path: string, depth: number): void => {
    within(name, 'modelDepth', depth);
    for (const layer of draft.layers) {
      if (isContainer(layer.className)) {
        visit(modelDraft(name, layer.className, layer.settings), `${path}${layer.name}/`, depth + 1);
        continue;
      }
      const activation = activationName(layer.settings['activation']);
      if (layer.className !== 'InputLayer' && !layers.has(layer.className)) {
        faults.push(`layer "${path}${layer.name}" is a ${layer.className}`);
      } else if (!knowsActivation(activation)) {
        faults.push(`layer "${path}${layer.name}" (${layer.className}) has the activation function ${activation}`);
      }
    }
  };
  visit(model, '', 1);
  return faults;
}

function inputOf(model: string, layer: LayerDraft, builder: GraphBuilder): Activation {
  const batched = layer.settings['batch_input_shape'] ?? layer.settings['batch_shape'];
  // Every layer treats each image alike, so that their number is open, also where the file fixes it.
  const [, ...shape] = itemsOf(batched);
  if (shape.length === 0 || !shape.every((dim): dim is number => typeof dim === 'number' && dim > 0)) {
    throw new PercussError(
      'MODEL_UNSUPPORTED',
      `"${model}": input "${layer.name}" has shape ${JSON.stringify(batched)}; only the number of images may be open: ` +
        'build the model for images of one size, Input(shape=(height, width, channels)), load its weights and save it again',
      { details: { model, layer: layer.name } },
    );
  }
  return builder.input(layer.name, DYNAMIC, shape);
}

/** Builds one model, maybe inside of another: its layers in an order in which every call finds its inputs. */
class ModelImport {
  readonly #of: Pick<LayerCall, 'model' | 'generation'>;
  readonly #path: string;
  readonly #builder: GraphBuilder;
  readonly #weights: Weights;

  constructor(of: Pick<LayerCall, 'model' | 'generation'>, path: string, builder: GraphBuilder, weights: Weights) {
    this.#of = of;
    this.#path = path;
    this.#builder = builder;
    this.#weights = weights;
  }

  run(draft: ModelDraft, entries: readonly Activation[]): readonly Activation[] {
    const done = new Map<string, readonly Activation[]>();
    const key = (layer: string, call: number): string => `${call} ${layer}`;
    const skipped = callsBefore(draft);
    const resolve = (reference: TensorReference): Activation | undefined =>
      done.get(key(reference.layer, reference.call - (skipped.get(reference.layer) ?? 0)))?.[reference.tensor];
    draft.inputs.forEach(({ layer, call }, i) => done.set(key(layer, call), [entries[i] as Activation]));
    let waiting = draft.layers.flatMap((layer) =>
      layer.className === 'InputLayer' ? [] : layer.calls.map((inputs, call) => ({ layer, call, inputs })),
    );
    while (waiting.length > 0) {
      const later: typeof waiting = [];
      for (const pending of waiting) {
        const inputs = pending.inputs.flatMap((reference) => resolve(reference) ?? []);
        if (inputs.length < pending.inputs.length) later.push(pending);
        else done.set(key(pending.layer.name, pending.call), this.#call(pending.layer, inputs));
      }
      if (later.length === waiting.length) {
        const names = later.map(({ layer }) => `"${layer.name}"`).join(', ');
        throw invalidModel(this.#of.model, `the inputs of ${names} are missing or form a circle`);
      }
      waiting = later;
    }
    return draft.outputs.map((reference) => {
      const found = resolve(reference);
      if (!found) throw invalidModel(this.#of.model, `its output "${reference.layer}" is missing`);
      return found;
    });
  }

  #call(layer: LayerDraft, inputs: readonly Activation[]): readonly Activation[] {
    this.#builder.countCall();
    const path = `${this.#path}${layer.name}`;
    if (isContainer(layer.className)) {
      const inner = modelDraft(this.#of.model, layer.className, layer.settings);
      return new ModelImport(this.#of, `${path}/`, this.#builder, this.#weights).run(inner, inputs);
    }
    const importer = layers.get(layer.className);
    if (!importer) throw invalidModel(this.#of.model, `layer "${layer.name}" has no importer`);
    const config = new LayerConfig(this.#of.model, layer.name, layer.settings);
    const { name, className } = layer;
    const call = new LayerCall({ ...this.#of, name, path, className }, config, inputs, this.#builder, this.#weights);
    return [atPlace(`layer "${path}"`, () => importer(call))];
  }
}

/**
 * Calls of a layer that happened before this model called it: a model within a model was called once when it was made,
 * and references go on counting from there.
 */
function callsBefore(draft: ModelDraft): ReadonlyMap<string, number> {
  const references = [...draft.outputs, ...draft.layers.flatMap((layer) => layer.calls.flat())];
  const calls = new Map<string, number>();
  for (const { layer, call } of references) calls.set(layer, Math.max(call + 1, calls.get(layer) ?? 0));
  return new Map(
    draft.layers
      .filter((layer) => layer.calls.length > 0)
      .map((layer) => {
        return [layer.name, Math.max(0, (calls.get(layer.name) ?? 0) - layer.calls.length)];
      }),
  );
}
