import { within } from '../../../network/budget.js';
import { UnsupportedNode } from '../../unsupported.js';
import { invalidModel, isObject, itemsOf, type JsonObject } from '../config.js';

/** Output number `output` of a node. */
export interface Reference {
  readonly node: string;
  readonly output: number;
}

/** A node of a TensorFlow GraphDef as model.json holds it. */
export interface GraphNode {
  readonly name: string;
  readonly op: string;
  /** Data inputs; control inputs, which order execution only, are left out. */
  readonly inputs: readonly Reference[];
  readonly attributes: NodeAttributes;
}

/** `name`, `name:1`, also `name:output:0` as functions have it. */
export function referenceOf(text: string): Reference {
  const parts = text.split(':');
  const output = parts.length > 1 ? Number(parts.at(-1)) : 0;
  return { node: parts[0] as string, output: Number.isInteger(output) ? output : 0 };
}

/** Attributes of a node: protocol buffers as JSON, in which texts are base64 and whole numbers may be texts. */
export class NodeAttributes {
  readonly #byName: JsonObject;

  constructor(byName: JsonObject) {
    this.#byName = byName;
  }

  #field(name: string, field: string): unknown {
    const attribute = this.#byName[name];
    return isObject(attribute) ? attribute[field] : undefined;
  }

  #list(name: string, field: string): readonly unknown[] | undefined {
    const list = this.#field(name, 'list');
    return isObject(list) ? itemsOf(list[field]) : undefined;
  }

  int(name: string, otherwise: number): number {
    const value = this.#field(name, 'i');
    return value === undefined ? otherwise : Number(value);
  }

  float(name: string, otherwise: number): number {
    const value = this.#field(name, 'f');
    return value === undefined ? otherwise : Number(value);
  }

  flag(name: string, otherwise = false): boolean {
    const value = this.#field(name, 'b');
    return typeof value === 'boolean' ? value : otherwise;
  }

  text(name: string, otherwise: string): string {
    const value = this.#field(name, 's');
    return typeof value === 'string' ? Buffer.from(value, 'base64').toString() : otherwise;
  }

  texts(name: string): readonly string[] {
    return (this.#list(name, 's') ?? []).map((value) => Buffer.from(String(value), 'base64').toString());
  }

  ints(name: string): readonly number[] | undefined {
    return this.#list(name, 'i')?.map(Number);
  }

  /** An element type: `DT_FLOAT`; by number in some files. */
  type(name: string): string | undefined {
    const value = this.#field(name, 'type');
    return typeof value === 'number' ? (typesByNumber[value] ?? `type ${value}`) : (value as string | undefined);
  }

  /** A shape with −1 for open dimensions; undefined where it is not given, or not even the number of its dimensions is. */
  shape(name: string): readonly number[] | undefined {
    return dimensionsOf(this.#field(name, 'shape'));
  }
}

/** Of tensorflow/core/framework/types.proto. */
const typesByNumber: Readonly<Record<number, string>> = {
  1: 'DT_FLOAT',
  2: 'DT_DOUBLE',
  3: 'DT_INT32',
  4: 'DT_UINT8',
  7: 'DT_STRING',
  9: 'DT_INT64',
  10: 'DT_BOOL',
  19: 'DT_HALF',
};

/** The dimensions of a TensorShapeProto. */
export function dimensionsOf(shape: unknown): readonly number[] | undefined {
  if (!isObject(shape) || shape['unknownRank'] === true) return undefined;
  return itemsOf(shape['dim']).map((dim) => (isObject(dim) ? Number(dim['size'] ?? 0) : -1));
}

/** Outputs that the model's signature names, by key. */
export type Signature = ReadonlyMap<string, Reference>;

export interface GraphDef {
  readonly nodes: ReadonlyMap<string, GraphNode>;
  readonly outputs: Signature;
}

/** Whether a parsed model.json holds a graph model. */
export function isGraphModel(json: JsonObject): boolean {
  return json['format'] === 'graph-model' || (isObject(json['modelTopology']) && 'node' in json['modelTopology']);
}

/** The graph of a model.json. @throws PercussError MODEL_INVALID. */
export function graphDefOf(model: string, json: JsonObject): GraphDef {
  const topology = json['modelTopology'];
  if (!isObject(topology) || !Array.isArray(topology['node']))
    throw invalidModel(model, 'its modelTopology has no nodes');
  within(model, 'nodes', topology['node'].length);
  const nodes = new Map<string, GraphNode>();
  for (const item of topology['node'] as readonly unknown[]) {
    const node = nodeOf(model, item);
    if (nodes.has(node.name)) throw invalidModel(model, `two nodes are called "${node.name}"`);
    nodes.set(node.name, node);
  }
  return { nodes, outputs: outputsOf(model, json, nodes) };
}

function nodeOf(model: string, item: unknown): GraphNode {
  if (!isObject(item) || typeof item['name'] !== 'string' || typeof item['op'] !== 'string') {
    throw invalidModel(model, 'a node of its graph has no name or no op');
  }
  within(model, 'nameLength', item['name'].length, `node "${item['name'].slice(0, 40)}…"`);
  const inputs = itemsOf(item['input']).map(String);
  return {
    name: item['name'],
    op: item['op'],
    inputs: inputs.filter((input) => !input.startsWith('^')).map(referenceOf),
    attributes: new NodeAttributes(isObject(item['attr']) ? item['attr'] : {}),
  };
}

/** From the signature, which stands in one of two places; without one every node that nobody reads is an output. */
function outputsOf(model: string, json: JsonObject, nodes: ReadonlyMap<string, GraphNode>): Signature {
  const metadata = json['userDefinedMetadata'];
  const within = isObject(metadata) ? metadata['signature'] : undefined;
  const signature = isObject(within) ? within : json['signature'];
  const listed = isObject(signature) && isObject(signature['outputs']) ? Object.entries(signature['outputs']) : [];
  const outputs = new Map<string, Reference>();
  for (const [key, value] of listed) {
    const name = isObject(value) ? value['name'] : undefined;
    if (typeof name !== 'string') throw invalidModel(model, `the output "${key}" of its signature names no node`);
    outputs.set(key, referenceOf(name));
  }
  if (outputs.size > 0) return outputs;
  const read = new Set([...nodes.values()].flatMap((node) => node.inputs.map((input) => input.node)));
  const silent = new Set(['NoOp', 'Assert', 'Const', 'Placeholder']);
  const last = [...nodes.values()].filter(({ name, op }) => !read.has(name) && !silent.has(op));
  return new Map(last.map(({ name }) => [name, { node: name, output: 0 }]));
}

/** Floats are all float32 here. @throws UnsupportedNode for anything else. */
export function requireFloats(type: string | undefined, what: string): void {
  if (type === undefined || ['DT_FLOAT', 'DT_HALF', 'DT_DOUBLE', 'DT_BFLOAT16'].includes(type)) return;
  throw new UnsupportedNode(
    `${what} ${type.replace('DT_', '').toLowerCase()}; export the network so that it takes floats`,
  );
}
