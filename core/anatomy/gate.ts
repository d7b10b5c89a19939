import { keepsChannels, type Dataflow } from './dataflow.js';
import type { ValueId } from '../network/graph.js';
import { elementsPerImage } from '../network/operators/layout.js';
import type { Gate } from './site.js';

interface PlacedLayer {
  readonly name: string;
  /** Where its kernels are cut. */
  readonly value: ValueId;
}

/**
 * Layers whose channels are multiplied by those of another one. The gate is the smaller of the two operands, one number a
 * channel in squeeze and excite; of equal operands the one computed later.
 */
export function gatesOf(flow: Dataflow, layers: readonly PlacedLayer[]): readonly Gate[] {
  const layerAt = new Map(layers.map((layer) => [layer.value, layer.name]));
  const gates: Gate[] = [];
  for (const facts of flow.nodes) {
    if (facts.role !== 'product' || facts.sources === 'mixed' || flow.composed.nodes.has(facts)) continue;
    const size = (value: ValueId): number => elementsPerImage(flow.graph.shapes.get(value) ?? []);
    const place = (value: ValueId): number => flow.producer.get(value)?.position ?? -1;
    const operands = [...facts.activations].sort((a, b) => size(b) - size(a) || place(a) - place(b));
    const [gated, ...others] = operands.map((value) => layerBehind(flow, layerAt, value));
    for (const gate of others) if (gated !== undefined && gate !== undefined) gates.push({ gated, gate });
  }
  return gates;
}

/** The layer whose channels a value still holds, one to one. */
function layerBehind(flow: Dataflow, layerAt: ReadonlyMap<ValueId, string>, value: ValueId): string | undefined {
  for (let at = value; ;) {
    const layer = layerAt.get(at);
    if (layer !== undefined) return layer;
    const producer = flow.producer.get(at);
    const composed = producer && flow.composed.byEnd.get(producer);
    if (!producer || (!composed && (producer.role === 'convolution' || !keepsChannels(flow, producer))))
      return undefined;
    at = composed?.start ?? (producer.activations[0] as ValueId);
  }
}
