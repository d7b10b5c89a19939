import type { ValueId } from '../network/graph.js';
import { sizeOf, type Tensor } from '../tensor.js';
import type { FillReach, FillValues } from './fill-values.js';

/** One condition as a run needs it: what to remove at which value, and with what. */
export interface PreparedEdit {
  readonly value: ValueId;
  readonly channels: readonly number[];
  readonly fill: FillValues;
}

/** Edits where a value stands, whose first image is number `start` of the chunk: those that follow from it know it now. */
export function standing(edits: readonly PreparedEdit[], activation: Tensor, start: number): readonly PreparedEdit[] {
  return edits.map((edit) => (edit.fill.on ? { ...edit, fill: edit.fill.on(activation, start) } : edit));
}

/** Rows of one run: what each condition removes at the cut, on every image of a range of the tile; condition-major. */
export interface LesionRows {
  readonly edits: readonly (readonly PreparedEdit[])[];
  /** Images [from, to) of the tile that the live values hold, and the tile's first image within the chunk. */
  readonly from: number;
  readonly to: number;
  readonly tileStart: number;
}

const widest = (reaches: readonly FillReach[]): FillReach =>
  reaches.includes('image') ? 'image' : reaches.includes('position') ? 'position' : 'channel';

/** [conditions, 1, C, 1, …]: false where a channel is removed. */
export function keepOf(map: readonly number[], edits: LesionRows['edits']): Tensor<'bool'> {
  const channels = map[0] as number;
  const data = new Uint8Array(edits.length * channels).fill(1);
  edits.forEach((list, c) => {
    for (const channel of list.flatMap((edit) => edit.channels)) data[c * channels + channel] = 0;
  });
  return { dtype: 'bool', shape: [edits.length, 1, channels, ...map.slice(1).map(() => 1)], data };
}

/** [conditions, 1 | images, C, 1 | H, 1 | W]: what stands where a channel is removed. */
export function shiftOf(map: readonly number[], rows: LesionRows): Tensor<'float32'> {
  const { edits } = rows;
  const channels = map[0] as number;
  const reach = widest(edits.flat().map((edit) => edit.fill.reach));
  const space = map.slice(1);
  const spatial = reach === 'channel' ? space.map(() => 1) : space;
  const positions = sizeOf(spatial);
  const images = reach === 'image' ? rows.to - rows.from : 1;
  const data = new Float32Array(edits.length * images * channels * positions);
  edits.forEach((list, c) => {
    for (let i = 0; i < images; i++) {
      const plane = data.subarray((c * images + i) * channels * positions, (c * images + i + 1) * channels * positions);
      for (const edit of list) writeFill(plane, positions, edit, rows.tileStart + rows.from + i);
    }
  });
  return { dtype: 'float32', shape: [edits.length, images, channels, ...spatial], data };
}

/** Writes what an edit puts in place of its channels into the planes of one image, [C, positions]. */
function writeFill(planes: Float32Array, positions: number, edit: PreparedEdit, image: number): void {
  for (const channel of edit.channels) {
    const values = edit.fill.values(channel, image);
    const from = channel * positions;
    if (values.length === 1) planes.fill(values[0] as number, from, from + positions);
    else planes.set(values, from);
  }
}

/** A copy of a value [images, C, H, W] with edits written into it; `start` is its first image within the chunk. */
export function edited(tensor: Tensor, edits: readonly PreparedEdit[], start: number): Tensor<'float32'> {
  const positions = sizeOf(tensor.shape.slice(2));
  const here = standing(edits, tensor, start);
  const data = Float32Array.from(tensor.data as Float32Array);
  const row = (tensor.shape[1] as number) * positions;
  for (let i = 0; i < (tensor.shape[0] as number); i++) {
    const planes = data.subarray(i * row, (i + 1) * row);
    for (const edit of here) writeFill(planes, positions, edit, start + i);
  }
  return { dtype: 'float32', shape: tensor.shape, data };
}
