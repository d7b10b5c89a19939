import { describe, expect, test } from 'vitest';
import { anatomyOf } from '../../core/anatomy/anatomy.js';
import type { Anatomy } from '../../core/anatomy/site.js';
import { openOnnxruntime } from '../../core/engine/onnxruntime.js';
import { importOnnx } from '../../core/import/onnx/import-onnx.js';
import type { Graph } from '../../core/network/graph.js';
import type { Removals } from '../../core/pruning/constant-channels.js';
import { pruneNetwork } from '../../core/pruning/prune-network.js';
import { randomStream } from '../../core/random.js';
import type { Tensor } from '../../core/tensor.js';
import { expectClose, runOnce } from '../engine/agreement.js';
import { architectureFile, architectureInput, architectures, exporters } from '../import/fixtures/architectures.js';
import { parametersOf, withConstants } from './put-constants.js';

const each = architectures.flatMap((name) => exporters.map((exporter) => [name, exporter] as const));

/** Half of the kernels of every layer and a third of the channels of every stream, each put to the same number or one of its own. */
function randomRemovals(name: string, { layers, sites, streams }: Anatomy, fill: 'zero' | 'mean'): Removals {
  const stream = randomStream(7, 'pruned', name);
  const number = (): number => (fill === 'zero' ? 0 : stream.uniform());
  const valueOf = new Map(sites.map((site) => [site.name, site.value]));
  const removals = new Map<string, Map<number, number>>();
  const put = (site: string, channel: number): void => {
    const value = valueOf.get(site) as string;
    removals.set(value, (removals.get(value) ?? new Map<number, number>()).set(channel, number()));
  };
  for (const { site, kernels } of layers) {
    for (let k = 0; k < kernels; k++) if (stream.uniform() < 0.5) put(site, k);
  }
  for (const { writers } of streams) {
    for (const written of writers)
      if (stream.uniform() < 0.3) for (const { site, channel } of written) put(site, channel);
  }
  return removals;
}

async function outputOf(graph: Graph): Promise<Tensor> {
  const feeds = new Map([[graph.inputs[0]?.id as string, architectureInput()]]);
  return (await runOnce(await openOnnxruntime(), graph, feeds)).get(graph.outputs[0] as string) as Tensor;
}

describe.each(['zero', 'mean'] as const)('a smaller network equals the edited one, channels at %s', (fill) => {
  test.each(each)('%s, by the %s exporter', async (name, exporter) => {
    const graph = importOnnx(name, architectureFile(name, exporter));
    const removals = randomRemovals(name, anatomyOf(graph), fill);
    const smaller = pruneNetwork(graph, removals).graph();
    expectClose(await outputOf(smaller), await outputOf(withConstants(graph, removals)), 1e-5);
    // What normalises over channels, or is dense at every place, keeps all of them.
    if (fill === 'mean' || name.startsWith('convnext')) return;
    expect(parametersOf(smaller)).toBeLessThan(0.8 * parametersOf(graph));
  });
});
