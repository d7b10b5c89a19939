import { PercussError } from '../errors.js';
import { DYNAMIC, type Graph } from '../network/graph.js';
import type { EngineTensor, Feed } from './engine.js';

/** A failure of an engine, naming the graph. */
export function engineFailed(graph: string, complaint: string, cause?: unknown): PercussError {
  return new PercussError('ENGINE_FAILED', `graph "${graph}": ${complaint}`, { details: { graph }, cause });
}

/** What a graph wants to be fed. */
export function feedsOf(graph: Graph): readonly Feed[] {
  return graph.inputs.map(({ id, shape, dtype }) => ({ name: id, shape, dtype }));
}

/**
 * The feeds in the graph's order, checked.
 * @throws PercussError ENGINE_FAILED naming the graph and the feed: missing, not asked for, or of a wrong shape.
 */
export function checkedFeeds(
  graph: string,
  wanted: readonly Feed[],
  given: ReadonlyMap<string, EngineTensor>,
): readonly (readonly [name: string, tensor: EngineTensor])[] {
  if (given.size > wanted.length) {
    const names = new Set(wanted.map((feed) => feed.name));
    const strange = [...given.keys()].filter((name) => !names.has(name));
    throw engineFailed(graph, `it has no input ${strange.map((name) => `"${name}"`).join(', ')}`);
  }
  return wanted.map(({ name, shape }) => {
    const tensor = given.get(name);
    if (tensor === undefined) throw engineFailed(graph, `the feed "${name}" is missing`);
    const fits =
      tensor.shape.length === shape.length && shape.every((dim, axis) => dim === DYNAMIC || dim === tensor.shape[axis]);
    if (fits) return [name, tensor] as const;
    const expected = shape.map((dim) => (dim === DYNAMIC ? '?' : dim)).join(', ');
    throw engineFailed(graph, `the feed "${name}" must have shape [${expected}], got [${tensor.shape.join(', ')}]`);
  });
}
