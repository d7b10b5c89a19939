import { dataflowOf, type Dataflow } from './dataflow.js';
import type { Facts } from './flow.js';
import type { Graph, Node, ValueId } from '../network/graph.js';
import { kernelUnits, ownNodes, siteBehind, type KernelUnit } from './kernel-unit.js';
import type { SitePosition } from './site-position.js';
import { operatorOf } from '../network/operators/table.js';
import { nodeOutputs } from '../network/build.js';
import { gatesOf } from './gate.js';
import { modulePrefix } from './module-path.js';
import { Names } from '../network/names.js';
import { residualBranches, type ResidualBranch } from './residual.js';
import { residualStreams } from './residual-stream.js';
import type { Anatomy, Block, Layer, Stream } from './site.js';
import { sizeOf } from '../tensor.js';
import { SiteRegister } from './site-register.js';
import { wayEnd } from './way-end.js';

export interface AnatomyOptions {
  /** How far behind a convolution its kernels are cut; `activation` unless a study says otherwise. */
  readonly after?: SitePosition;
  /** The output that is read; default: the last. What it does not depend on is left out. */
  readonly output?: ValueId;
}

/**
 * What can be cut out of a network: layers of kernels, residual branches, residual streams, and the sites where that is
 * done. Which convolutions are left out because their channels are the classes depends on the output that is read.
 * Wherever `after` puts the kernels' sites, a branch is cut at what it hands to its sum and a stream behind the
 * normalisation and activation of whatever writes it.
 *
 * @throws PercussError MODEL_INVALID if the graph has no such output.
 * @example
 * import { readFile } from 'node:fs/promises';
 * import { anatomyOf, importNetwork } from 'percuss';
 *
 * const folder = 'experiments/zoo/residual';
 * const names = ['model.json', 'weights.bin'];
 * const files = new Map(await Promise.all(names.map(async (name) => [name, await readFile(`${folder}/${name}`)])));
 * const { layers, blocks } = anatomyOf(await importNetwork('residual', 'tfjs', files));
 * for (const layer of layers) console.log(layer.name, layer.channels);
 * console.log(blocks.map((block) => block.name));
 */
export function anatomyOf(graph: Graph, options: AnatomyOptions = {}): Anatomy {
  const flow = dataflowOf(graph, options.output);
  const register = new SiteRegister(flow);
  const units = kernelUnits(flow);
  const layers = layersOf(flow, units, options.after ?? 'activation', register);
  const blocks = blocksOf(flow, units, layers, register);
  const streams = streamsOf(flow, units, register);
  const gates = gatesOf(flow, layers);
  const sites = register.sites();
  const names = new Map(sites.map((site) => [site.value, site.name]));
  const nameAt = (value: ValueId): string => names.get(value) as string;
  const depths = new Map(sites.map((site) => [site.name, site.depth]));
  return {
    sites,
    gates,
    outputs: sizeOf((graph.shapes.get(flow.output) ?? []).slice(1)),
    layers: layers.map(({ value, ...layer }) => ({ ...layer, site: nameAt(value) })),
    blocks: blocks.map(({ value, ...block }) => ({ ...block, site: nameAt(value) })),
    streams: nameStreams(
      streams.map((channels) =>
        channels.map((origins) =>
          origins
            .map(({ value, channel }) => ({ site: nameAt(value), channel }))
            .sort((a, b) => (depths.get(a.site) as number) - (depths.get(b.site) as number)),
        ),
      ),
      depths,
    ),
  };
}

type Placed<T> = Omit<T, 'site'> & { readonly value: ValueId };

function layersOf(
  flow: Dataflow,
  units: readonly KernelUnit[],
  after: SitePosition,
  register: SiteRegister,
): readonly Placed<Layer>[] {
  const names = new Names();
  const nameOf = new Map<Facts, string>();
  for (const facts of flow.nodes) {
    if (facts.role === 'convolution') nameOf.set(facts, names.claim(facts.node.path));
  }
  return units.map((unit) => {
    const value = siteBehind(flow, unit.last.output, after);
    const ended = wayEnd(flow, value, after);
    const name = nameOf.get(unit.last) as string;
    register.add(value, name, [
      ...unit.convolutions.flatMap((facts) => [nameOf.get(facts) as string, ...aliasesOf(flow, facts.node)]),
      value,
    ]);
    return {
      name,
      value,
      node: unit.last.node.id,
      kernels: flow.channels(unit.last.output) as number,
      parameters: parametersOf(flow, ownNodes(flow, unit)),
      macs: unit.convolutions.reduce((sum, facts) => sum + macsOf(flow, facts), 0),
      coupled: unit.convolutions.length > 1 ? unit.convolutions.map((facts) => nameOf.get(facts) as string) : [],
      ...(ended ? { ended } : {}),
    };
  });
}

