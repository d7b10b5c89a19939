import { followed, keepsChannels, mixesChannels, type Dataflow } from './dataflow.js';
import type { Facts } from './flow.js';
import type { ValueId } from '../network/graph.js';
import { sitePositions, type SitePosition } from './site-position.js';

/** The value at which whatever `from` carries is cut. */
export function siteBehind(flow: Dataflow, from: ValueId, after: SitePosition): ValueId {
  return followed(flow, from, sitePositions[after].passable).at(-1)?.output ?? from;
}

/**
 * Convolutions whose kernels are coupled one to one, in topological order: mostly one, a depthwise convolution with its
 * producer, or a chain of them. Cut behind the last.
 */
export interface KernelUnit {
  readonly convolutions: readonly Facts[];
  readonly last: Facts;
}

/** All units whose channels are mixed once more before the output; the others' channels are the classes. */
export function kernelUnits(flow: Dataflow): readonly KernelUnit[] {
  const mixedLater = mixedDownstream(flow);
  const unitOf = new Map<Facts, Facts[]>();
  const units: Facts[][] = [];
  for (const facts of flow.nodes) {
    if (facts.role !== 'convolution') continue;
    const partner = keepsChannels(flow, facts) ? exclusiveProducer(flow, facts) : undefined;
    const unit = (partner && unitOf.get(partner)) ?? [];
    if (unit.length === 0) units.push(unit);
    unit.push(facts);
    unitOf.set(facts, unit);
  }
  return units
    .map((convolutions) => ({ convolutions, last: convolutions.at(-1) as Facts }))
    .filter(({ last }) => mixedLater.has(last.output))
    .sort((a, b) => a.last.position - b.last.position);
}

/** The convolution whose channels this depthwise convolution, and nothing else, reads one to one. */
function exclusiveProducer(flow: Dataflow, depthwise: Facts): Facts | undefined {
  let value = depthwise.activations[0] as ValueId;
  let exclusive = flow.uses(value) === 1;
  for (;;) {
    const producer = flow.producer.get(value);
    if (!producer || !exclusive) return undefined;
    if (producer.role === 'convolution') return producer;
    const composed = flow.composed.byEnd.get(producer);
    if (!composed && !keepsChannels(flow, producer)) return undefined;
    value = composed?.start ?? (producer.activations[0] as ValueId);
    exclusive = composed !== undefined || flow.uses(value) === 1;
  }
}

/** Values behind which channels are mixed with one another before the output. */
function mixedDownstream(flow: Dataflow): ReadonlySet<ValueId> {
  const mixed = new Set<ValueId>();
  for (const facts of flow.nodes.toReversed()) {
    if (!mixesChannels(flow, facts) && !facts.node.outputs.some((output) => mixed.has(output))) continue;
    for (const value of facts.activations) mixed.add(value);
  }
  return mixed;
}

/** Nodes from the first convolution of a unit to its site that hold its own weights and biases. */
export function ownNodes(flow: Dataflow, unit: KernelUnit): readonly Facts[] {
  return unit.convolutions.flatMap((convolution) => [
    convolution,
    ...followed(flow, convolution.output, sitePositions.conv.passable),
  ]);
}
