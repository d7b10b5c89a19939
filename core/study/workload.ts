import type { Graph } from '../network/graph.js';
import { nodeCosts } from '../network/cost.js';
import type { Anatomy } from '../network/site.js';
import type { Workload } from '../plan/planner.js';

/** Multiply-accumulates of one image through the whole network and from each site on, by topological order. */
export function workloadOf(graph: Graph, anatomy: Anatomy): Workload {
  const costs = nodeCosts(graph);
  const behindNode = new Map<string, number>();
  let behind = 0;
  for (const node of [...graph.nodes].reverse()) {
    for (const value of node.outputs) behindNode.set(value, behind);
    behind += costs.get(node.id)?.macs ?? 0;
  }
  const bySite = new Map(anatomy.sites.map((site) => [site.name, behindNode.get(site.value) ?? behind]));
  return { whole: behind, behind: (site) => bySite.get(site) ?? behind };
}
