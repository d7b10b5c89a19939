import { PercussError } from '../errors.js';
import { limits, type LimitName } from '../limits.js';
import { DYNAMIC, type Graph, type Shape } from './graph.js';
import { elementsPerImage } from './operators/layout.js';

/** The largest extent of an axis: what 32 bits hold, as engines do. */
const longest = 2 ** 31 - 1;

/** Why these are no dimensions of a value; undefined if they are. */
export function misshapen(shape: Shape): string | undefined {
  const bad = shape.find((dim) => dim !== DYNAMIC && !(Number.isInteger(dim) && dim >= 0 && dim <= longest));
  return bad === undefined ? undefined : `its shape [${shape.join(', ')}] has an axis of ${bad}`;
}

/** @throws PercussError LIMIT_EXCEEDED if there are more than the table of limits allows. */
export function within(model: string, limit: LimitName, count: number, where = ''): void {
  const { value, unit, what } = limits[limit];
  if (count <= value) return;
  throw new PercussError(
    'LIMIT_EXCEEDED',
    `model "${model}"${where === '' ? '' : `, ${where}`}: ${count} ${unit}, above the limit of ${value} (${what.replace(/\.$/, '')}; docs/limits.md)`,
    { details: { model, limit } },
  );
}

/**
 * Holds an imported network against the limits that keep memory and time in bounds of whatever looks at it next: its sites, its
 * flow of channels, its programs.
 * @throws PercussError LIMIT_EXCEEDED, or MODEL_INVALID for a value without elements.
 */
export function checkBudget(graph: Graph): void {
  within(graph.name, 'nodes', graph.nodes.length);
  within(graph.name, 'outputs', graph.outputs.length);
  within(graph.name, 'inputs', graph.inputs.length);
  let channels = 0;
  for (const { id } of graph.inputs) checkValue(graph, id);
  for (const node of graph.nodes) {
    for (const output of node.outputs) {
      checkValue(graph, output);
      channels += Math.max(0, graph.shapes.get(output)?.[1] ?? 0);
    }
  }
  within(graph.name, 'channels', channels);
}

function checkValue(graph: Graph, id: string): void {
  const shape = graph.shapes.get(id) ?? [];
  const complaint =
    misshapen(shape) ?? (shape.includes(0) ? `its shape [${shape.join(', ')}] holds nothing` : undefined);
  if (complaint !== undefined) {
    throw new PercussError('MODEL_INVALID', `model "${graph.name}", value "${id}": ${complaint}`, {
      details: { model: graph.name },
    });
  }
  within(graph.name, 'axes', shape.length, `value "${id}"`);
  within(graph.name, 'valueElements', elementsPerImage(shape), `value "${id}"`);
}
