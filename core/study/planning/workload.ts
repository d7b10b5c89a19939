import { deltaBehind } from '../../probe/delta-convolution.js';
import { graphCost, weightBytes } from '../../network/cost.js';
import type { Graph, ValueId } from '../../network/graph.js';
import { lesionProgram, type LesionProgram } from '../../probe/lesion-program.js';
import { liveOut, segment } from '../../probe/segment.js';
import type { Anatomy } from '../../anatomy/site.js';
import { tailProgram } from '../../probe/tail-program.js';
import { noWork, type Work } from '../../plan/cost.js';
import type { Workload } from '../../plan/prediction.js';
import { SHARE } from '../../probe/segment-chain.js';
import { DIRECT_BYTES } from '../../probe/instrumented-network.js';
import { sizeOf } from '../../tensor.js';

/** What one image costs in the whole network and in the programs for lesions behind each site. */
export function workloadOf(graph: Graph, anatomy: Anatomy, output = graph.outputs.at(-1) as ValueId): Workload {
  const known = new Map<string, { readonly behind: Work; readonly ahead: Work }>();
  const weights = weightBytes(graph);
  // Programs of large networks end where the next stop is.
  const most = weights > DIRECT_BYTES ? SHARE * weights : weights;
  const index = new Map(graph.nodes.flatMap((node, i) => node.outputs.map((value) => [value, i] as const)));
  const at = (first: ValueId, single: boolean): { readonly behind: Work; readonly ahead: Work } => {
    const name = `${first} ${single}`;
    const found = known.get(name);
    if (found) return found;
    const cut = { first, live: liveOut(graph, index.get(first) ?? -1, [output]) };
    const carry = single ? deltaBehind(graph, cut, [output]) : undefined;
    const program = lesionProgram(graph, name, cut, [output], carry);
    const { macs, bytes } = graphCost(program.graph);
    const works = {
      behind: {
        macs,
        bytes,
        hostBytes: fedBytes(graph, program),
        nodes: program.graph.nodes.length,
        weightBytes: Math.min(most, weightBytes(program.graph)),
      },
      ahead: aheadOf(graph, cut.live, program.ahead),
    };
    known.set(name, works);
    return works;
  };
  const values = new Map(anatomy.sites.map(({ name, value }) => [name, value]));
  const spreads = new Map<string, Work>();
  const spread = (site: string): Work => {
    const at = index.get(values.get(site) as ValueId) ?? -1;
    const later = [...new Set(values.values())].filter((value) => (index.get(value) ?? -1) >= at);
    const live = liveOut(graph, at, [output]);
    const program = tailProgram(graph, 'spread', { live, values: later, end: [output] });
    const work = workOf(program.graph);
    return { ...work, weightBytes: Math.min(most, work.weightBytes) };
  };
  const { macs, bytes } = graphCost(graph);
  return {
    whole: { macs, bytes, hostBytes: 0, nodes: graph.nodes.length, weightBytes: weights },
    behind: (site, single) => at(values.get(site) as ValueId, single).behind,
    ahead: (site, single) => at(values.get(site) as ValueId, single).ahead,
    spread(site) {
      const work = spreads.get(site) ?? spread(site);
      spreads.set(site, work);
      return work;
    },
  };
}

/** Of a program that the host feeds next to nothing. */
function workOf(program: Graph): Work {
  const { macs, bytes } = graphCost(program);
  return { ...noWork, macs, bytes, nodes: program.nodes.length, weightBytes: weightBytes(program) };
}

/** What it costs to compute values of the intact network from those that are alive at a cut. */
function aheadOf(graph: Graph, live: readonly ValueId[], ahead: readonly ValueId[]): Work {
  if (ahead.length === 0) return noWork;
  const program = segment(graph, 'ahead', live, ahead);
  return { ...workOf(program), weightBytes: 0 };
}

/**
 * Bytes that the host makes and reads for every condition and image apart: a changed channel is filled and fed; for a difference
 * it is filled, gathered as it was, subtracted and fed.
 */
function fedBytes(graph: Graph, { entries }: LesionProgram): number {
  const positions = (value: ValueId): number => sizeOf((graph.shapes.get(value) as readonly number[]).slice(2));
  return entries.reduce((sum, entry) => {
    if (entry.kind === 'patched') return sum + 2 * 4 * positions(entry.value);
    return entry.kind === 'carried' ? sum + 4 * 4 * positions(entry.conv.input) : sum;
  }, 0);
}
