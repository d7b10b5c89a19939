import type { EngineTensor } from '../engine/engine.js';
import type { ValueId } from '../network/graph.js';
import { sizeOf, type Tensor } from '../tensor.js';
import type { FillReach, FillValues } from './fill.js';
import type { CompiledLesion, TappedNetwork } from './tapped-network.js';

/** One condition as a run needs it: what to remove at which value, and with what. */
export interface PreparedEdit {
  readonly value: ValueId;
  readonly channels: readonly number[];
  readonly fill: FillValues;
}

/** Rows of one run: every condition on every image of a range of the tile; condition-major. */
export interface LesionRows {
  readonly conditions: readonly (readonly PreparedEdit[])[];
  /** Images [from, to) of the tile that the live values hold, and the tile's first image within the chunk. */
  readonly from: number;
  readonly to: number;
  readonly tileStart: number;
}

const widest = (reaches: readonly FillReach[]): FillReach =>
  reaches.includes('image') ? 'image' : reaches.includes('position') ? 'position' : 'channel';

/** Runs one lesion program on live values of the intact network. Resolves to outputs [rows × classes] on the host. */
export async function runLesions(
  network: TappedNetwork,
  lesion: CompiledLesion,
  live: ReadonlyMap<ValueId, Tensor>,
  rows: LesionRows,
  signal?: AbortSignal,
): Promise<Float32Array> {
  const images = rows.to - rows.from;
  const count = rows.conditions.length;
  const feeds = new Map<string, EngineTensor>();
  const feed = (name: string, tensor: Tensor): void => void feeds.set(name, network.engine.upload(tensor));
  for (const [value, tensor] of live) feed(value, imagesOf(tensor, rows.from, rows.to));
  if (lesion.replicate)
    feed(lesion.replicate, { dtype: 'float32', shape: [count, 1, 1], data: new Float32Array(count) });
  lesion.edits.forEach((edit, order) => {
    const shape = network.graph.shapes.get(edit.value) as readonly number[];
    const tensors = editFeeds(edit.value, shape.slice(1), rows, order === 0);
    feed(edit.keep, tensors.keep);
    feed(edit.shift, tensors.shift);
  });
  const wanted = new Map(lesion.program.feeds.map(({ name }) => [name, feeds.get(name) as EngineTensor]));
  const fetched = await lesion.program.run(wanted, signal ? { signal } : {});
  const output = fetched.values().next().value as EngineTensor;
  const data = (await output.read()).data as Float32Array;
  for (const tensor of fetched.values()) tensor.dispose();
  for (const tensor of feeds.values()) tensor.dispose();
  if (data.length !== count * images * network.classes) {
    throw new RangeError(`lesion program gave ${data.length} outputs for ${count} conditions on ${images} images`);
  }
  return data;
}

function imagesOf(tensor: Tensor, from: number, to: number): Tensor {
  const row = sizeOf(tensor.shape.slice(1));
  return {
    ...tensor,
    shape: [to - from, ...tensor.shape.slice(1)],
    data: tensor.data.subarray(from * row, to * row),
  };
}

/**
 * Keep and shift of one edited value. At the first one a condition stands on an axis of its own and is spread over its
 * images by broadcasting; at later ones each row has its own entry.
 */
function editFeeds(
  value: ValueId,
  map: readonly number[],
  rows: LesionRows,
  first: boolean,
): { readonly keep: Tensor<'bool'>; readonly shift: Tensor<'float32'> } {
  const channels = map[0] as number;
  const images = rows.to - rows.from;
  const edits = rows.conditions.map((condition) => condition.filter((edit) => edit.value === value));
  const reach = widest(edits.flat().map((edit) => edit.fill.reach));
  const space = map.slice(1);
  const positions = reach === 'channel' ? 1 : sizeOf(space);
  const spatial = reach === 'channel' ? space.map(() => 1) : space;
  const ones = space.map(() => 1);
  const perCondition = first && reach !== 'image' ? 1 : images;
  const entries = edits.length * perCondition;
  const keepEntries = edits.length * (first ? 1 : images);
  const keep = new Uint8Array(keepEntries * channels).fill(1);
  const shift = new Float32Array(entries * channels * positions);
  edits.forEach((list, c) => {
    for (const edit of list) {
      for (const channel of edit.channels) {
        const keeps = first ? 1 : images;
        for (let i = 0; i < keeps; i++) keep[(c * keeps + i) * channels + channel] = 0;
        for (let i = 0; i < perCondition; i++) {
          const values = edit.fill.values(channel, rows.tileStart + rows.from + i);
          const start = ((c * perCondition + i) * channels + channel) * positions;
          if (values.length === 1) shift.fill(values[0] as number, start, start + positions);
          else shift.set(values, start);
        }
      }
    }
  });
  const lead = first ? [edits.length, perCondition] : [edits.length * images];
  return {
    keep: {
      dtype: 'bool',
      shape: [...(first ? [edits.length, 1] : [edits.length * images]), channels, ...ones],
      data: keep,
    },
    shift: { dtype: 'float32', shape: [...lead, channels, ...spatial], data: shift },
  };
}
