import type { DeltaPassage, DeltaConv } from './delta-convolution.js';
import type { Graph, ValueId } from '../network/graph.js';
import { operatorOf } from '../network/operators/table.js';
import { float32, sizeOf, type Tensor } from '../tensor.js';
import type { PreparedEdit } from './selection.js';

/** Conditions that change one channel of one value each, on a range of images. */
export interface DeltaRows {
  readonly value: ValueId;
  readonly edits: readonly PreparedEdit[];
  readonly images: number;
  /** First image, within the chunk. */
  readonly start: number;
}

/** The changed channels themselves, condition by condition and image by image, as far as the change stays in its channel. */
export class ChangedChannels {
  readonly #graph: Graph;
  readonly #intact: ReadonlyMap<ValueId, Tensor>;
  readonly #rows: DeltaRows;
  /** [conditions · images, 1, H, W] */
  readonly #changed = new Map<ValueId, Tensor<'float32'>>();

  /** @param intact values [images, C, H, W] before the edit: of the cut, and `delta.intact`. */
  constructor(graph: Graph, delta: DeltaPassage, intact: ReadonlyMap<ValueId, Tensor>, rows: DeltaRows) {
    this.#graph = graph;
    this.#intact = intact;
    this.#rows = rows;
    this.#changed.set(rows.value, this.#filled());
    for (const node of delta.narrow) {
      const inputs = node.inputs.map((id) =>
        id === '' ? undefined : (this.#changed.get(id) ?? graph.constants.get(id) ?? this.#gathered(id)),
      );
      const [output] = operatorOf(node).evaluate(node, inputs);
      this.#changed.set(node.outputs[0] as ValueId, output as Tensor<'float32'>);
    }
  }

  /** [conditions, images, 1, H, W] */
  channel(value: ValueId): Tensor<'float32'> {
    const { shape, data } = this.#changed.get(value) as Tensor<'float32'>;
    return float32([this.#rows.edits.length, this.#rows.images, ...shape.slice(1)], data);
  }

  /** Weights of the changed channel, [conditions, 1, kernels, taps]. */
  weights({ weights }: DeltaConv): Tensor<'float32'> {
    const [kernels, channels, ...window] = weights.shape as [number, number, ...number[]];
    const taps = sizeOf(window);
    const { edits } = this.#rows;
    const data = new Float32Array(edits.length * kernels * taps);
    edits.forEach((edit, c) => {
      const channel = edit.channels[0] as number;
      for (let k = 0; k < kernels; k++) {
        const from = (k * channels + channel) * taps;
        data.set(weights.data.subarray(from, from + taps), (c * kernels + k) * taps);
      }
    });
    return float32([edits.length, 1, kernels, taps], data);
  }

  /** Of the channel that a convolution reads, changed less intact, [conditions, images, H, W]. */
  difference({ input }: DeltaConv): Tensor<'float32'> {
    const { shape, data } = this.#changed.get(input) as Tensor<'float32'>;
    const before = this.#gathered(input).data;
    const difference = new Float32Array(data.length);
    for (let i = 0; i < data.length; i++) difference[i] = (data[i] as number) - (before[i] as number);
    return float32([this.#rows.edits.length, this.#rows.images, ...shape.slice(2)], difference);
  }

  #filled(): Tensor<'float32'> {
    const { value, edits, images, start } = this.#rows;
    const space = (this.#graph.shapes.get(value) as readonly number[]).slice(2);
    const positions = sizeOf(space);
    const data = new Float32Array(edits.length * images * positions);
    edits.forEach((edit, c) => {
      for (let i = 0; i < images; i++) {
        const fill = edit.fill.values(edit.channels[0] as number, start + i);
        const from = (c * images + i) * positions;
        if (fill.length === 1) data.fill(fill[0] as number, from, from + positions);
        else data.set(fill, from);
      }
    });
    return float32([edits.length * images, 1, ...space], data);
  }

  /** Each condition's channel of a value before the edit. */
  #gathered(value: ValueId): Tensor<'float32'> {
    const { data, shape } = this.#intact.get(value) as Tensor<'float32'>;
    const { edits, images } = this.#rows;
    const [, channels, ...space] = shape as [number, number, ...number[]];
    const positions = sizeOf(space);
    const gathered = new Float32Array(edits.length * images * positions);
    edits.forEach((edit, c) => {
      for (let i = 0; i < images; i++) {
        const from = (i * channels + (edit.channels[0] as number)) * positions;
        gathered.set(data.subarray(from, from + positions), (c * images + i) * positions);
      }
    });
    return float32([edits.length * images, 1, ...space], gathered);
  }
}
