import { float32 } from '../../tensor.js';
import type { Operation } from '../operation.js';
import { padsOf, pairOf } from './attribute.js';
import { largestFloat32 } from './clip.js';
import type { Term, TermWriter } from './term.js';
import { transposedConv } from './transposed-conv.js';

/** The windows of a pool along one axis. */
interface Line {
  readonly kernel: number;
  readonly stride: number;
  readonly dilation: number;
  readonly padding: number;
  readonly size: number;
  readonly count: number;
}

function linesOf(node: Operation, x: Term, y: Term): readonly [Line, Line] {
  const pads = padsOf(node);
  const [first, second] = ([0, 1] as const).map((side) => ({
    kernel: pairOf(node, 'kernel_shape')[side],
    stride: pairOf(node, 'strides')[side],
    dilation: pairOf(node, 'dilations')[side],
    padding: pads[side],
    size: x.shape[side + 2] as number,
    count: y.shape[side + 2] as number,
  }));
  return [first as Line, second as Line];
}

/** Of each place of the input: which window is the `back`-th last that begins before it, and as which of its pixels it is there; −1: as none. */
function windowAt(line: Line, back: number): readonly { readonly window: number; readonly pixel: number }[] {
  const { kernel, stride, dilation, padding, size, count } = line;
  return Array.from({ length: size }, (_, place) => {
    const window = Math.floor((place + padding) / stride) - back;
    const pixel = (place + padding - window * stride) / dilation;
    const within = window >= 0 && window < count && Number.isInteger(pixel) && pixel < kernel;
    return within ? { window, pixel } : { window: 0, pixel: -1 };
  });
}

/** How many windows may lie over one place. */
const overlap = ({ kernel, stride, dilation }: Line): number => Math.ceil(((kernel - 1) * dilation + 1) / stride);

/** Each window as often as places of the input lie in it, along rows: a product with zeros and ones, since picking single elements takes several times as long. */
function repeated(write: TermWriter, of: Term, places: readonly { readonly window: number }[]): Term {
  const count = of.shape[3] as number;
  if (places.length === count && places.every(({ window }, place) => window === place)) return of;
  const data = new Float32Array(count * places.length);
  places.forEach(({ window }, place) => void (data[window * places.length + place] = 1));
  return write.apply('MatMul', [of, write.constant([count, places.length], data)]);
}

/** What each place of the input gets from the windows over it: `share` tells of what one window gives to a place, as a factor. */
function fromWindows(
  write: TermWriter,
  cotangent: Term,
  [down, across]: readonly [Line, Line],
  share: (places: (of: Term) => Term, pixels: readonly number[]) => Term,
): Term {
  const parts: Term[] = [];
  for (let beside = 0; beside < overlap(across); beside++) {
    const columns = windowAt(across, beside);
    const wide = (of: Term): Term => repeated(write, of, columns);
    const inColumns = wide(cotangent);
    for (let back = 0; back < overlap(down); back++) {
      const rows = windowAt(down, back);
      const lines = (of: Term): Term =>
        write.picked(
          of,
          2,
          rows.map(({ window }) => window),
        );
      const pixels = rows.flatMap((row) =>
        columns.map((column) => (row.pixel < 0 || column.pixel < 0 ? -2 : row.pixel * across.kernel + column.pixel)),
      );
      if (pixels.every((pixel) => pixel < 0)) continue;
      parts.push(
        write.multiply(
          lines(inColumns),
          share((of) => lines(wide(of)), pixels),
        ),
      );
    }
  }
  return parts.reduce((sum, part) => write.add(sum, part));
}

/** The whole cotangent of a window goes to its largest pixel, of equal ones to the first, row by row, as in PyTorch; to none where NaN is the largest. */
export function maxPoolAdjoint(write: TermWriter, node: Operation, x: Term, y: Term, cotangent: Term): Term {
  const lines = linesOf(node, x, y);
  const [down, across] = lines;
  const behind = ({ kernel, stride, dilation, padding, size, count }: Line): number =>
    Math.max(0, (count - 1) * stride + (kernel - 1) * dilation + 1 - padding - size);
  const padded = write.padded(
    x,
    new Map([
      [2, [down.padding, behind(down)] as const],
      [3, [across.padding, behind(across)] as const],
    ]),
    -largestFloat32,
  );
  // Which pixel of its window is the largest: the first is looked at last.
  let first = write.number(-1);
  for (let pixel = down.kernel * across.kernel - 1; pixel >= 0; pixel--) {
    const [row, column] = [Math.floor(pixel / across.kernel), pixel % across.kernel];
    const seen = write.cut(padded, [
      { axis: 2, start: row * down.dilation, step: down.stride, length: down.count },
      { axis: 3, start: column * across.dilation, step: across.stride, length: across.count },
    ]);
    first = write.choose(write.apply('Equal', [seen, y]), write.number(pixel), first);
  }
  return fromWindows(write, cotangent, lines, (at, pixels) =>
    write.alike(at(first), write.constant([1, 1, down.size, across.size], pixels)),
  );
}

/** Each pixel of a window gets its share of the cotangent; `divisors` are by how much each window's sum was divided, [1, 1, rows, columns]. */
export function averagePoolAdjoint(
  write: TermWriter,
  node: Operation,
  x: Term,
  y: Term,
  cotangent: Term,
  divisors: ArrayLike<number>,
): Term {
  const lines = linesOf(node, x, y);
  const [down, across] = lines;
  const shares = write.constant(
    [1, 1, down.count, across.count],
    Array.from(divisors, (divisor) => 1 / divisor),
  );
  const shared = write.multiply(cotangent, shares);
  if (overlap(down) * overlap(across) === 1) {
    return fromWindows(write, shared, lines, (_, pixels) =>
      write.constant(
        [1, 1, down.size, across.size],
        pixels.map((pixel) => (pixel < 0 ? 0 : 1)),
      ),
    );
  }
  const channels = x.shape[1] as number;
  const kernel = [down.kernel, across.kernel];
  const ones = float32([channels, 1, ...kernel], new Float32Array(channels * down.kernel * across.kernel).fill(1));
  const form = {
    strides: [down.stride, across.stride],
    dilations: [1, 1],
    padding: [down.padding, across.padding],
    group: channels,
  } as const;
  return transposedConv(write, shared, ones, form, [down.size, across.size]);
}
