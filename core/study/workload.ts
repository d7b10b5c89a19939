import { carryBehind } from '../network/carry.js';
import { graphCost } from '../network/cost.js';
import type { Graph, ValueId } from '../network/graph.js';
import { lesionProgram } from '../network/lesion-program.js';
import { liveBehind } from '../network/segment.js';
import type { Anatomy } from '../network/site.js';
import type { Work } from '../plan/cost.js';
import type { Workload } from '../plan/planner.js';

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
    const { macs, bytes } = graphCost(lesionProgram(graph, name, cut, [output], carry).graph);
    known.set(name, { macs, bytes });
    return { macs, bytes };
  };
  const values = new Map(anatomy.sites.map(({ name, value }) => [name, value]));
  const { macs, bytes } = graphCost(graph);
  return {
    whole: { macs, bytes },
    behind: (site, single) => behind(values.get(site) as ValueId, single),
  };
}
