import type { ModelOutline } from '../../plan/outline.js';
import type { ResponseContext } from '../../probe/response-batch.js';
import type { Tensor } from '../../tensor.js';
import { blackPixel, inputLayout } from './input-layout.js';
import type { Tapped } from './tapped-networks.js';

/** What impulses on a network need besides it. */
export function responseContext(
  model: ModelOutline,
  { loaded, reference }: Tapped,
  signal: AbortSignal | undefined,
): ResponseContext {
  return {
    layout: inputLayout(loaded.graph.inputs[0]?.shape ?? [], model.image),
    reference: reference.images as Tensor<'float32'>,
    black: blackPixel(model.model.input, model.image[0] as number),
    ...(signal ? { signal } : {}),
  };
}
