import { isSum, keepsChannels, type Dataflow } from './dataflow.js';
import type { Facts } from './flow.js';
import type { ValueId } from '../network/graph.js';
import { sitePositions, type SitePosition } from './site-position.js';
import type { Role } from '../network/operators/operator.js';
import type { WayEnd } from './site.js';

/** Who reads a kernel as what it is: behind these nobody expects its normalisation or activation. */
const takers: ReadonlySet<Role> = new Set<Role>(['convolution', 'dense', 'pooling']);

/**
 * Why the way from a convolution to its kernels' site ended before an activation; undefined where it ended as ways do: at
 * the convolution, dense layer, pool or output that reads the kernels, at the sum of a residual branch, or behind an
 * activation that nothing follows.
 */
export function wayEnd(flow: Dataflow, site: ValueId, after: SitePosition): WayEnd | undefined {
  const { passable, wanted } = sitePositions[after];
  if (wanted === undefined) return undefined;
  const readers = flow.readers.get(site) ?? [];
  if (readers.every((reader) => takers.has(reader.role) || isSum(reader))) return undefined;
  const goesOn = readers.some((reader) => passable.has(reader.role));
  const producer = flow.producer.get(site);
  const activated = producer !== undefined && isActivation(flow, producer);
  if ((activated || wanted === 'normalisation') && !goesOn) return undefined;
  const before = readers.slice(0, mostNames).map((reader) => reader.node.path);
  return { before, reason: reasonAt(flow, site, readers) };
}

const mostNames = 3;

const isActivation = (flow: Dataflow, facts: Facts): boolean =>
  facts.role === 'activation' || flow.composed.byEnd.get(facts)?.kind === 'activation';

function reasonAt(flow: Dataflow, site: ValueId, readers: readonly Facts[]): string {
  if (flow.uses(site) > readers.length) return 'its value is an output of the network, too';
  const [reader, ...others] = readers;
  if (reader === undefined) return 'nothing reads it';
  if (others.length > 0) return `its value has ${counted(readers.length)} consumers`;
  if (reader.activations.length > 1 && reader.role === 'product')
    return 'it is multiplied by another value, as by a gate';
  if (reader.activations.length > 1 && reader.role === 'join' && reader.sources !== 'mixed') {
    return 'it is put beside other channels';
  }
  if (reader.activations.length > 1) return 'it is put together with another value';
  if (reader.role === 'layout') return 'its channels or its map are arranged anew';
  if (!keepsChannels(flow, reader)) return `${reader.node.op} mixes its channels`;
  return `${reader.node.op} is neither a normalisation nor an activation`;
}

const words = ['no', 'one', 'two', 'three', 'four', 'five', 'six', 'seven', 'eight', 'nine', 'ten'];

const counted = (count: number): string => words[count] ?? String(count);
