import { carryBehind } from '../network/carry.js';
import { graphCost } from '../network/cost.js';
import { DYNAMIC, type Graph, type ValueId } from '../network/graph.js';
import { lesionProgram } from '../network/lesion-program.js';
import { elementsPerImage } from '../network/operators/layout.js';
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
    const program = lesionProgram(graph, name, cut, [output], carry).graph;
    const { macs, bytes } = graphCost(program);
    const work = { macs, bytes, hostBytes: fedBytes(program) };
    known.set(name, work);
    return work;
  };
  const values = new Map(anatomy.sites.map(({ name, value }) => [name, value]));
  const { macs, bytes } = graphCost(graph);
  return {
    whole: { macs, bytes, hostBytes: 0 },
    behind: (site, single) => behind(values.get(site) as ValueId, single),
  };
}

/** Bytes that are fed for every condition and image apart: inputs with both axes open. */
function fedBytes({ inputs }: Graph): number {
  return inputs.reduce(
    (sum, { shape }) => sum + (shape[0] === DYNAMIC && shape[1] === DYNAMIC ? 4 * elementsPerImage(shape) : 0),
    0,
  );
}
