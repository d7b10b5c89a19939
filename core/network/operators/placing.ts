import type { Term, TermWriter } from './term.js';

/** Element i of an axis goes to place `shift + stride · i` of one of `size`; what falls outside is left out. */
export interface Spacing {
  readonly axis: number;
  readonly stride: number;
  readonly shift: number;
  readonly size: number;
}

/** Elements set apart along axes, zeros between them: the transpose of taking every so manieth. */
export function spaced(write: TermWriter, term: Term, spacings: readonly Spacing[]): Term {
  const within = spacings.map((spacing) => {
    const { axis, stride, shift, size } = spacing;
    const start = Math.max(0, Math.ceil(-shift / stride));
    const end = Math.min(term.shape[axis] as number, Math.floor((size - 1 - shift) / stride) + 1);
    return { ...spacing, start, first: shift + stride * start, length: Math.max(0, end - start) };
  });
  const inside = write.cut(
    term,
    within.map(({ axis, start, length }) => ({ axis, start, step: 1, length })),
  );
  const apart = within.reduce((wide, { axis, stride }) => withZeros(write, wide, axis, stride), inside);
  // Zeros behind the last element, of which there may be too many.
  const fitted = within.map(({ axis, size, first }) => {
    const extent = apart.shape[axis] as number;
    return { axis, first, length: Math.min(extent, size - first), size };
  });
  const cut = write.cut(
    apart,
    fitted.map(({ axis, length }) => ({ axis, start: 0, step: 1, length })),
  );
  const pads = fitted.map(({ axis, first, length, size }) => [axis, [first, size - first - length]] as const);
  return write.padded(cut, new Map(pads));
}

/** `stride` − 1 zeros behind each element of an axis: added as whole blocks, then turned in. */
function withZeros(write: TermWriter, term: Term, axis: number, stride: number): Term {
  const { shape } = term;
  const length = shape[axis] as number;
  if (stride === 1 || length <= 1) return term;
  const [before, behind] = [shape.slice(0, axis), shape.slice(axis + 1)];
  const blocks = write.padded(
    write.reshaped(term, [...before, 1, length, ...behind]),
    new Map([[axis, [0, stride - 1]]]),
  );
  return write.reshaped(interleaved(write, blocks, axis), [...before, length * stride, ...behind]);
}

/** The axis before another one turned in behind it: [… strides, length …] becomes [… length, strides …]. */
export function interleaved(write: TermWriter, term: Term, axis: number): Term {
  const order = [...term.shape.keys()];
  return write.transposed(term, [...order.slice(0, axis), axis + 1, axis, ...order.slice(axis + 2)]);
}

/**
 * Element i of an axis is added to place `places[i]` of one of `size`, −1: to none: the transpose of picking. Where no place is named
 * twice it is picked from the elements and a zero behind them, else multiplied by a matrix of zeros and ones.
 */
export function scattered(write: TermWriter, term: Term, axis: number, places: readonly number[], size: number): Term {
  const named = places.filter((place) => place >= 0);
  if (new Set(named).size === named.length) {
    const sources = Array.from({ length: size }, (_, place) => places.indexOf(place));
    const padded = sources.includes(-1) ? write.padded(term, new Map([[axis, [0, 1]]])) : term;
    return write.picked(
      padded,
      axis,
      sources.map((i) => (i < 0 ? places.length : i)),
    );
  }
  const matrix = new Float32Array(places.length * size);
  places.forEach((place, i) => void (place >= 0 && (matrix[i * size + place] = 1)));
  const last = term.shape.length - 1;
  const swapped = term.shape.map((_, at) => (at === axis ? last : at === last ? axis : at));
  const turned = axis === last ? term : write.transposed(term, swapped);
  const summed = write.apply('MatMul', [turned, write.constant([places.length, size], matrix)]);
  return axis === last ? summed : write.transposed(summed, swapped);
}
