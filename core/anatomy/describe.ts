import { nodeInputs } from '../network/build.js';
import { graphCost } from '../network/cost.js';
import { DYNAMIC, type Graph, type Shape } from '../network/graph.js';
import { operatorOf } from '../network/operators/table.js';
import type { Anatomy, Gate, Site, SiteType, WayEnd } from './site.js';
import { alignedTable, wrapped } from './text-table.js';

export interface ValueDescription {
  readonly name: string;
  /** −1 where the graph leaves a dimension open. */
  readonly shape: Shape;
}

/** A site with the layer, block or stream that it serves. */
export interface SiteDescription {
  readonly name: string;
  readonly aliases: readonly string[];
  readonly value: string;
  readonly type: SiteType;
  readonly shape: Shape;
  readonly stride: readonly [number, number];
  readonly offset: readonly [number, number];
  readonly receptiveField: readonly [number, number];
  /** Whether each element sees the whole image besides. */
  readonly wholeImage: boolean;
  /** Undefined for a site that only cuts branches or streams. */
  readonly layer?: {
    readonly name: string;
    readonly kernels: number;
    readonly parameters: number;
    readonly macs: number;
    readonly coupled: readonly string[];
    /** Where the way to the activation ended early, and why. */
    readonly ended?: WayEnd;
  };
  /** Blocks that end here. */
  readonly blocks: readonly string[];
}

/** What `percuss inspect` shows. Plain data: it serves as its JSON form too. */
export interface NetworkDescription {
  readonly name: string;
  readonly inputs: readonly ValueDescription[];
  readonly outputs: readonly ValueDescription[];
  readonly sites: readonly SiteDescription[];
  readonly blocks: readonly { readonly name: string; readonly site: string; readonly layers: readonly string[] }[];
  readonly streams: readonly { readonly name: string; readonly channels: number; readonly sites: readonly string[] }[];
  /** Layers whose channels others multiply, one by one: squeeze and excite. */
  readonly gates: readonly Gate[];
  /** Convolutions without a site: their channels are the classes, or the output does not depend on them. */
  readonly leftOut: readonly string[];
  readonly totals: {
    readonly layers: number;
    readonly kernels: number;
    readonly parameters: number;
    readonly macs: number;
  };
}

/** A network and what can be cut out of it, as data. */
export function describeNetwork(graph: Graph, anatomy: Anatomy): NetworkDescription {
  const value = (id: string): ValueDescription => ({ name: id, shape: graph.shapes.get(id) ?? [] });
  return {
    name: graph.name,
    inputs: graph.inputs.map(({ id }) => value(id)),
    outputs: graph.outputs.map(value),
    sites: anatomy.sites.map((site) => describeSite(site, anatomy)),
    blocks: anatomy.blocks,
    streams: anatomy.streams.map(({ name, channels, writers }) => {
      const writing = new Set(writers.flat().map(({ site }) => site));
      return { name, channels, sites: anatomy.sites.flatMap((site) => (writing.has(site.name) ? [site.name] : [])) };
    }),
    gates: anatomy.gates,
    leftOut: leftOut(graph, anatomy),
    totals: {
      layers: anatomy.layers.length,
      kernels: anatomy.layers.reduce((sum, layer) => sum + layer.kernels, 0),
      ...graphCost(graph),
    },
  };
}

function describeSite(site: Site, anatomy: Anatomy): SiteDescription {
  const layer = anatomy.layers.find((candidate) => candidate.site === site.name);
  const { name, aliases, value, type, shape, stride, offset, receptiveField, wholeImage } = site;
  const blocks = anatomy.blocks.filter((block) => block.site === name).map((block) => block.name);
  const common = { name, aliases, value, type, shape, stride, offset, receptiveField, wholeImage, blocks };
  if (!layer) return common;
  const { kernels, parameters, macs, coupled, ended } = layer;
  return { ...common, layer: { name: layer.name, kernels, parameters, macs, coupled, ...(ended ? { ended } : {}) } };
}

function leftOut(graph: Graph, anatomy: Anatomy): readonly string[] {
  const nodes = new Set(anatomy.layers.map((layer) => layer.node));
  const coupled = new Set(anatomy.layers.flatMap((layer) => layer.coupled));
  return graph.nodes.flatMap((node) => {
    const isConvolution = operatorOf(node).role(node, nodeInputs(graph, node)) === 'convolution';
    return isConvolution && !nodes.has(node.id) && !coupled.has(node.path) ? [node.path] : [];
  });
}

