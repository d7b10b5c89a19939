import { evaluateGraph, openReference } from '../../core/engine/reference.js';
import { anatomyOf } from '../../core/anatomy/anatomy.js';
import { buildGraph } from '../../core/network/build.js';
import type { Graph, ValueId } from '../../core/network/graph.js';
import type { ImpulseGroup } from '../../core/plan/impulses.js';
import type { LesionStep } from '../../core/probe/lesion-path.js';
import type { ResponseContext } from '../../core/probe/response-batch.js';
import { InstrumentedNetwork } from '../../core/probe/instrumented-network.js';
import { randomStream } from '../../core/random.js';
import { float32, sizeOf, type Tensor } from '../../core/tensor.js';

/** A network on the reference engine, whose floats are the same everywhere. */
export async function tapSmall(graph: Graph): Promise<InstrumentedNetwork> {
  return new InstrumentedNetwork(graph, anatomyOf(graph, { after: 'activation' }), await openReference());
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

/** What the whole network gives with each edit as a constant of all images. */
export function editedWhole(
  { graph: given, output }: InstrumentedNetwork,
  input: Tensor<'float32'>,
  steps: readonly LesionStep[],
): Float32Array {
  const images = input.shape[0] as number;
  let graph = given;
  for (const { value, channels, fill } of steps.flatMap(({ edits }) => edits)) {
    const shape = [images, ...(graph.shapes.get(value) as readonly number[]).slice(1)];
    const [count, positions] = [shape[1] as number, sizeOf(shape.slice(2))];
    const instead = float32(shape, new Float32Array(sizeOf(shape)));
    for (let image = 0; image < images; image++)
      for (const channel of channels) {
        const at = (image * count + channel) * positions;
        const values = fill.values(channel, image);
        for (let i = 0; i < positions; i++) instead.data[at + i] = values[values.length === 1 ? 0 : i] as number;
      }
    const keep = Uint8Array.from({ length: count }, (_, c) => (channels.includes(c) ? 0 : 1));
    const constants = new Map([
      ...graph.constants,
      [`${value}!instead`, instead] as const,
      [`${value}!keep`, { dtype: 'bool', shape: [1, count, 1, 1], data: keep } as const] as const,
    ]);
    const nodes = graph.nodes.flatMap((node) => {
      const own = { ...node, inputs: node.inputs.map((id) => (id === value ? `${value}!edited` : id)) };
      const inputs = [`${value}!keep`, value, `${value}!instead`];
      const edit = { id: `${value}!edit`, op: 'Where' as const, inputs, outputs: [`${value}!edited`] };
      return node.outputs.includes(value) ? [own, edit] : [own];
    });
    graph = buildGraph({ ...graph, nodes, constants });
  }
  return wholeRun(graph, input, [output]).get(output)?.data as Float32Array;
}

export const groupOf = (more: Partial<ImpulseGroup>): ImpulseGroup => ({
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
