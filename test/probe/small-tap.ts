import { evaluateGraph, openReference } from '../../core/engine/reference.js';
import { anatomyOf } from '../../core/network/anatomy.js';
import { buildGraph } from '../../core/network/build.js';
import type { Graph, ValueId } from '../../core/network/graph.js';
import type { ImpulseGroup } from '../../core/plan/impulses.js';
import type { ResponseContext } from '../../core/probe/response-batch.js';
import { TappedNetwork } from '../../core/probe/tapped-network.js';
import { randomStream } from '../../core/random.js';
import { float32, sizeOf, type Tensor } from '../../core/tensor.js';

/** A network on the reference engine, whose floats are the same everywhere. */
export async function tapSmall(graph: Graph): Promise<TappedNetwork> {
  return new TappedNetwork(graph, anatomyOf(graph, { after: 'activation' }), await openReference());
}

/** Seeded images in [−1, 1), as a network takes them. */
export function seededImages(count: number, channels: number, height: number, width = height): Tensor<'float32'> {
  const shape = [count, channels, height, width];
  const stream = randomStream(11, 'images', ...shape);
  return float32(
    shape,
    Float32Array.from({ length: sizeOf(shape) }, () => 2 * stream.uniform() - 1),
  );
}

/** Values of a whole network, node by node, without any cut: `revise` may change the graph first. */
export function wholeRun(graph: Graph, images: Tensor, values: readonly ValueId[]): Map<ValueId, Tensor<'float32'>> {
  const whole = buildGraph({ ...graph, outputs: values });
  const input = graph.inputs[0] as { id: ValueId };
  return evaluateGraph(whole, new Map([[input.id, images]])) as Map<ValueId, Tensor<'float32'>>;
}

export const groupOf = (more: Partial<ImpulseGroup>): ImpulseGroup => ({
  variant: 'intact',
  at: 'input',
  base: 'normalised-zero',
  channels: [0],
  positions: [[8, 8]],
  amplitudes: { unit: 'input', values: [1, -1] },
  record: [],
  keep: 'responses',
  ...more,
});

export function responseContext(reference: Tensor<'float32'>): ResponseContext {
  const [, channels, height, width] = reference.shape as [number, number, number, number];
  return {
    layout: { shape: [channels, height, width], index: (c, y, x) => (c * height + y) * width + x },
    reference,
    black: Array.from({ length: channels }, () => -1),
  };
}
