import { exampleGrams } from '../../probe/example-grams.js';
import { predictions } from '../../probe/metrics.js';
import type { ReferenceSet } from '../../probe/reference-set.js';
import type { InstrumentedNetwork } from '../../probe/instrumented-network.js';
import type { OutputSpec } from '../../spec/study-spec.js';
import type { Tensor } from '../../tensor.js';

/**
 * Statistics of every site over the reference images, float64 by channel: `mean/<site>`, `std/<site>`; and what the intact network
 * predicts on them: `predicted`. And of the first of them, inner products of the activations of every two: `examples/<site>`.
 */
export async function profileTensors(
  network: InstrumentedNetwork,
  reference: ReferenceSet,
  output: OutputSpec,
): Promise<ReadonlyMap<string, Tensor>> {
  const statistics = await reference.statistics();
  const tensors = new Map<string, Tensor>();
  for (const site of network.anatomy.sites) {
    const known = statistics.get(site.value);
    if (!known) continue;
    for (const name of ['mean', 'std', 'low', 'high'] as const) {
      tensors.set(`${name}/${site.name}`, { dtype: 'float64', shape: [site.channels], data: known[name] });
    }
  }
  for (const [site, gram] of await exampleGrams(network, reference.images))
    tensors.set(`examples/${site}`, { dtype: 'float64', shape: [gram.length], data: gram });
  const data = predictions(await reference.outputs(), network.classes, output);
  return tensors.set('predicted', { dtype: 'uint16', shape: [data.length], data });
}
