import * as tf from '@tensorflow/tfjs-core';
import { describe, expect, test } from 'vitest';
import type { EngineTensor } from '../../core/engine/engine.js';
import { evaluateGraph } from '../../core/engine/reference.js';
import { openEngine } from '../../core/engine/open.js';
import { buildGraph } from '../../core/network/build.js';
import { DYNAMIC } from '../../core/network/graph.js';
import type { Tensor } from '../../core/tensor.js';
import { expectClose, numbersOf, runOnce } from './agreement.js';
import { noise } from './conformance-case.js';
import { engineConformance } from './conformance.js';
import { tfjsJs, tfjsWasm } from './engines.js';
import { rowCases, unlikeAlone } from './row-cases.js';
import { tfjsMemory } from './tfjs-memory.js';

const convolution = buildGraph({
  name: 'convolution',
  inputs: [{ id: 'x', shape: [DYNAMIC, 3, 6, 6], dtype: 'float32' }],
  outputs: ['y'],
  nodes: [
    {
      id: 'conv',
      op: 'Conv',
      inputs: ['x', 'w'],
      outputs: ['y'],
      attributes: { strides: [1, 1], pads: [1, 1, 1, 1], dilations: [1, 1], group: 1 },
    },
  ],
  constants: new Map([['w', noise('w', [3, 3, 3, 3])]]),
});

const meanOfAll = buildGraph({
  name: 'mean of all',
  inputs: [{ id: 'x', shape: [DYNAMIC, 3, 6, 6], dtype: 'float32' }],
  outputs: ['m'],
  nodes: [
    { id: 'mean', op: 'ReduceMean', inputs: ['x'], outputs: ['m'], attributes: { axes: [1, 2, 3], keepdims: 0 } },
  ],
  constants: new Map(),
});

for (const { name, open, options } of [tfjsWasm, tfjsJs]) {
  engineConformance(name, open, options);

  describe(name, () => {
    tfjsMemory(open);

    // Plain JavaScript computes element by element.
    test.skipIf(name === tfjsJs.name)('gives a row the same bits whatever its neighbours and its place', async () => {
      const engine = await open();
      const cases = rowCases();
      for (const one of cases) expect([one.name, await unlikeAlone(engine, one)]).toEqual([one.name, []]);
    });
  });
}

describe('tfjs', () => {
  test('keeps what it computed on the device, in the order in which convolutions left it, from program to program', async () => {
    const engine = await tfjsWasm.open();
    const program = await engine.compile(convolution);
    const x = engine.upload(noise('x', [2, 3, 6, 6]));
    const transposes = async (fed: EngineTensor): Promise<{ found: number; y: EngineTensor }> => {
      let y: EngineTensor | undefined;
      const { kernels } = await tf.profile(async () => {
        y = (await program.run(new Map([['x', fed]]))).get('y');
      });
      if (!y) expect.fail('no output');
      return { found: kernels.filter(({ name }) => name === 'Transpose').length, y };
    };
    const { found, y: once } = await transposes(x);
    expect([found, once.shape, once.bytes]).toEqual([1, [2, 3, 6, 6], 4 * 2 * 3 * 36]);
    const again = await transposes(once);
    expect(again.found).toBe(0);
    const twice = evaluateGraph(convolution, new Map([['x', await once.read()]])).get('y');
    if (!twice) expect.fail('no output');
    expectClose(await again.y.read(), twice, 1e-5);
  });

  test('gives the same bits whether a value lies on the device or is fed from the host', async () => {
    const engine = await tfjsWasm.open();
    const [program, mean] = await Promise.all([convolution, meanOfAll].map((graph) => engine.compile(graph)));
    if (!program || !mean) expect.fail('no program');
    const y = (await program.run(new Map([['x', engine.upload(noise('x', [7, 3, 6, 6]))]]))).get('y');
    if (!y) expect.fail('no output');
    const means = async (fed: EngineTensor): Promise<number[]> =>
      numbersOf((await (await mean.run(new Map([['x', fed]]))).get('m')?.read()) as Tensor);
    expect(await means(y)).toEqual(await means(engine.upload(await y.read())));
  });

  test('on several devices in one process: each computes on its own', async () => {
    const [wasm, js] = [await tfjsWasm.open(), await tfjsJs.open()];
    const x = noise('x', [2, 3, 6, 6]);
    const expected = evaluateGraph(convolution, new Map([['x', x]])).get('y');
    const [fromWasm, fromJs] = await Promise.all(
      [wasm, js].map(async (engine) => (await runOnce(engine, convolution, new Map([['x', x]]))).get('y')),
    );
    if (!expected || !fromWasm || !fromJs) expect.fail('no output');
    for (const got of [fromWasm, fromJs]) expectClose(got, expected, 1e-5);
    expect(numbersOf(fromWasm)).not.toEqual(numbersOf(fromJs));
    const program = await js.compile(convolution);
    await expect(program.run(new Map([['x', wasm.upload(x)]]))).rejects.toMatchObject({
      code: 'ENGINE_FAILED',
      message: expect.stringMatching(/convolution.*"x" belongs to another engine/),
    });
  });

  test('says in its provenance which release computed where', async () => {
    const [wasm, js] = [await tfjsWasm.open(), await tfjsJs.open()];
    expect(wasm.mode).toEqual({ engine: 'tfjs', precision: 'float32', device: 'wasm' });
    expect(wasm.provenance).toMatchObject({ engine: 'tfjs', version: '4.22.0', device: 'wasm' });
    expect(wasm.provenance.processor).toMatch(/^(x64|arm64) \S/);
    expect(js.provenance).toMatchObject({ device: 'js', processor: `node ${process.versions.node}` });
  });

  test('without a native library is refused on cpu and cuda, with the way out', async () => {
    for (const device of ['cpu', 'cuda'] as const) {
      await expect(openEngine({ engine: 'tfjs', precision: 'float32', device })).rejects.toMatchObject({
        code: 'ENGINE_UNAVAILABLE',
        message: expect.stringMatching(/wasm needs no set-up/),
      });
    }
  });
});