/**
 * A description as lines of at most `width` columns: the network, a table of its sites in topological order, blocks,
 * streams, and the other names under which sites can be selected.
 */
export function networkLines(description: NetworkDescription, width = 120): readonly string[] {
  const { name, inputs, outputs, sites, blocks, streams, totals } = description;
  const values = (list: readonly ValueDescription[]): string =>
    list.map((value) => `${value.name} ${printed(value.shape)}`).join(', ');
  const lines = [
    name,
    ...wrapped('  input   ', values(inputs), width),
    ...wrapped('  output  ', values(outputs), width),
    `  total   ${plural(totals.layers, 'layer')}, ${plural(totals.kernels, 'kernel')}, ` +
      `${plural(totals.parameters, 'parameter')}, ${grouped(totals.macs)} MACs an image`,
  ];
  if (description.leftOut.length > 0) {
    lines.push(
      ...wrapped('  no site ', `${description.leftOut.join(', ')} (classes, or not behind the output)`, width),
    );
  }
  lines.push('', ...siteTable(sites, width));
  const coupled = sites.flatMap((site) => (site.layer && site.layer.coupled.length > 0 ? [site.layer] : []));
  if (coupled.length > 0) {
    lines.push('', `Coupled kernels (cut as one): ${plural(coupled.length, 'layer')}`);
    for (const layer of coupled) lines.push(...wrapped(`  ${layer.name}  `, `= ${layer.coupled.join(' + ')}`, width));
  }
  const ended = sites.flatMap(({ layer }) => (layer?.ended ? [{ name: layer.name, ...layer.ended }] : []));
  if (ended.length > 0) {
    lines.push('', `Cut before an activation or normalisation was reached: ${plural(ended.length, 'layer')}`);
    for (const { name: layer, before, reason } of ended) {
      const readers = before.map((reader) => `"${reader}"`).join(', ');
      lines.push(...wrapped(`  ${layer}: `, `cut before ${readers}: ${reason}`, width));
    }
  }
  if (description.gates.length > 0) {
    lines.push('', `Gates (each channel multiplied by one of another layer): ${description.gates.length}`);
    for (const { gated, gate } of description.gates) lines.push(...wrapped(`  ${gated}  `, `· ${gate}`, width));
  }
  if (blocks.length > 0) {
    lines.push('', `Blocks (residual branches, cut where they are added): ${blocks.length}`);
    for (const block of blocks) lines.push(...wrapped(`  ${block.name}  `, block.layers.join(', '), width));
  }
  if (streams.length > 0) {
    lines.push('', `Streams (residual channels, cut at all their writers): ${streams.length}`);
    for (const stream of streams) {
      const label = `  ${stream.name}  ${plural(stream.channels, 'channel')}, written at `;
      lines.push(...wrapped(label, stream.sites.join(', '), width));
    }
  }
  const named = sites.filter((site) => site.aliases.length > 0);
  if (named.length > 0) {
    lines.push('', 'Other names of the sites');
    for (const site of named) lines.push(...wrapped(`  ${site.name}  `, site.aliases.join(', '), width));
  }
  return lines;
}

function siteTable(sites: readonly SiteDescription[], width: number): readonly string[] {
  const rows = sites.map((site) => [
    site.name,
    site.layer ? grouped(site.layer.kernels) : '',
    site.shape.join('×'),
    site.type,
    pair(site.stride),
    site.wholeImage ? `${pair(site.receptiveField)}, whole image` : pair(site.receptiveField),
    site.layer ? grouped(site.layer.parameters) : '',
    site.layer ? grouped(site.layer.macs) : '',
    site.blocks.join(', '),
  ]);
  const header = ['site', 'kernels', 'shape', 'type', 'stride', 'field', 'parameters', 'MACs', 'block'];
  return alignedTable(header, rows, { width, right: new Set([1, 4, 5, 6, 7]), shrink: [0, 8] });
}

const grouped = (count: number): string => String(count).replace(/\B(?=(\d{3})+$)/g, ',');

const plural = (count: number, noun: string): string => `${grouped(count)} ${noun}${count === 1 ? '' : 's'}`;

/** One number for both axes where they agree. */
const pair = ([rows, columns]: readonly [number, number]): string =>
  rows === columns ? String(rows) : `${rows}×${columns}`;

const printed = (shape: Shape): string => `[${shape.map((dim) => (dim === DYNAMIC ? 'N' : dim)).join(', ')}]`;
