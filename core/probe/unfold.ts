import type { DeltaConv } from './delta-convolution.js';
import type { Graph, Node, ValueId } from '../network/graph.js';
import { padsOf, pairOf } from '../network/operators/attribute.js';

/** What the windows of a convolution see, as nodes of a program. */
interface Unfolded {
  readonly nodes: readonly Omit<Node, 'path' | 'aliases'>[];
  /** [conditions, images, taps, H'·W'] */
  readonly output: ValueId;
}

/**
 * Unfolds one channel (im2col): of `channel`, [conditions, images, H, W], what each tap of the convolution's window meets at each
 * of its positions. Nothing but moves of values: a part of the padded channel for each tap, one below the other.
 */
export function unfolded(graph: Graph, { node, output, weights }: DeltaConv, channel: ValueId): Unfolded {
  const [rows, columns] = weights.shape.slice(2) as [number, number];
  const [height, width] = (graph.shapes.get(output) as readonly number[]).slice(2) as [number, number];
  const [strideY, strideX] = pairOf(node, 'strides');
  const [dilationY, dilationX] = pairOf(node, 'dilations');
  const pads = padsOf(node);
  const nodes: Omit<Node, 'path' | 'aliases'>[] = [];
  const add = (op: Node['op'], id: string, inputs: readonly ValueId[], attributes: Node['attributes']): ValueId => {
    const result = `${channel}|${id}`;
    nodes.push({ id: `entry:${result}`, op, inputs, outputs: [result], attributes });
    return result;
  };
  const [top, left, bottom, right] = pads;
  const padding = { mode: 'constant', pads: [0, 0, top, left, 0, 0, bottom, right], value: 0 };
  const padded = pads.some((pad) => pad !== 0) ? add('Pad', 'padded', [channel], padding) : channel;
  const taps: ValueId[] = [];
  for (let y = 0; y < rows; y++) {
    for (let x = 0; x < columns; x++) {
      const [startY, startX] = [y * dilationY, x * dilationX];
      const slice = {
        axes: [2, 3],
        starts: [startY, startX],
        ends: [startY + (height - 1) * strideY + 1, startX + (width - 1) * strideX + 1],
        steps: [strideY, strideX],
      };
      taps.push(add('Slice', `tap ${y} ${x}`, [padded], slice));
    }
  }
  const stacked = taps.length === 1 ? (taps[0] as ValueId) : add('Concat', 'taps', taps, { axis: 2 });
  return { nodes, output: add('Reshape', 'windows', [stacked], { shape: [0, 0, taps.length, height * width] }) };
}
