import { DYNAMIC, type Shape, type ValueId } from '../../network/graph.js';
import { openDimension } from '../open-dimension.js';
import { elementsPerImage } from '../../network/operators/layout.js';
import type { Tensor } from '../../tensor.js';
import { UnsupportedNode } from '../unsupported.js';
import { numbers, type BatchIndex, type Translation } from './translation.js';

const integersOf = (constant: Tensor | undefined): number[] | undefined =>
  constant?.dtype === 'int64' ? Array.from(constant.data, Number) : undefined;

/** Range(0, images, 1), or arithmetic on such a thing; undefined for everything else. */
export function batchIndexOf(t: Translation): BatchIndex | undefined {
  if (t.opType === 'Range') {
    const [start, limit, step] = [0, 1, 2].map((input) => t.constant(input)?.data[0]);
    const counts = start === 0n && limit === openDimension && step === 1n;
    return counts ? { scale: 1, shape: [], offsets: [0] } : undefined;
  }
  const at = t.inputs.findIndex((_, input) => t.batchIndex(input) !== undefined);
  const index = t.batchIndex(at);
  if (index === undefined) return undefined;
  const operation = operations.get(t.opType);
  if (operation === undefined) return undefined;
  return operation(t, index, t.constant(at === 0 ? 1 : 0));
}

type Operation = (t: Translation, index: BatchIndex, other: Tensor | undefined) => BatchIndex;

const refused = (): UnsupportedNode => new UnsupportedNode('its indices depend on an open dimension');

const operations: ReadonlyMap<string, Operation> = new Map(
  Object.entries<Operation>({
    Mul(_, { scale, shape, offsets }, other) {
      const [factor, ...more] = integersOf(other) ?? [];
      if (factor === undefined || more.length > 0) throw refused();
      return { scale: scale * factor, shape, offsets: offsets.map((offset) => offset * factor) };
    },
    Unsqueeze(t, { scale, shape, offsets }) {
      const axes = numbers(t, 'axes', 1) ?? [];
      const rank = 1 + shape.length + axes.length;
      const added = new Set(axes.map((axis) => (axis < 0 ? axis + rank : axis)));
      if (added.has(0) || added.size !== axes.length || [...added].some((axis) => axis < 0 || axis >= rank))
        throw refused();
      const rest = [...shape];
      const widened = Array.from({ length: rank - 1 }, (_, i) => (added.has(i + 1) ? 1 : (rest.shift() as number)));
      return { scale, shape: widened, offsets };
    },
    Add(t, { scale, shape, offsets }, other) {
      const added = integersOf(other);
      const own = other?.shape ?? [];
      if (added === undefined || own.length > shape.length + 1) throw refused();
      t.effort.spend(added.length * Math.max(1, offsets.length), t.opType);
      const aligned = [...Array.from({ length: shape.length + 1 - own.length }, () => 1), ...own];
      if (aligned[0] !== 1) throw refused();
      const one = summed({ shape, values: offsets }, { shape: aligned.slice(1), values: added });
      return { scale, shape: one.shape, offsets: one.values };
    },
  }),
);

interface Numbers {
  readonly shape: Shape;
  readonly values: readonly number[];
}

/** The sum of two arrays of equal rank, broadcast. */
function summed(a: Numbers, b: Numbers): Numbers {
  const fits = a.shape.every((dim, axis) => dim === 1 || b.shape[axis] === 1 || dim === b.shape[axis]);
  if (!fits) throw refused();
  const shape = a.shape.map((dim, axis) => Math.max(dim, b.shape[axis] as number));
  const pick = ({ shape: own, values }: Numbers, place: readonly number[]): number => {
    const at = own.reduce((sum, dim, axis) => sum * dim + (dim === 1 ? 0 : (place[axis] as number)), 0);
    return values[at] as number;
  };
  const values = Array.from({ length: elementsPerImage(shape) }, (_, i) => {
    let rest = i;
    const place = shape.map(() => 0);
    for (let axis = shape.length - 1; axis >= 0; axis--) {
      place[axis] = rest % (shape[axis] as number);
      rest = Math.floor(rest / (shape[axis] as number));
    }
    return pick(a, place) + pick(b, place);
  });
  return { shape, values };
}

/**
 * A Gather by such positions out of a flattened value, written as the Reshape that it is.
 * @throws UnsupportedNode where it is none.
 */
export function gatheredInOrder(t: Translation, { scale, shape, offsets }: BatchIndex): void {
  const flat = t.producer(0);
  const source: ValueId | undefined = flat?.op === 'Reshape' ? flat.inputs[0] : undefined;
  const whole = source === undefined ? undefined : t.shapeOf(source);
  const inOrder = elementsPerImage(shape) === scale && offsets.every((offset, i) => offset === i);
  const fits = whole?.[0] === DYNAMIC && !whole.slice(1).includes(DYNAMIC) && elementsPerImage(whole) === scale;
  if (source === undefined || t.shape(0).length !== 1 || !inOrder || !fits) throw refused();
  t.add('Reshape', [source], { shape: [-1, ...shape] });
}
