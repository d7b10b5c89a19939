import type { Dataflow } from './dataflow.js';
import type { Facts } from './flow.js';
import type { ValueId } from '../network/graph.js';
import type { Range } from '../network/operators/operator.js';
import { anything } from '../network/operators/range.js';
import { operatorOf } from '../network/operators/table.js';
import type { Tensor } from '../tensor.js';

/** Values without negative elements, as far as the rows tell; whoever is not among them may be negative. */
export function rectifiedValues(flow: Dataflow): ReadonlySet<ValueId> {
  const ranges = new Map<ValueId, Range>();
  const rectified = new Set<ValueId>();
  for (const facts of flow.nodes) {
    const range = rangeOf(flow, facts, ranges);
    for (const output of facts.node.outputs) {
      ranges.set(output, range);
      if (range.low >= 0) rectified.add(output);
    }
  }
  return rectified;
}

function rangeOf(flow: Dataflow, facts: Facts, ranges: ReadonlyMap<ValueId, Range>): Range {
  const of = (value: ValueId): Range => {
    const constant = flow.graph.constants.get(value);
    return constant ? held(constant) : (ranges.get(value) ?? anything);
  };
  const told = operatorOf(facts.node).range?.(facts.node, facts.node.inputs.map(of)) ?? anything;
  const positive = facts.rectifies || (keepsSign(facts) && facts.activations.every((value) => of(value).low >= 0));
  return positive ? { ...told, low: Math.max(0, told.low) } : told;
}

/** Pooling, layout and joins side by side keep the sign, and activations unless they say otherwise. */
function keepsSign({ role, sources, keepsSign: keeps }: Facts): boolean {
  return (
    role === 'pooling' ||
    role === 'identity' ||
    role === 'layout' ||
    keeps ||
    (role === 'join' && sources !== 'mixed' && sources.every((of) => of.length === 1))
  );
}

function held({ data }: Tensor): Range {
  let [low, high] = [Infinity, -Infinity];
  for (let i = 0; i < data.length; i++) {
    const x = Number(data[i]);
    if (Number.isNaN(x)) return anything;
    low = Math.min(low, x);
    high = Math.max(high, x);
  }
  return data.length === 0 ? anything : { low, high };
}
