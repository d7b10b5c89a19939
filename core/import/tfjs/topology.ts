import { PercussError } from '../../errors.js';
import { within } from '../../network/budget.js';
import { invalidModel, isObject, itemsOf, type JsonObject } from './config.js';

/** Tensor number `tensor` that call number `call` of a layer gives. */
export interface TensorReference {
  readonly layer: string;
  readonly call: number;
  readonly tensor: number;
}

export interface LayerDraft {
  readonly name: string;
  readonly className: string;
  readonly settings: JsonObject;
  /** What it is called with; one entry a call (a shared layer has several). */
  readonly calls: readonly (readonly TensorReference[])[];
}

/** A Keras model, functional or sequential, as layers that refer to one another. */
export interface ModelDraft {
  readonly name: string;
  readonly layers: readonly LayerDraft[];
  readonly inputs: readonly TensorReference[];
  readonly outputs: readonly TensorReference[];
}

export interface WeightGroup {
  readonly paths: readonly string[];
  readonly weights: readonly unknown[];
}

const containers = new Set(['Model', 'Functional', 'Sequential']);

/** Whether a layer is a model of its own. */
export const isContainer = (className: string): boolean => containers.has(className);

/** Parses a model.json. @throws PercussError FILE_DAMAGED for what is no JSON, MODEL_INVALID. */
export function parseModelJson(model: string, bytes: Uint8Array): JsonObject {
  let json: unknown;
  try {
    json = JSON.parse(new TextDecoder().decode(bytes));
  } catch (cause) {
    throw new PercussError('FILE_DAMAGED', `"${model}": model.json is not valid JSON`, { details: { model }, cause });
  }
  if (!isObject(json)) throw invalidModel(model, 'expected an object with modelTopology and weightsManifest');
  return json;
}

/** Groups of weight files. @throws PercussError MODEL_INVALID. */
export function weightGroups(model: string, json: JsonObject): readonly WeightGroup[] {
  const manifest = json['weightsManifest'];
  if (!Array.isArray(manifest)) throw invalidModel(model, 'it has no weightsManifest');
  const taken = new Set<string>();
  return manifest.map((group: unknown) => {
    const [paths, weights] = isObject(group) ? [group['paths'], group['weights']] : [];
    if (!Array.isArray(paths) || !paths.every((path): path is string => typeof path === 'string')) {
      throw invalidModel(model, 'a group of the weightsManifest has no list of paths');
    }
    if (!Array.isArray(weights)) throw invalidModel(model, 'a group of the weightsManifest has no list of weights');
    for (const path of paths) {
      if (taken.has(path)) throw invalidModel(model, `its weightsManifest names the file "${path}" twice`);
      taken.add(path);
    }
    within(model, 'constants', weights.length);
    return { paths, weights };
  });
}

/** The network of a model.json, as the Python converter or tfjs itself wrote it. @throws PercussError MODEL_INVALID. */
export function topologyOf(model: string, json: JsonObject): ModelDraft {
  const topology = json['modelTopology'];
  if (!isObject(topology)) throw invalidModel(model, 'it has no modelTopology');
  return rootDraft(model, topology);
}

/** The network of a Keras model's configuration. @throws PercussError MODEL_INVALID. */
export function rootDraft(model: string, topology: JsonObject): ModelDraft {
  const root = isObject(topology['model_config']) ? topology['model_config'] : topology;
  return modelDraft(model, String(root['class_name']), root['config']);
}

/** A model from its class and configuration. @throws PercussError MODEL_INVALID. */
export function modelDraft(model: string, className: string, config: unknown): ModelDraft {
  if (!isContainer(className))
    throw invalidModel(model, `a Model, Functional or Sequential was expected, got ${className}`);
  const settings = isObject(config) ? config : {};
  const list = Array.isArray(config) ? config : settings['layers'];
  if (!Array.isArray(list) || list.length === 0) throw invalidModel(model, 'it has no layers');
  within(model, 'nodes', list.length);
  const layers = list.map((layer: unknown) => layerDraft(model, layer));
  const name = typeof settings['name'] === 'string' ? settings['name'] : model;
  if (className === 'Sequential') return sequential(name, layers);
  return {
    name,
    layers,
    inputs: references(model, settings['input_layers']),
    outputs: references(model, settings['output_layers']),
  };
}

