import { expect, test } from 'vitest';
import { randomImages, randomNetwork } from '../../bench/random-networks.js';
import { kernelOf, type Lesion } from '../../bench/sweep.js';
import { runLesionsOn, tapped } from '../../bench/instrumented-subject.js';
import { openOnnxruntime } from '../../core/engine/onnxruntime.js';
import { weightBytes } from '../../core/network/cost.js';
import { weighedEngine } from './weighed-engine.js';

// bench:memory allows twice the weights: once as the graph, once in programs. What programs of cuts hold besides comes from
// its allowance for activations, and so must stay a part of the weights, however many cuts there are.
test.each(['resnet18', 'resnet50'] as const)(
  'programs for a kernel of every layer of %s, and for pairs, hold its weights once and half of them again; for many together, once more',
  async (name) => {
    const graph = randomNetwork(name);
    const { engine, held } = weighedEngine(await openOnnxruntime());
    const network = tapped(graph, engine);
    const kernels = network.anatomy.layers.map(({ site }) => kernelOf(site, 1));
    const every = (step: number): Lesion => ({
      cuts: kernels.filter((_, i) => i % step === 0).flatMap(({ cuts }) => cuts),
    });
    const pair = every(Math.ceil(kernels.length / 2));
    const subject = { network, images: randomImages(1), labels: new Uint16Array(1) };
    const { idle } = await runLesionsOn(subject, [...kernels, pair]);
    expect(idle).toBeLessThan(kernels.length / 8);
    expect(held().most).toBeGreaterThan(weightBytes(graph));
    expect(held().most).toBeLessThan(1.5 * weightBytes(graph));
    await runLesionsOn(subject, [every(8)]);
    expect(held().most).toBeGreaterThan(1.5 * weightBytes(graph));
    expect(held().most).toBeLessThan(2.5 * weightBytes(graph));
    await network.close();
    expect(held().now).toBe(0);
    await engine.close();
  },
);