function aliasesOf(flow: Dataflow, node: Node): readonly string[] {
  const weights = node.inputs.filter((input) => flow.graph.constants.has(input));
  return [node.path, node.id, ...node.aliases, ...weights, ...node.outputs];
}

function macsOf(flow: Dataflow, facts: Facts): number {
  return operatorOf(facts.node).macs(facts.node, facts.inputs, nodeOutputs(flow.graph, facts.node));
}

/** Numbers held by the constants that these nodes read, each constant once. */
function parametersOf(flow: Dataflow, nodes: readonly Facts[]): number {
  const held = new Set(nodes.flatMap((facts) => facts.node.inputs));
  return [...held].reduce((sum, value) => sum + (flow.graph.constants.get(value)?.data.length ?? 0), 0);
}

function blocksOf(
  flow: Dataflow,
  units: readonly KernelUnit[],
  layers: readonly Placed<Layer>[],
  register: SiteRegister,
): readonly Placed<Block>[] {
  const network = layers.map((layer) => layer.name);
  const branches = residualBranches(flow).flatMap((branch) => {
    const own = layers.filter((_, i) => units[i]?.convolutions.some((facts) => branch.convolutions.includes(facts)));
    return own.length > 0 ? [{ branch, layers: own.map((layer) => layer.name) }] : [];
  });
  const candidates = branches.map(({ branch, layers: own }) => blockNames(branch, own, network));
  const names = new Names();
  return branches.map(({ branch, layers: own }, i) => {
    const isFree = (name: string): boolean => !candidates.some((other, j) => j !== i && other.includes(name));
    const options = candidates[i] as readonly string[];
    const name = names.claim(options.find(isFree) ?? (options.at(-1) as string));
    register.add(branch.value, name, [branch.value]);
    return { name, value: branch.value, layers: own };
  });
}

/** Names a block may have, best first: the module that holds its layers, else its sum. */
function blockNames(branch: ResidualBranch, own: readonly string[], network: readonly string[]): readonly string[] {
  const prefixes = [/[./]/, /[./_]/].flatMap((separator) => {
    const prefix = modulePrefix(own, separator);
    return prefix !== '' && prefix !== modulePrefix(network, separator) ? [prefix] : [];
  });
  return [...prefixes, branch.sum.node.path];
}

function streamsOf(
  flow: Dataflow,
  units: readonly KernelUnit[],
  register: SiteRegister,
): readonly (readonly (readonly { readonly value: ValueId; readonly channel: number }[])[])[] {
  const cuttable = new Set(units.flatMap((unit) => unit.convolutions));
  const isClass = (value: ValueId): boolean => {
    const producer = flow.producer.get(value);
    return producer?.role === 'convolution' && !cuttable.has(producer);
  };
  const places = new Map<ValueId, ValueId>();
  const placed = (origin: ValueId): ValueId => {
    const known = places.get(origin);
    if (known !== undefined) return known;
    const at = siteBehind(flow, origin, 'activation');
    register.add(at, flow.producer.get(at)?.node.path ?? at, [at]);
    places.set(origin, at);
    return at;
  };
  return residualStreams(flow)
    .filter((stream) => !stream.channels.some((origins) => origins.some(({ value }) => isClass(value))))
    .map((stream) =>
      stream.channels.map((origins) => origins.map(({ value, channel }) => ({ value: placed(value), channel }))),
    );
}

/** Calls each stream after the site that writes it first. */
function nameStreams(streams: readonly Stream['writers'][], depths: ReadonlyMap<string, number>): readonly Stream[] {
  const names = new Names();
  const depthOf = ({ site }: { readonly site: string }): number => depths.get(site) as number;
  return streams.map((writers) => {
    const [first] = writers.flat().sort((a, b) => depthOf(a) - depthOf(b));
    return { name: names.claim(first?.site ?? 'stream'), channels: writers.length, writers };
  });
}
