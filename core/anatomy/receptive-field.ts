import type { Dataflow } from './dataflow.js';
import type { Facts } from './flow.js';
import type { Shape, ValueId } from '../network/graph.js';
import { elementsPerImage } from '../network/operators/layout.js';
import type { Window } from '../network/operators/operator.js';

type Pair = readonly [number, number];

/**
 * What of the image element (0, 0) of a map sees through windows: pixels `first` to `last` of each axis, maybe outside the
 * image.
 */
export interface Field {
  readonly first: Pair;
  readonly last: Pair;
  /** Pixels between neighbouring elements: the strides of windows multiplied. */
  readonly stride: Pair;
  /** Whether something on the way looks at a whole map, so that every element sees every pixel besides. */
  readonly wholeImage: boolean;
}

/** Rows and columns that a field spans. */
export const fieldSize = (field: Field): Pair => bothAxes((axis) => field.last[axis] - field.first[axis] + 1);

/** Its centre, in pixel coordinates: pixel (0, 0) has its centre at 0. */
export const fieldCentre = (field: Field): Pair => bothAxes((axis) => (field.first[axis] + field.last[axis]) / 2);

/**
 * Receptive field of every value, the union over all paths (Araujo, Norris and Sim, "Computing Receptive Fields of
 * Convolutional Neural Networks", Distill 2019, eqs. 1 to 5, kept as first and last pixel instead of size and centre).
 * Not clipped to the image, as in the literature. Whatever looks at a whole map and leaves a map (a norm over positions,
 * attention, a gate) leaves field and stride as they are, and is told by `wholeImage`. What has no place left, as behind a
 * global pool, sees exactly the image; where it is joined with a map, as the gate of squeeze and excite is, the map's field is
 * the result's.
 */
export function receptiveFields(flow: Dataflow): ReadonlyMap<ValueId, Field> {
  const pixel: Field = { first: [0, 0], last: [0, 0], stride: [1, 1], wholeImage: false };
  const [height, width] = imageExtent(flow);
  const fields = new Map<ValueId, Field>(flow.graph.inputs.map((input) => [input.id, pixel]));
  const placeless = new Set<ValueId>();
  for (const facts of flow.nodes) {
    const known = facts.activations.filter((value) => fields.has(value));
    const placed = known.filter((value) => !placeless.has(value));
    const seen = (placed.length > 0 ? placed : known).map((value) => fields.get(value) as Field);
    const [first, ...others] = seen;
    if (!first) continue;
    const joined = others.reduce(union, first);
    const wholeImage = known.some((value) => fields.get(value)?.wholeImage) || seesEverything(flow, facts);
    const lost = placed.length === 0 || losesPlace(flow, facts);
    const field = lost
      ? { first: [0, 0] as const, last: [height - 1, width - 1] as const, stride: joined.stride }
      : through(joined, facts.window);
    for (const output of facts.node.outputs) {
      fields.set(output, { ...field, wholeImage: wholeImage || lost });
      if (lost) placeless.add(output);
    }
  }
  return fields;
}

/** Rows and columns of the image: of the first map that a window moves over. */
function imageExtent(flow: Dataflow): Pair {
  for (const facts of flow.nodes) {
    const [height, width] = (facts.window && spaceOf(flow, facts.activations[0])) ?? [];
    if (height !== undefined && width !== undefined) return [Math.max(1, height), Math.max(1, width)];
  }
  return [1, 1];
}

const spaceOf = (flow: Dataflow, value: ValueId | undefined): Shape | undefined =>
  value === undefined ? undefined : flow.graph.shapes.get(value)?.slice(2);

/** Whether an element of the result sees a whole map of what the node reads. */
function seesEverything(flow: Dataflow, facts: Facts): boolean {
  return facts.window === 'global' || losesPlace(flow, facts);
}

/** Whether a map comes in and something without positions goes out. */
function losesPlace(flow: Dataflow, facts: Facts): boolean {
  const positions = (value: ValueId): number => elementsPerImage(spaceOf(flow, value) ?? []);
  if (typeof facts.window === 'object' || positions(facts.output) !== 1) return false;
  return facts.activations.some((value) => flow.channels(value) !== undefined && positions(value) > 1);
}

function through(field: Field, window: Window | 'global' | undefined): Field {
  if (window === undefined || window === 'global') return field;
  return {
    ...field,
    first: bothAxes((axis) => field.first[axis] - window.padding[axis] * field.stride[axis]),
    last: bothAxes((axis) => {
      const reach = (window.size[axis] - 1) * window.dilation[axis] - window.padding[axis];
      return field.last[axis] + reach * field.stride[axis];
    }),
    stride: bothAxes((axis) => field.stride[axis] * window.stride[axis]),
  };
}

function union(a: Field, b: Field): Field {
  return {
    first: bothAxes((axis) => Math.min(a.first[axis], b.first[axis])),
    last: bothAxes((axis) => Math.max(a.last[axis], b.last[axis])),
    stride: bothAxes((axis) => Math.max(a.stride[axis], b.stride[axis])),
    wholeImage: a.wholeImage || b.wholeImage,
  };
}

const bothAxes = (of: (axis: 0 | 1) => number): Pair => [of(0), of(1)];
