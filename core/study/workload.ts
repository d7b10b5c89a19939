import { carryBehind } from '../network/carry.js';
import { graphCost } from '../network/cost.js';
import type { Graph, ValueId } from '../network/graph.js';
import { lesionProgram, type LesionProgram } from '../network/lesion-program.js';
import { liveBehind } from '../network/segment.js';
import type { Anatomy } from '../network/site.js';
import type { Work } from '../plan/cost.js';
import type { Workload } from '../plan/planner.js';
import { sizeOf } from '../tensor.js';

/** What one image costs in the whole network and in the programs for lesions behind each site. */
export function workloadOf(graph: Graph, anatomy: Anatomy, output = graph.outputs.at(-1) as ValueId): Workload {
  const known = new Map<string, Work>();
  const index = new Map(graph.nodes.flatMap((node, i) => node.outputs.map((value) => [value, i] as const)));
  const behind = (first: ValueId, single: boolean): Work => {
    const name = `${first} ${single}`;
    const found = known.get(name);
    if (found) return found;
    const cut = { first, live: liveBehind(graph, index.get(first) ?? -1, [output]) };
    const carry = single ? carryBehind(graph, cut, [output]) : undefined;
    const program = lesionProgram(graph, name, cut, [output], carry);
    const { macs, bytes } = graphCost(program.graph);
    const work = { macs, bytes, hostBytes: fedBytes(graph, program), nodes: program.graph.nodes.length };
    known.set(name, work);
    return work;
  };
  const values = new Map(anatomy.sites.map(({ name, value }) => [name, value]));
  const { macs, bytes } = graphCost(graph);
  return {
    whole: { macs, bytes, hostBytes: 0, nodes: graph.nodes.length },
    behind: (site, single) => behind(values.get(site) as ValueId, single),
  };
}

/** Bytes that are fed for every condition and image apart: changed channels, and their differences. */
function fedBytes(graph: Graph, { entries, carry }: LesionProgram): number {
  const positions = (value: ValueId): number => sizeOf((graph.shapes.get(value) as readonly number[]).slice(2));
  return entries.reduce((sum, { kind, value }) => {
    if (kind === 'patched') return sum + 4 * positions(value);
    const conv = kind === 'carried' ? carry?.convs.find(({ output }) => output === value) : undefined;
    return conv ? sum + 4 * positions(conv.input) : sum;
  }, 0);
}
