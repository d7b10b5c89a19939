import { sizeOf, type Tensor } from '../../tensor.js';
import type { Operation } from '../operation.js';
import { indices, picked, stridesOf } from './layout.js';
import type { KeptChannels, Narrowed, NodeInputs } from './operator.js';

/** These places along one axis of a tensor, in this order; the tensor itself where `places` is undefined. */
export function along(t: Tensor, axis: number, places: readonly number[] | undefined): Tensor {
  if (places === undefined) return t;
  const strides = stridesOf(t.shape);
  const shape = t.shape.with(axis, places.length);
  const lead = t.shape.slice(0, axis);
  const from = new Int32Array(sizeOf(shape));
  const inner = indices(t.shape.slice(axis + 1), strides.slice(axis + 1));
  let o = 0;
  for (const start of indices(lead, strides.slice(0, axis))) {
    for (const place of places) {
      for (const within of inner) from[o++] = start + place * (strides[axis] as number) + within;
    }
  }
  return picked(t, shape, from);
}

/** Constants that hold one number a channel along their first axis, as those of normalisations do. */
export function narrowFirstAxis(_: Operation, inputs: NodeInputs, kept: KeptChannels): Narrowed {
  const constants = inputs.constants.flatMap((t, i) =>
    t === undefined ? [] : [[i, along(t, 0, kept.outputs[0])] as const],
  );
  return { attributes: {}, constants: new Map(constants) };
}

/** Constants that are broadcast to the output: those that have its channels lose the same ones. */
export function narrowBroadcast(inputs: NodeInputs, kept: KeptChannels, rank: number, channels: number): Narrowed {
  const constants = inputs.constants.flatMap((t, i) => {
    if (t === undefined) return [];
    const axis = 1 - rank + t.shape.length;
    return [[i, axis >= 0 && t.shape[axis] === channels ? along(t, axis, kept.outputs[0]) : t] as const];
  });
  return { attributes: {}, constants: new Map(constants) };
}
