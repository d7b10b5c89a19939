import { sizeOf, zeros, type DType, type Tensor } from '../../tensor.js';
import { DYNAMIC, type Shape } from '../operation.js';
import type { ChannelSources, ElementType } from './operator.js';

/** Elements between neighbours along each axis of a row-major array. */
export function stridesOf(shape: Shape): number[] {
  const strides = new Array<number>(shape.length);
  let step = 1;
  for (let axis = shape.length - 1; axis >= 0; axis--) {
    strides[axis] = step;
    step *= shape[axis] as number;
  }
  return strides;
}

/** For each element of a row-major array of `shape`: offset + Σ coordinate · stride. */
export function indices(shape: Shape, strides: readonly number[], offset = 0): Int32Array {
  const total = sizeOf(shape);
  let filled = new Int32Array(total === 0 ? 0 : 1).fill(offset);
  for (let axis = 0; axis < shape.length && total > 0; axis++) {
    const length = shape[axis] as number;
    const stride = strides[axis] as number;
    const next = new Int32Array(filled.length * length);
    for (let i = 0, o = 0; i < filled.length; i++) {
      for (let k = 0, at = filled[i] as number; k < length; k++, at += stride) next[o++] = at;
    }
    filled = next;
  }
  return filled;
}

/** Anything that holds numbers by index, whatever its element type. */
interface Cells {
  [index: number]: number | bigint;
}

/** The elements of `source` at `from`, as a tensor of `shape`. */
export function picked<D extends DType>(source: Tensor<D>, shape: Shape, from: Int32Array): Tensor<D> {
  const result = zeros(source.dtype, shape);
  const [read, write]: [Cells, Cells] = [source.data, result.data];
  for (let i = 0; i < from.length; i++) write[i] = read[from[i] as number] as number | bigint;
  return result;
}

/** A tensor that holds the first element of `value` everywhere. */
export function filled<D extends DType>(value: Tensor<D>, shape: Shape): Tensor<D> {
  const result = zeros(value.dtype, shape);
  const [element, write]: [number | bigint | undefined, Cells] = [value.data[0], result.data];
  for (let i = 0; i < result.data.length && element !== undefined; i++) write[i] = element;
  return result;
}

/** Writes all elements of `source` into `target` at `to`. */
export function place(source: Tensor, target: Tensor, to: Int32Array): void {
  const [read, write]: [Cells, Cells] = [source.data, target.data];
  for (let i = 0; i < to.length; i++) write[to[i] as number] = read[i] as number | bigint;
}

/** The same elements under another shape; shares memory. */
export function reshaped<D extends DType>(source: Tensor<D>, shape: Shape): Tensor<D> {
  return { dtype: source.dtype, shape, data: source.data };
}

/** For what moves elements whatever they are: the type that all inputs have. */
export const alike = ([first, ...others]: readonly ElementType[]): ElementType | undefined =>
  others.every((type) => type === first) ? first : undefined;

/** Every channel carries itself. */
export function ownChannels(shape: Shape | undefined, input = 0): ChannelSources {
  const count = shape?.[1];
  if (count === undefined || count === DYNAMIC) return 'mixed';
  return Array.from({ length: count }, (_, channel) => [{ input, channel }]);
}

/** Whether an open axis of `x` has other elements before it once they are laid out, row-major, as `y`: its places change. */
export function openAxisMoves(x: Shape, axis: number, y: Shape): boolean {
  return elementsPerImage(x.slice(0, axis)) !== elementsPerImage(y.slice(0, y.indexOf(DYNAMIC)));
}

/** The product of dimensions, or DYNAMIC if one of them is open. */
export function extentOf(shape: Shape): number {
  return shape.includes(DYNAMIC) ? DYNAMIC : sizeOf(shape);
}

/** The product of dimensions in which open ones count once: elements for one image. */
export function elementsPerImage(shape: Shape): number {
  return shape.reduce((product, dim) => product * (dim === DYNAMIC ? 1 : dim), 1);
}
