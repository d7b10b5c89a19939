import { describe, expect, test } from 'vitest';
import { architectures, isArchitecture, randomImages, randomNetwork } from '../../bench/random-networks.js';
import type { EngineTensor } from '../../core/engine/engine.js';
import { openOnnxruntime } from '../../core/engine/onnxruntime.js';
import { graphCost } from '../../core/network/cost.js';

// Multiply-accumulates as torchvision states them (GFLOPS of its model tables), to their two places.
const published = { resnet18: 1.81, resnet50: 4.09, mobilenet_v2: 0.3, vgg16: 15.47 };

describe.each(Object.keys(architectures).filter(isArchitecture))('%s with random weights', (name) => {
  const graph = randomNetwork(name);

  test('has the published numbers of parameters and multiply-accumulates', () => {
    const { parameters, macs } = graphCost(graph);
    expect(parameters).toBe(architectures[name].parameters);
    expect(macs / 1e9).toBeCloseTo(published[name], 1);
  });

  test('keeps activations at the size of what it is shown', async () => {
    const engine = await openOnnxruntime();
    const program = await engine.compile(graph);
    const fetched = await program.run(new Map([['input', engine.upload(randomImages(1))]]));
    const output = fetched.values().next().value as EngineTensor;
    const data = (await output.read()).data as Float32Array;
    const size = Math.sqrt(data.reduce((sum, x) => sum + x * x, 0) / data.length);
    expect(size).toBeGreaterThan(0.03);
    expect(size).toBeLessThan(30);
    await program.dispose();
    await engine.close();
  });
});
