import { regionBehind, type Composed } from './region.js';
import type { Facts, Flow } from './flow.js';
import type { ValueId } from '../network/graph.js';
import type { Role } from '../network/operators/operator.js';

/**
 * An activation made of parts: elementwise nodes that all come from one value and that nothing else reads into, however
 * they end: HardSwish as x · Clip(x + 3) / 6, SiLU as x · Sigmoid(x), GELU by Erf or Tanh, PReLU as Relu(x) − a · Relu(−x),
 * Max(x, a · x), x + Relu(x), Where(x > 0, x, a · x).
 */
export function activationFrom(flow: Flow, start: ValueId): Composed | undefined {
  const [first, ...others] = flow.readers.get(start) ?? [];
  const twice = first !== undefined && first.node.inputs.filter((input) => input === start).length > 1;
  const compared = first !== undefined && flow.graph.truths.has(first.output);
  if (others.length === 0 && !twice && !compared) return undefined;
  const found = regionBehind(
    flow,
    start,
    (facts) => isElementwise(flow, facts),
    ({ output }) => !flow.graph.truths.has(output),
  );
  return found && { kind: 'activation', start, ...found };
}

const elementwise: ReadonlySet<Role> = new Set<Role>([
  'activation',
  'bias',
  'scale',
  'identity',
  'product',
  'join',
  'choice',
]);

/** Whether each channel of the result comes from the same channel of everything it reads, element by element. */
function isElementwise(flow: Flow, { role, window, sources, activations, output }: Facts): boolean {
  const shape = flow.graph.shapes.get(output)?.join();
  return (
    elementwise.has(role) &&
    window === undefined &&
    sources !== 'mixed' &&
    activations.every((value) => flow.graph.shapes.get(value)?.join() === shape) &&
    sources.every((of, c) => of.every((source) => source.channel === c))
  );
}
