import { expect, test } from 'vitest';
import { openEngine } from '../../core/engine/open.js';
import { buildGraph } from '../../core/network/build.js';
import type { DeltaConv } from '../../core/probe/delta-convolution.js';
import { DYNAMIC } from '../../core/network/graph.js';
import { unfolded } from '../../core/probe/unfold.js';
import { float32, sizeOf } from '../../core/tensor.js';

const whole = (shape: readonly number[]) =>
  float32(
    shape,
    Float32Array.from({ length: sizeOf(shape) }, (_, i) => ((i * 37) % 19) - 9),
  );

const windows = [
  ['one tap', [1, 1], { strides: [1, 1], dilations: [1, 1], pads: [0, 0, 0, 0] }],
  ['one tap at every second position', [1, 1], { strides: [2, 2], dilations: [1, 1], pads: [0, 0, 0, 0] }],
  ['as many positions as before', [3, 3], { strides: [1, 1], dilations: [1, 1], pads: [1, 1, 1, 1] }],
  ['oblong, strided, dilated, unevenly padded', [3, 2], { strides: [2, 1], dilations: [1, 3], pads: [1, 0, 2, 2] }],
] as const;

for (const engineName of ['reference', 'onnxruntime'] as const) {
  test.each(windows)(`weights times unfolded windows are the convolution on ${engineName}: %s`, async (...given) => {
    const [, window, attributes] = given;
    const [channel, weights] = [whole([3, 1, 9, 7]), whole([4, 1, ...window])];
    const graph = buildGraph({
      name: 'convolution',
      inputs: [{ id: 'x', shape: [DYNAMIC, 1, 9, 7], dtype: 'float32' }],
      outputs: ['y'],
      nodes: [{ id: 'conv', op: 'Conv', inputs: ['x', 'w'], outputs: ['y'], attributes: { ...attributes, group: 1 } }],
      constants: new Map([['w', weights]]),
    });
    const [node] = graph.nodes;
    const { nodes, output } = unfolded(graph, { node, input: 'x', output: 'y', weights } as DeltaConv, 'difference');
    const product = buildGraph({
      name: 'product',
      inputs: [{ id: 'difference', shape: [DYNAMIC, DYNAMIC, 9, 7], dtype: 'float32' }],
      outputs: ['y'],
      nodes: [...nodes, { id: 'product', op: 'MatMul', inputs: ['flat', output], outputs: ['y'] }],
      constants: new Map([['flat', float32([1, 1, 4, sizeOf(window)], weights.data)]]),
    });
    const engine = await openEngine({ engine: engineName, precision: 'float32', device: 'cpu' }, { threads: 1 });
    const run = async (of: typeof graph, name: string, shape: readonly number[]) => {
      const program = await engine.compile(of);
      const fetched = await program.run(new Map([[name, engine.upload(float32(shape, channel.data))]]));
      return (await fetched.get('y')?.read())?.data;
    };
    expect(await run(product, 'difference', [1, 3, 9, 7])).toEqual(await run(graph, 'x', [3, 1, 9, 7]));
    await engine.close();
  });
}
