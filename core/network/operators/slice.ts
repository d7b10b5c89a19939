import { tensor } from '../../tensor.js';
import { DYNAMIC, type Operation, type Shape } from '../operation.js';
import { axisOf, invalidNode, listOf, printShape, shapeAt, tensorAt } from './attribute.js';
import { alike, indices, ownChannels, picked, stridesOf } from './layout.js';
import type { Operator, Window } from './operator.js';
import { scattered, spaced } from './placing.js';
import { cotangentOf, inputAt, NoAdjoint } from './term.js';

export interface Cut {
  readonly start: number;
  readonly step: number;
  readonly length: number;
}

/** NumPy's start:end:step on an axis of `size`, clamped as ONNX asks. */
function cutOf(size: number, start: number, end: number, step: number): Cut {
  const clamp = (at: number, low: number, high: number): number =>
    Math.min(Math.max(at < 0 ? at + size : at, low), high);
  const from = step > 0 ? clamp(start, 0, size) : clamp(start, 0, size - 1);
  const to = step > 0 ? clamp(end, 0, size) : clamp(end, -1, size - 1);
  return { start: from, step, length: Math.max(0, Math.ceil((to - from) / step)) };
}

/** The cut of each axis of `x`. An open axis stays whole or, if it is really cut, cannot be known: undefined. */
export function cutsOf(node: Operation, x: Shape): readonly (Cut | undefined)[] {
  const cuts: (Cut | undefined)[] = x.map((size) => ({ start: 0, step: 1, length: size }));
  const [starts, ends, steps] = [listOf(node, 'starts'), listOf(node, 'ends'), listOf(node, 'steps')];
  listOf(node, 'axes').forEach((named, i) => {
    const axis = axisOf(node, named, x.length);
    const [size, start, end, step] = [x[axis], starts[i], ends[i], steps[i]];
    if (size === undefined || start === undefined || end === undefined || step === undefined || step === 0) {
      throw invalidNode(node, 'starts, ends, axes and steps must be equally long, and no step 0');
    }
    if (size !== DYNAMIC) cuts[axis] = cutOf(size, start, end, step);
    else if (start !== 0 || step !== 1 || end < 2 ** 31 - 1) cuts[axis] = undefined;
  });
  return cuts;
}

/** A strided part: NumPy's x[starts:ends:steps] along `axes`. */
export const slice: Operator = {
  role: () => 'layout',
  passesSums: () => true,
  rectifies: () => false,
  infer: (node, inputs) => [cutsOf(node, shapeAt(node, inputs, 0)).map((cut) => cut?.length ?? DYNAMIC)],
  types: alike,
  macs: () => 0,
  adjoint(passage) {
    const { node, write } = passage;
    const { shape } = inputAt(passage, 0);
    const cuts = cutsOf(node, shape).map((cut) => cut ?? { start: 0, step: 1, length: 0 });
    const real = cuts.flatMap(({ start, step, length }, axis) => {
      const size = shape[axis] as number;
      return length === size && step === 1 ? [] : [{ axis, start, step, length, size }];
    });
    if (real.some(({ axis }) => axis === 0)) throw new NoAdjoint('it cuts along the axis of the images');
    return [
      real.reduce(
        (placed, { axis, start, step, length, size }) =>
          step > 0
            ? spaced(write, placed, [{ axis, stride: step, shift: start, size }])
            : scattered(
                write,
                placed,
                axis,
                Array.from({ length }, (_, i) => start + step * i),
                size,
              ),
        cotangentOf(passage),
      ),
    ];
  },
  channels(node, inputs, outputs) {
    const channelCut = cutsOf(node, shapeAt(node, inputs, 0))[1];
    if (channelCut === undefined || ownChannels(outputs[0]) === 'mixed') return 'mixed';
    const { start, step, length } = channelCut;
    return Array.from({ length }, (_, c) => [{ input: 0, channel: start + step * c }]);
  },
  narrow(node, inputs, kept) {
    const x = shapeAt(node, inputs, 0);
    const [cut, left] = [cutsOf(node, x)[1], kept.outputs[0]];
    const at = listOf(node, 'axes').findIndex((axis) => axisOf(node, axis, x.length) === 1);
    if (at < 0 || cut === undefined || !left?.length) return { attributes: {}, constants: new Map() };
    const read = kept.inputs[0] ?? [...Array(x[1] as number).keys()];
    const places = left.map((c) => read.indexOf(cut.start + cut.step * c));
    const [first, step] = [places[0] as number, places.length > 1 ? (places[1] as number) - (places[0] as number) : 1];
    const end = first + step * places.length;
    const put = (name: string, value: number): readonly number[] => listOf(node, name).with(at, value);
    return {
      attributes: {
        starts: put('starts', first),
        ends: put('ends', end < 0 ? -(2 ** 31) : end),
        steps: put('steps', step),
      },
      constants: new Map(),
    };
  },
  imagesMeet: (node, inputs, _, images) => cutsOf(node, shapeAt(node, inputs, 0))[images] === undefined,
  window(node, inputs): Window {
    const [, , rows, columns] = cutsOf(node, shapeAt(node, inputs, 0));
    return {
      size: [1, 1],
      stride: [rows?.step ?? 1, columns?.step ?? 1],
      padding: [-(rows?.start ?? 0), -(columns?.start ?? 0)],
      dilation: [1, 1],
    };
  },
  emit: (node) => ({
    opType: 'Slice',
    attributes: {},
    constants: ['starts', 'ends', 'axes', 'steps'].map((name) => {
      const list = listOf(node, name);
      return tensor('int64', [list.length], BigInt64Array.from(list, BigInt));
    }),
  }),
  evaluate(node, inputs) {
    const x = tensorAt(node, inputs, 0);
    const cuts = cutsOf(node, x.shape).map((cut) => {
      if (cut === undefined) throw invalidNode(node, `cannot cut ${printShape(x.shape)}`);
      return cut;
    });
    const strides = stridesOf(x.shape);
    const shape = cuts.map((cut) => cut.length);
    const offset = cuts.reduce((sum, cut, axis) => sum + cut.start * (strides[axis] as number), 0);
    return [
      picked(
        x,
        shape,
        indices(
          shape,
          cuts.map((cut, axis) => cut.step * (strides[axis] as number)),
          offset,
        ),
      ),
    ];
  },
};
