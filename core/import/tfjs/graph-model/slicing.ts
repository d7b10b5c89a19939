import { UnsupportedNode } from '../../unsupported.js';
import type { NodeCall } from './call.js';

/** A part of an array, an entry an axis: NumPy's start:end:step, with the axes that come and go. */
export interface Cuts {
  readonly starts: readonly number[];
  readonly ends: readonly number[];
  readonly steps: readonly number[];
  /** Axes of the array of which one place is taken and which then go. */
  readonly gone: ReadonlySet<number>;
  /** The axes of the result, of length 1, that come. */
  readonly added: ReadonlySet<number>;
}

/** No axis of ours is longer. */
export const toTheEnd = 2 ** 31 - 1;

/** What a Slice takes: begin and size, −1 for the rest. */
export function sliceCuts(call: NodeCall, rank: number): Cuts {
  const [begin, size] = [call.ints(1, 'begin'), call.ints(2, 'size')];
  if (begin.length !== rank || size.length !== rank) throw new UnsupportedNode('begin and size do not fit its input');
  return {
    starts: begin,
    ends: begin.map((from, axis) => (size[axis] === -1 ? toTheEnd : from + (size[axis] as number))),
    steps: begin.map(() => 1),
    gone: new Set(),
    added: new Set(),
  };
}

/** What a StridedSlice takes; its masks are bits, one a dimension of the specification. */
export function stridedCuts(call: NodeCall, rank: number): Cuts {
  const [begin, end, strides] = [call.ints(1, 'begin'), call.ints(2, 'end'), call.ints(3, 'strides')];
  const mask = (name: string, at: number): boolean => ((call.attributes.int(name, 0) >> at) & 1) === 1;
  const [starts, ends, steps]: [number[], number[], number[]] = [[], [], []];
  const [gone, added] = [new Set<number>(), new Set<number>()];
  const isNew = (at: number): boolean => !mask('ellipsis_mask', at) && mask('new_axis_mask', at);
  const whole = (): void => {
    starts.push(0);
    ends.push(toTheEnd);
    steps.push(1);
  };
  const named = begin.filter((_, at) => !mask('ellipsis_mask', at) && !isNew(at)).length;
  let place = 0;
  begin.forEach((from, at) => {
    if (mask('ellipsis_mask', at)) {
      for (let axis = named; axis < rank; axis++) {
        whole();
        place += 1;
      }
      return;
    }
    if (isNew(at)) {
      added.add(place);
      place += 1;
      return;
    }
    const step = strides[at] ?? 1;
    if (mask('shrink_axis_mask', at)) {
      gone.add(starts.length);
      starts.push(from);
      ends.push(from === -1 ? toTheEnd : from + 1);
      steps.push(1);
      return;
    }
    starts.push(mask('begin_mask', at) ? (step > 0 ? 0 : toTheEnd) : from);
    ends.push(mask('end_mask', at) ? (step > 0 ? toTheEnd : -toTheEnd) : (end[at] as number));
    steps.push(step);
    place += 1;
  });
  while (starts.length < rank) whole();
  if (starts.length > rank) throw new UnsupportedNode(`it cuts ${starts.length} axes of ${rank}`);
  return { starts, ends, steps, gone, added };
}

/** The shape behind a cut from the shape of what was cut out: axes go and come. */
export function shapeBehind(cut: readonly number[], { gone, added }: Cuts): number[] {
  const left = cut.filter((_, axis) => !gone.has(axis));
  for (const place of [...added].sort((a, b) => a - b)) left.splice(place, 0, 1);
  return left;
}
