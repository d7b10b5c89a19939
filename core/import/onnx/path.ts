/** What an ONNX node tells about where it stood in its author's network. */
export interface NodeNames {
  readonly opType: string;
  /** The node's own name; may be empty. */
  readonly name: string;
  /** The name of its weights, for operators that have some. */
  readonly weights: string | undefined;
  readonly output: string;
  readonly metadata: ReadonlyMap<string, string>;
}

export interface Naming {
  readonly path: string;
  readonly aliases: readonly string[];
}

const parameterSuffix =
  /(?:[._/](?:weights?|kernel|depthwise_kernel|depthwise_weights|w|scale|gamma|s|filter))?(?:[._/](?:w|scale|gamma|s))?(?:_0)?(?::0)?$/i;
const readSuffix = /(?:\/(?:Conv2D|MatMul|depthwise|BiasAdd|FusedBatchNormV3))?(?:\/ReadVariableOp(?:_\d+)?)?(?::0)?$/;
const meaningless = /^(?:\d+|onnx::.*|Parameter\d+.*|_?v_?\d+|val_\d+|arg\d+.*|const.*|.*__\d+)$/i;

/** A weight's name without the parameter's part: `conv1.weight` → `conv1`; undefined where it means nothing to people. */
export function weightStem(weights: string): string | undefined {
  if (meaningless.test(weights)) return undefined;
  const stem = weights.includes('/ReadVariableOp')
    ? weights.replace(readSuffix, '')
    : weights.replace(parameterSuffix, '');
  return stem === '' || meaningless.test(stem) ? undefined : stem;
}

/** Modules within modules: no author goes as far. */
const deepest = 64;

/** The module scope in an exporter's node name: `/layer1/layer1.0/conv1/Conv` → [`layer1`, `layer1.0`, `conv1`]. */
function scopeOf(name: string): readonly string[] | undefined {
  return name.startsWith('/') ? name.slice(1).split('/').slice(0, -1) : undefined;
}

/** Scopes joined to a module path; a scope that repeats the one around it (`layer1`, then `layer1.0`) replaces it. */
function joinScopes(scopes: readonly string[]): string {
  let path = '';
  let last = '';
  for (const scope of scopes) {
    path =
      last !== '' && scope.startsWith(`${last}.`)
        ? path + scope.slice(last.length)
        : path === ''
          ? scope
          : `${path}.${scope}`;
    last = scope;
  }
  return path;
}

/** The innermost module in the metadata of PyTorch's newer exporter: `['', 'layer1', 'layer1.0.conv1', 'conv2d']`. */
function moduleInMetadata(metadata: ReadonlyMap<string, string>): string | undefined {
  const list = metadata.get('pkg.torch.onnx.name_scopes');
  const scopes = list === undefined ? [] : [...list.matchAll(/'([^']*)'/g)].map((match) => match[1] as string);
  const inner = scopes.at(-2);
  return inner === '' ? undefined : inner;
}

/**
 * Module paths and aliases, in order: from our own metadata, from the exporter's scopes, from weight names, from node
 * names, from output names. Paths are made unique.
 */
export function nameNodes(nodes: readonly NodeNames[]): readonly Naming[] {
  const scopes = nodes.map((node) => scopeOf(node.name));
  const modules = nodes.map((node, i) => moduleInMetadata(node.metadata) ?? (scopes[i] && joinScopes(scopes[i])));
  const containers = new Set<string>();
  for (const module of new Set(modules)) {
    if (module === undefined) continue;
    const parts = module.split('.');
    // Each beginning is kept: of a name that is no path of modules there would be too many.
    if (parts.length > deepest) continue;
    parts.forEach((_, length) => containers.add(parts.slice(0, length).join('.')));
  }
  const taken = new Set<string>();
  const copies = new Map<string, number>();
  return nodes.map((node, i) => {
    const own = node.metadata.get('percuss.path');
    const module = modules[i];
    const stem = node.weights === undefined ? undefined : weightStem(node.weights);
    const inModule =
      module !== undefined && containers.has(module)
        ? `${module === '' ? '' : `${module}.`}${node.name.split('/').at(-1) || node.opType}`
        : module;
    const names = [own, inModule, stem, node.name, node.output].filter(
      (name) => name !== undefined && name !== '',
    ) as string[];
    const wanted = names[0] ?? node.opType;
    let path = names.find((name) => !taken.has(name)) ?? wanted;
    let copy = copies.get(wanted) ?? 2;
    for (; taken.has(path); copy++) path = `${wanted}#${copy}`;
    copies.set(wanted, copy);
    taken.add(path);
    const listed = node.metadata.get('percuss.aliases');
    const aliases = listed === undefined ? names : listed.split('\n').filter((name) => name !== '');
    return { path, aliases: [...new Set(aliases)].filter((name) => name !== path) };
  });
}
