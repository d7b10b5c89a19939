import { float32, tensor, zeros } from '../../tensor.js';
import { DYNAMIC, type Operation, type Shape } from '../operation.js';
import { floatsAt, invalidNode, listOf, numberOf, shapeAt } from './attribute.js';
import { stridesOf } from './layout.js';
import type { Operator, Window } from './operator.js';
import { scattered, spaced } from './placing.js';
import { cotangentOf, inputAt, NoAdjoint } from './term.js';

export type Fold = (at: number, size: number) => number;

/** Which element of an axis stands at a place that may lie outside of it; −1: the pad value. */
const folds: ReadonlyMap<string, Fold> = new Map(
  Object.entries<Fold>({
    constant: (at, size) => (at < 0 || at >= size ? -1 : at),
    edge: (at, size) => Math.min(Math.max(at, 0), size - 1),
    reflect: (at, size) => (at < 0 ? -at : at >= size ? 2 * size - 2 - at : at),
  }),
);

/** How padding folds back into its axis, by `mode`. @throws PercussError MODEL_INVALID naming the node. */
export function foldOf(node: Operation): Fold {
  const mode = String(node.attributes['mode']);
  const fold = folds.get(mode);
  if (fold === undefined) throw invalidNode(node, `padding mode ${mode} is not known`);
  return fold;
}

/** Elements before and behind each axis; fewer where negative. @throws PercussError MODEL_INVALID naming the node. */
export function padsOf(node: Operation, rank: number): readonly (readonly [number, number])[] {
  const pads = listOf(node, 'pads');
  if (pads.length !== 2 * rank) throw invalidNode(node, `${2 * rank} pads expected, got ${pads.length}`);
  return Array.from({ length: rank }, (_, axis) => [pads[axis] as number, pads[axis + rank] as number]);
}

function outputShape(node: Operation, x: Shape): Shape {
  foldOf(node);
  return padsOf(node, x.length).map(([before, after], axis) => {
    const size = x[axis] as number;
    if (size === DYNAMIC) return DYNAMIC;
    const folded = node.attributes['mode'] === 'reflect' && Math.max(before, after) >= size;
    if (folded) throw invalidNode(node, `axis ${axis} has ${size} elements, too few to be reflected`);
    if (size + before + after < 0) throw invalidNode(node, `negative pads leave nothing of axis ${axis}`);
    return size + before + after;
  });
}

/** More (or, with negative pads, fewer) elements before and after each axis: `pads` lists all befores, then all afters. */
export const pad: Operator = {
  role: () => 'layout',
  passesSums: (node) => node.attributes['mode'] !== 'constant' || numberOf(node, 'value') === 0,
  rectifies: () => false,
  infer: (node, inputs) => [outputShape(node, shapeAt(node, inputs, 0))],
  macs: () => 0,
  adjoint(passage) {
    const { node, write } = passage;
    const { shape } = inputAt(passage, 0);
    const [fold, pads] = [foldOf(node), padsOf(node, shape.length)];
    if (pads[0]?.some((count) => count !== 0)) throw new NoAdjoint('it pads along the axis of the images');
    const constant = node.attributes['mode'] === 'constant';
    return [
      pads.reduce((placed, [before, after], axis) => {
        if (before === 0 && after === 0) return placed;
        const size = shape[axis] as number;
        if (constant) return spaced(write, placed, [{ axis, stride: 1, shift: -before, size }]);
        const places = Array.from({ length: before + size + after }, (_, i) => fold(i - before, size));
        return scattered(write, placed, axis, places, size);
      }, cotangentOf(passage)),
    ];
  },
  channels(node, inputs, outputs) {
    const x = shapeAt(node, inputs, 0);
    const [channels, count] = [x[1], outputs[0]?.[1]];
    const before = padsOf(node, x.length)[1]?.[0] ?? 0;
    if (channels === undefined || count === undefined || channels === DYNAMIC || count === DYNAMIC) return 'mixed';
    return Array.from({ length: count }, (_, c) => {
      const channel = foldOf(node)(c - before, channels);
      return channel < 0 ? [] : [{ input: 0, channel }];
    });
  },
  narrow(node, inputs, kept) {
    const x = shapeAt(node, inputs, 0);
    const before = padsOf(node, x.length)[1]?.[0] ?? 0;
    const left = kept.outputs[0];
    if (left === undefined) return { attributes: {}, constants: new Map() };
    const channels = x[1] as number;
    const pads = listOf(node, 'pads')
      .with(1, left.filter((c) => c < before).length)
      .with(1 + x.length, left.filter((c) => c >= before + channels).length);
    return { attributes: { pads }, constants: new Map() };
  },
  imagesMeet: (node, inputs, _, images) =>
    padsOf(node, shapeAt(node, inputs, 0).length)[images]?.some((count) => count !== 0) ?? false,
  window(node, inputs): Window {
    const [, , rows, columns] = padsOf(node, shapeAt(node, inputs, 0).length);
    return { size: [1, 1], stride: [1, 1], padding: [rows?.[0] ?? 0, columns?.[0] ?? 0], dilation: [1, 1] };
  },
  emit: (node) => {
    const pads = listOf(node, 'pads');
    return {
      opType: 'Pad',
      attributes: { mode: String(node.attributes['mode']) },
      constants: [
        tensor('int64', [pads.length], BigInt64Array.from(pads, BigInt)),
        float32([], [numberOf(node, 'value')]),
      ],
    };
  },
  evaluate(node, inputs) {
    const x = floatsAt(node, inputs, 0);
    const shape = outputShape(node, x.shape);
    const [fold, pads, strides] = [foldOf(node), padsOf(node, x.shape.length), stridesOf(x.shape)];
    const result = zeros('float32', shape);
    const value = numberOf(node, 'value');
    const coordinate = shape.map(() => 0);
    for (let o = 0; o < result.data.length; o++) {
      let source = 0;
      for (let axis = 0; axis < shape.length && source >= 0; axis++) {
        const at = fold(
          (coordinate[axis] as number) - (pads[axis] as readonly [number, number])[0],
          x.shape[axis] as number,
        );
        source = at < 0 ? -1 : source + at * (strides[axis] as number);
      }
      result.data[o] = source < 0 ? value : (x.data[source] as number);
      for (let axis = shape.length - 1; axis >= 0; axis--) {
        coordinate[axis] = (coordinate[axis] as number) + 1;
        if ((coordinate[axis] as number) < (shape[axis] as number)) break;
        coordinate[axis] = 0;
      }
    }
    return [result];
  },
};
