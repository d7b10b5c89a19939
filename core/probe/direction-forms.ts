import type { Term, TermWriter } from '../network/operators/term.js';
import { EACH_OUTPUT, LIKELY, RANDOM, directionCount } from './logit-directions.js';

/** The least probability that is told from 0: the smallest normal float32. */
const TINY = 2 ** -126;
/** Below any logit. */
const NEVER = -3e38;

export interface AskedForms {
  /** What the forms are of, of one image. */
  readonly outputs: Term;
  /** How many outputs there are. */
  readonly size: number;
  /** What the outputs are: logs of something, of classes; probabilities whose logs these are; or values that are no classes. */
  readonly of: 'logits' | 'probabilities' | 'values';
  /** Signs of random directions, [1, `signsOf` directions, outputs]; not asked for where there are none. */
  readonly signs: () => Term;
  /** Of the class of an image 1, of all others 0, [1, 1, outputs]: the form of its loss is asked for, too. */
  readonly classes: Term | undefined;
}

/** How many random directions an image has. */
export function signsOf(size: number, classed: boolean): number {
  return size <= EACH_OUTPUT ? 0 : classed ? RANDOM : directionCount(size, false);
}

/**
 * Writes the linear forms of the directions of each image, [1, directions (and one of the loss), outputs], as nodes behind what the network gives
 * out: so that one program runs forwards, chooses, and runs backwards. See `logit-directions.ts` for what they are and what is made of them.
 */
export function writeForms(write: TermWriter, { outputs, size, of, signs, classes }: AskedForms): Term {
  const given = write.reshaped(outputs, [1, 1, size]);
  const classed = of !== 'values';
  const logs = of === 'probabilities' ? write.of('Log', atLeastTiny(write, given)) : given;
  const parts =
    size <= EACH_OUTPUT ? [shared(write, logs, classed)] : classed ? likely(write, logs, signs()) : [signs()];
  const loss = classes && [write.subtract(write.of('Softmax', logs, { axis: 2 }), classes)];
  const all = [...parts, ...(loss ?? [])];
  const [first] = all;
  const forms = all.length === 1 && first ? first : write.apply('Concat', all, { axis: 1 });
  // A change of logarithms is a change of what they are of over it.
  return of === 'probabilities' ? write.divide(forms, atLeastTiny(write, given)) : forms;
}

const atLeastTiny = (write: TermWriter, probabilities: Term): Term =>
  write.apply('Max', [probabilities, write.number(TINY)]);

/** Each output by itself, of classes against the last one: the same for every image. */
function shared(write: TermWriter, logs: Term, classed: boolean): Term {
  const size = logs.shape[2] as number;
  const count = directionCount(size, classed);
  const data = new Float32Array(count * size);
  for (let j = 0; j < count; j++) {
    data[j * size + j] = 1;
    if (classed) data[(j + 1) * size - 1] = -1;
  }
  // Of each image, though it hangs on none: added to what is 0 there.
  return write.add(write.constant([1, count, size], data), write.above(logs, logs));
}

/** The likeliest classes one by one, the others' mean, and random directions among the others. */
function likely(write: TermWriter, logs: Term, signs: Term): Term[] {
  const leading: Term[] = [];
  let left = logs;
  for (let k = 0; k < LIKELY; k++) {
    const one = firstLargest(write, left);
    leading.push(one);
    left = write.choose(write.apply('Greater', [one, write.number(0.5)]), write.number(NEVER), left);
  }
  const [first, ...next] = leading as [Term, ...Term[]];
  // Those that are taken out have no share: e to the power of the least there is.
  const share = write.of('Softmax', left, { axis: 2 });
  const signed = write.multiply(signs, write.of('Sqrt', share));
  const total = write.sum(signed, [2]);
  return [
    ...next.map((one) => write.subtract(one, first)),
    write.subtract(share, first),
    write.subtract(signed, write.multiply(total, share)),
  ];
}

/** 1 at the largest element, the first of several, and 0 elsewhere. */
function firstLargest(write: TermWriter, values: Term): Term {
  const size = values.shape[2] as number;
  const most = write.of('ReduceMax', values, { axes: [2], keepdims: 1 });
  const places = write.constant(
    [1, 1, size],
    Float32Array.from({ length: size }, (_, c) => size - c),
  );
  const ranked = write.choose(write.apply('Greater', [most, values]), write.number(0), places);
  const leading = write.of('ReduceMax', ranked, { axes: [2], keepdims: 1 });
  return write.choose(write.apply('Greater', [leading, ranked]), write.number(0), write.number(1));
}