function layerDraft(model: string, layer: unknown): LayerDraft {
  if (!isObject(layer) || typeof layer['class_name'] !== 'string') {
    throw invalidModel(model, 'a layer has no class_name');
  }
  const config = layer['config'];
  const own = isObject(config) ? config : { layers: config };
  const settings = { ...own, ...numberOperand(layer['inbound_nodes']) };
  const name = layer['name'] ?? settings['name'];
  if (typeof name !== 'string') throw invalidModel(model, `a ${layer['class_name']} layer has no name`);
  within(model, 'nameLength', name.length, `layer "${name.slice(0, 40)}…"`);
  const inbound = layer['inbound_nodes'];
  const calls = Array.isArray(inbound) ? inbound.map((call: unknown) => references(model, call)) : [];
  return { name, className: layer['class_name'], settings, calls };
}

/** An operation of Keras 3 with a number (`x + 3`) has that among its arguments. */
function numberOperand(inbound: unknown): JsonObject {
  const [call] = itemsOf(inbound);
  const args = isObject(call) ? itemsOf(call['args']) : [];
  const at = args.findIndex((argument) => typeof argument === 'number');
  return args.length === 2 && at >= 0 ? { operand: args[at], operand_first: at === 0 } : {};
}

/** Keras 3 writes each argument of a call as a tensor that knows where it came from. */
function kerasTensors(argument: unknown): readonly unknown[] {
  if (Array.isArray(argument)) return argument.flatMap(kerasTensors);
  const config = isObject(argument) ? argument['config'] : undefined;
  return isObject(config) && 'keras_history' in config ? [config['keras_history']] : [];
}

/** [["name", 0, 0], …], or a single one without the outer list. */
function references(model: string, value: unknown): readonly TensorReference[] {
  if (isObject(value) && Array.isArray(value['args'])) {
    return references(model, value['args'].flatMap(kerasTensors));
  }
  if (!Array.isArray(value)) {
    throw invalidModel(model, 'its layers refer to one another in a form that is not known');
  }
  const list: readonly unknown[] = typeof value[0] === 'string' ? [value] : value;
  return list.map((item) => {
    const [layer, call = 0, tensor = 0] = itemsOf(item);
    if (typeof layer !== 'string' || typeof call !== 'number' || typeof tensor !== 'number') {
      throw invalidModel(model, `${JSON.stringify(item)} refers to no layer`);
    }
    return { layer, call, tensor };
  });
}

function sequential(name: string, layers: readonly LayerDraft[]): ModelDraft {
  const [first] = layers as [LayerDraft, ...LayerDraft[]];
  const entry = first.className === 'InputLayer' ? [] : [entryOf(first)];
  const chain: LayerDraft[] = [];
  for (const layer of [...entry, ...layers]) {
    const previous = chain.at(-1);
    chain.push({ ...layer, calls: previous ? [[{ layer: previous.name, call: 0, tensor: 0 }]] : [] });
  }
  const at = (layer: LayerDraft | undefined): TensorReference[] =>
    layer ? [{ layer: layer.name, call: 0, tensor: 0 }] : [];
  return { name, layers: chain, inputs: at(chain[0]), outputs: at(chain.at(-1)) };
}

/** The input that a sequential model leaves to its first layer's batch_input_shape, however deep that stands. */
function entryOf(first: LayerDraft): LayerDraft {
  const shapeOf = (settings: JsonObject): unknown => {
    if (settings['batch_input_shape'] !== undefined) return settings['batch_input_shape'];
    const inner: unknown = Array.isArray(settings['layers']) ? settings['layers'][0] : undefined;
    return isObject(inner) && isObject(inner['config']) ? shapeOf(inner['config']) : undefined;
  };
  const settings = { batch_input_shape: shapeOf(first.settings) };
  return { name: `${first.name}_input`, className: 'InputLayer', settings, calls: [] };
}

/** What one output of a model is computed from: the one that a layer of this name gives, else the last. */
export function leadingTo(model: ModelDraft, output: string | undefined): ModelDraft {
  const answer = model.outputs.find(({ layer }) => layer === output) ?? model.outputs.at(-1);
  const byName = new Map(model.layers.map((layer) => [layer.name, layer]));
  const needed = new Set(answer ? [answer.layer] : []);
  for (const name of needed) {
    for (const { layer } of byName.get(name)?.calls.flat() ?? []) needed.add(layer);
  }
  return {
    name: model.name,
    inputs: model.inputs.filter(({ layer }) => needed.has(layer)),
    layers: model.layers.filter(({ name }) => needed.has(name)),
    outputs: answer ? [answer] : [],
  };
}
