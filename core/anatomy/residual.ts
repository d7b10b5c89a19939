import { isSum, type Dataflow } from './dataflow.js';
import type { Facts } from './flow.js';
import type { ValueId } from '../network/graph.js';

/** A path with convolutions that is added to a shorter path from the same fork. */
export interface ResidualBranch {
  readonly sum: Facts;
  /** Where the branch and the shortcut part. */
  readonly fork: ValueId;
  /** What the branch hands to the sum. */
  readonly value: ValueId;
  readonly convolutions: readonly Facts[];
}

interface Step {
  readonly value: ValueId;
  /** Convolutions between here and the sum. */
  readonly projections: readonly Facts[];
}

/** Residual branches, in topological order of their sums. */
export function residualBranches(flow: Dataflow): readonly ResidualBranch[] {
  return flow.nodes.filter(isSum).flatMap((sum) => branchesAt(flow, sum));
}

function branchesAt(flow: Dataflow, sum: Facts): readonly ResidualBranch[] {
  const options = sum.activations.map((shortcut) => {
    const steps = shortcutSteps(flow, shortcut);
    const branches = sum.activations
      .filter((value) => value !== shortcut)
      .flatMap((value) => branchFrom(flow, sum, value, steps) ?? []);
    return { branches, projections: branches[0]?.projections ?? Infinity };
  });
  options.sort((a, b) => b.branches.length - a.branches.length || a.projections - b.projections);
  return (options[0]?.branches ?? []).map(({ branch }) => branch);
}

/**
 * Values back along a shortcut, nearest first. A shortcut keeps its channels (identity, activation, strided slice,
 * padding, pooling), but for at most one convolution that projects them.
 */
function shortcutSteps(flow: Dataflow, shortcut: ValueId): readonly Step[] {
  const steps: Step[] = [];
  let projections: readonly Facts[] = [];
  for (let value = shortcut; ;) {
    steps.push({ value, projections });
    const producer = flow.producer.get(value);
    const composed = producer && flow.composed.byEnd.get(producer);
    if (composed) {
      value = composed.start;
      continue;
    }
    if (!producer || producer.activations.length !== 1) return steps;
    if (producer.role === 'convolution') projections = [...projections, producer];
    else if (producer.sources === 'mixed' || dropsChannels(flow, producer)) return steps;
    if (projections.length > 1) return steps;
    value = producer.activations[0] as ValueId;
  }
}

/** A choice among channels is no shortcut of the whole: Res2Net adds one part's convolution to the next part. */
function dropsChannels(flow: Dataflow, facts: Facts): boolean {
  const [before, behind] = [flow.channels(facts.activations[0] as ValueId), flow.channels(facts.output)];
  return before !== undefined && behind !== undefined && behind < before;
}

function branchFrom(
  flow: Dataflow,
  sum: Facts,
  value: ValueId,
  steps: readonly Step[],
): { readonly branch: ResidualBranch; readonly projections: number } | undefined {
  const upstream = ancestors(flow, value);
  const step = steps.find((candidate) => upstream.values.has(candidate.value));
  if (!step) return undefined;
  const convolutions = between(flow, step.value, upstream.nodes).filter((facts) => facts.role === 'convolution');
  const longer =
    convolutions.length > step.projections.length ||
    (convolutions.length === step.projections.length && reach(convolutions) > reach(step.projections));
  if (convolutions.length === 0 || !longer) return undefined;
  return { branch: { sum, fork: step.value, value, convolutions }, projections: step.projections.length };
}

/** Largest window among convolutions, in elements: tells a 1×1 projection from a branch of a single convolution. */
function reach(convolutions: readonly Facts[]): number {
  return Math.max(
    ...convolutions.map(({ window }) => (typeof window === 'object' ? window.size[0] * window.size[1] : Infinity)),
  );
}

function ancestors(flow: Dataflow, value: ValueId): { values: ReadonlySet<ValueId>; nodes: ReadonlySet<Facts> } {
  const values = new Set<ValueId>();
  const nodes = new Set<Facts>();
  const pending = [value];
  for (let next = pending.pop(); next !== undefined; next = pending.pop()) {
    const producer = flow.producer.get(next);
    if (!producer || nodes.has(producer)) continue;
    nodes.add(producer);
    for (const input of producer.activations) {
      values.add(input);
      pending.push(input);
    }
  }
  return { values, nodes };
}

/** Nodes among `upstream` that depend on `fork`, in topological order. */
function between(flow: Dataflow, fork: ValueId, upstream: ReadonlySet<Facts>): readonly Facts[] {
  const dependent = new Set<ValueId>([fork]);
  return flow.nodes.filter((facts) => {
    if (!upstream.has(facts) || !facts.activations.some((value) => dependent.has(value))) return false;
    for (const output of facts.node.outputs) dependent.add(output);
    return true;
  });
}
